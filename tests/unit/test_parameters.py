"""Parameters: texts and JSON values become the types the SQL binds; every fault is listed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pressroom.definition import ReportDefinition
from pressroom.errors import BadParameters, DefinitionError
from pressroom.parameters import check_parameters, parameter_schema


def definition(**parameters: dict[str, Any]) -> ReportDefinition:
    return ReportDefinition.model_validate(
        {
            "name": "r",
            "title": "R",
            "data": {"sql": "SELECT 1 AS a"},
            "columns": [{"field": "a"}],
            "parameters": parameters,
        }
    )


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("string", "Zürich 東京", "Zürich 東京"),
        ("string", "", ""),
        ("integer", "-12", -12),
        ("integer", 12, 12),
        ("integer", 3.0, 3),
        ("number", "1.5e3", 1500.0),
        ("number", 7, 7),
        ("boolean", "true", True),
        ("boolean", "No", False),
        ("boolean", False, False),
        ("date", "2013-01-31", dt.date(2013, 1, 31)),
        ("date", dt.date(2013, 1, 31), dt.date(2013, 1, 31)),
        ("timestamp", "2013-01-31T08:05:00", dt.datetime(2013, 1, 31, 8, 5)),  # noqa: DTZ001 - a wall clock
        ("timestamp", "2013-01-31", dt.datetime(2013, 1, 31)),  # noqa: DTZ001 - a wall clock
        ("date", None, None),
    ],
)
def test_a_value_comes_in_its_type(kind: str, given: object, value: object) -> None:
    checked = check_parameters(definition(p={"type": kind}), {"p": given})
    assert checked == {"p": value}
    assert type(checked["p"]) is type(value)


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("integer", "1.5", "a whole number"),
        ("integer", 1.5, "a whole number"),
        ("integer", True, "a whole number"),
        ("integer", 2**63, "more than 64 bits"),
        ("number", "nan", "a number"),
        ("number", float("inf"), "a number"),
        ("boolean", "perhaps", "true or false"),
        ("boolean", 1, "true or false"),
        ("date", "31.01.2013", "a date as YYYY-MM-DD"),
        ("date", "2013-02-30", "a date as YYYY-MM-DD"),
        ("date", "20130131", "a date as YYYY-MM-DD"),
        ("timestamp", "tomorrow", "a date and time as YYYY-MM-DDTHH:MM:SS"),
        ("string", 5, "text"),
        ("string", ["a"], "text"),
    ],
)
def test_a_bad_value_names_the_parameter_and_the_form(kind: str, given: object, expected: str) -> None:
    with pytest.raises(BadParameters, match="'since'") as caught:
        check_parameters(definition(since={"type": kind}), {"since": given})
    assert expected in str(caught.value)
    assert [detail.pointer for detail in caught.value.errors] == ["/parameters/since"]


def test_every_fault_is_listed() -> None:
    report = definition(
        a={"type": "integer", "minimum": 1, "maximum": 9},
        b={"type": "string", "enum": ["x", "y"]},
        c={"type": "date", "required": True},
    )
    with pytest.raises(BadParameters) as caught:
        check_parameters(report, {"a": 10, "b": "z", "d": 1})
    assert [d.pointer for d in caught.value.errors] == [f"/parameters/{n}" for n in "dabc"]
    assert "the most is 9" in caught.value.errors[1].detail
    assert "one of: x, y" in caught.value.errors[2].detail
    assert "is required" in caught.value.errors[3].detail


def test_defaults_fill_in_and_are_checked_too() -> None:
    assert check_parameters(definition(p={"type": "date", "default": "2013-01-01"}), {}) == {
        "p": dt.date(2013, 1, 1)
    }
    with pytest.raises(DefinitionError, match=r"parameters\.p\.default: is 'soon'; expected a date"):
        check_parameters(definition(p={"type": "date", "default": "soon"}), {})


def test_the_schema_says_what_check_parameters_takes() -> None:
    schema = parameter_schema(
        definition(
            origin={"type": "string", "enum": ["EWR", "JFK"], "label": "Airport"},
            since={"type": "date", "default": "2013-01-01"},
            n={"type": "integer", "required": True, "minimum": 1},
        )
    )
    assert schema["properties"] == {
        "origin": {
            "type": ["string", "null"],
            "title": "Airport",
            "enum": ["EWR", "JFK", None],
            "default": None,
        },
        "since": {"type": ["string", "null"], "format": "date", "default": "2013-01-01"},
        "n": {"type": "integer", "minimum": 1},
    }
    assert schema["required"] == ["n"]
    assert schema["additionalProperties"] is False
