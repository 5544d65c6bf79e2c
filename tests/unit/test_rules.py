"""The grammar of rules and the templates of links: what is read, and what is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from pydantic import ValidationError

from pressroom.links import Field, parse_link
from pressroom.plates.sheet_rules import formula
from pressroom.rules import Between, Compared, Condition, Contains, Empty, Rule, parse_condition


@pytest.mark.parametrize(
    ("when", "condition", "excel"),
    [
        ("> 100", Compared(">", Decimal(100)), "AND(ISNUMBER(A5),A5>100)"),
        ("<=-0.5", Compared("<=", Decimal("-0.5")), "AND(ISNUMBER(A5),A5<=-0.5)"),
        ('!= "a b"', Compared("!=", "a b"), 'AND(ISTEXT(A5),A5<>"a b")'),
        ("= true", Compared("=", value=True), "AND(ISLOGICAL(A5),A5=TRUE)"),
        (
            ">= 2024-02-29",
            Compared(">=", dt.date(2024, 2, 29)),
            "AND(ISNUMBER(A5),A5>=DATE(2024,2,29))",
        ),
        (
            "between 1 and 2.5",
            Between(Decimal(1), Decimal("2.5")),
            "AND(ISNUMBER(A5),A5>=1,A5<=2.5)",
        ),
        ('contains "50% ~*?"', Contains("50% ~*?"), 'ISNUMBER(SEARCH("50% ~~~*~?",A5))'),
        (" empty ", Empty(), "LEN(A5)=0"),
    ],
)
def test_each_condition_is_read_and_becomes_a_formula(when: str, condition: Condition, excel: str) -> None:
    assert parse_condition(when) == condition
    assert formula(condition, "A5") == excel


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("100", "is no condition: > >= < <= = != value"),
        ("> 1 or < 2", "is no condition"),
        ("=> 1", "is no condition"),
        ("> abc", "is no condition"),
        ('contains ""', "is no condition"),
        ("> 1e5", "is no condition"),
        ("> true", "with = and != only"),
        ("between 1 and 2024-01-01", "both ends must be numbers, dates or texts"),
        ("between 2 and 1", "the first end is the larger one"),
        ("= 2024-02-30", "day is out of range"),
    ],
)
def test_what_is_no_condition_is_refused_with_the_grammar(when: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_condition(when)


def test_a_rule_changes_something() -> None:
    with pytest.raises(ValidationError, match="the rule changes nothing"):
        Rule(when="> 1")
    with pytest.raises(ValidationError, match="String should match pattern"):
        Rule(when="> 1", color="red")
    assert Rule(when="> 1", bold=True).condition == Compared(">", Decimal(1))


def test_a_link_is_read_as_texts_and_fields() -> None:
    assert parse_link("https://example.org:8000/a/{b c}/?q={value}#x") == (
        "https://example.org:8000/a/",
        Field("b c"),
        "/?q=",
        Field("value"),
        "#x",
    )
    assert parse_link("mailto:{value}") == ("mailto:", Field("value"))
    assert parse_link("http://example.org") == ("http://example.org",)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("javascript:alert(1)", "starts with https://host/"),
        ("file:///etc/{x}", "starts with https://host/"),
        ("{value}", "starts with https://host/"),
        ("https://{host}/x", "no field stands in the host"),
        ("https://example.org{x}", "no field stands in the host"),
        ("https://user@example.org/", "starts with https://host/"),
        ("https://example.org/a b", "percent-encoded"),
        ('https://example.org/"', "percent-encoded"),
        ("https://example.org/{a", "without its other half"),
        ("https://example.org/{}", "names no field"),
    ],
)
def test_a_link_that_data_could_lead_elsewhere_is_refused(template: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_link(template)
