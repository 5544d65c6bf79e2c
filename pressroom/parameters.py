"""Parameters: what a job gives, checked against what the report declares, in the types the SQL binds."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any, Final

from pressroom.errors import BadParameters, DefinitionError, Detail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pressroom.definition import Parameter, ParameterValue, ReportDefinition

_EXPECTED: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date as YYYY-MM-DD",
    "timestamp": "a date and time as YYYY-MM-DDTHH:MM:SS",
}
_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NUMBER: Final = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_INT64: Final = range(-(2**63), 2**63)
_JSON_TYPES: Final = {"integer": "integer", "number": "number", "boolean": "boolean"}
_JSON_FORMATS: Final = {"date": "date", "timestamp": "date-time"}


def check_parameters(definition: ReportDefinition, given: Mapping[str, object]) -> dict[str, ParameterValue]:
    """Every declared parameter with its value: the given one in its type, or the default.

    Takes texts (a command line) and JSON values alike. Raises `BadParameters` that lists every fault.
    """
    faults: list[Detail] = []
    values: dict[str, ParameterValue] = {}
    for name in given:
        if name not in definition.parameters:
            known = ", ".join(definition.parameters) or "none"
            faults.append(
                Detail(f"/parameters/{name}", f"unknown parameter {name!r}; the report has: {known}")
            )
    for name, parameter in definition.parameters.items():
        try:
            values[name] = _value(name, parameter, given)
        except _Fault as fault:
            faults.append(Detail(f"/parameters/{name}", f"parameter {name!r} {fault}"))
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise BadParameters(f"{faults[0].detail}{more}", errors=tuple(faults))
    return values


def parameter_schema(definition: ReportDefinition) -> dict[str, Any]:
    """JSON Schema (2020-12) of the report's parameters."""
    properties: dict[str, Any] = {}
    for name, parameter in definition.parameters.items():
        kind = _JSON_TYPES.get(parameter.type, "string")
        entry: dict[str, Any] = {"type": kind if parameter.required else [kind, "null"]}
        if parameter.type in _JSON_FORMATS:
            entry["format"] = _JSON_FORMATS[parameter.type]
        optional = {
            "title": parameter.label,
            "description": parameter.description,
            "minimum": parameter.minimum,
            "maximum": parameter.maximum,
        }
        entry |= {key: value for key, value in optional.items() if value is not None}
        if parameter.enum is not None:
            choices = [_json(value) for value in parameter.enum]
            entry["enum"] = choices if parameter.required or None in choices else [*choices, None]
        if not parameter.required:
            entry["default"] = _json(_default(name, parameter))
        properties[name] = entry
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Parameters of {definition.title}",
        "type": "object",
        "properties": properties,
        "required": [name for name, parameter in definition.parameters.items() if parameter.required],
        "additionalProperties": False,
    }


class _Fault(Exception):
    """What is wrong with a value; the parameter's name goes before it."""


def _value(name: str, parameter: Parameter, given: Mapping[str, object]) -> ParameterValue:
    if name in given:
        return _checked(parameter, given[name])
    if parameter.required:
        raise _Fault("is required")
    return _default(name, parameter)


def _default(name: str, parameter: Parameter) -> ParameterValue:
    try:
        return _checked(parameter, parameter.default)
    except _Fault as fault:
        raise DefinitionError(f"report.yaml: parameters.{name}.default: {fault}") from None


def _checked(parameter: Parameter, value: object) -> ParameterValue:
    if value is None:
        if parameter.required:
            raise _Fault("is required and can't be null")
        return None
    result = _coerced(parameter.type, value)
    choices = parameter.enum
    if choices is not None and result not in [_coerced(parameter.type, c) for c in choices if c is not None]:
        raise _Fault(f"is {value!r}; it must be one of: {', '.join(str(v) for v in choices)}")
    if isinstance(result, int | float) and not isinstance(result, bool):
        if parameter.minimum is not None and result < parameter.minimum:
            raise _Fault(f"is {value}; the least is {parameter.minimum:g}")
        if parameter.maximum is not None and result > parameter.maximum:
            raise _Fault(f"is {value}; the most is {parameter.maximum:g}")
    return result


def _coerced(kind: str, value: object) -> bool | int | float | dt.date | dt.datetime | str:
    result: bool | int | float | dt.date | dt.datetime | str | None = None
    match kind, value:
        case "string", str():
            result = value
        case "boolean", bool():
            result = value
        case "boolean", str():
            result = _TRUTH.get(value.strip().lower())
        case "integer" | "number", bool():
            result = None
        case "integer", int():
            result = value
        case "integer", float() if value.is_integer():
            result = int(value)
        case "integer", str() if re.fullmatch(r"\s*[+-]?[0-9]{1,20}\s*", value):
            result = int(value)
        case "number", int() | float():
            result = value
        case "number", str() if re.fullmatch(
            r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", value
        ):
            result = float(value)
        case "date", dt.datetime():
            result = value.date() if value.time() == dt.time() else None
        case "date", dt.date():
            result = value
        case "date", str():
            result = _date(value)
        case "timestamp", dt.datetime():
            result = value
        case "timestamp", dt.date():
            result = dt.datetime.combine(value, dt.time())
        case "timestamp", str():
            result = _timestamp(value)
    if isinstance(result, float) and not math.isfinite(result):
        result = None
    if result is None:
        raise _Fault(f"is {value!r}; expected {_EXPECTED[kind]}")
    if isinstance(result, int) and result not in _INT64:
        raise _Fault(f"is {value}; it has more than 64 bits")
    return result


def _date(text: str) -> dt.date | None:
    # `fromisoformat` also takes 20130131 and 2013-W05: one form is easier to read in a log.
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip(), re.ASCII):
        return None
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        return None


def _timestamp(text: str) -> dt.datetime | None:
    if not re.match(r"\s*\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return None
    try:
        return dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _json(value: ParameterValue) -> bool | int | float | str | None:
    return value.isoformat() if isinstance(value, dt.date) else value
