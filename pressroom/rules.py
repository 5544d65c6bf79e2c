"""`Rule`: cells that look different when their value says so, in a small grammar that both outputs read.

```
when: "> 100"                  > >= < <= = !=, then a number, "a text", a date (2024-01-31), true or false
when: "between 10 and 20"      both ends belong to it
when: 'contains "late"'        anywhere in a text
when: empty                    no value, or an empty text
```

Texts are compared without regard to case. No value fits none but `empty`; a column of another type than the
rule's is an error once the types are known.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from collections.abc import Callable

Comparison = Literal[">", ">=", "<", "<=", "=", "!="]
Value = Decimal | dt.date | str | bool
Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
"""`#rrggbb`."""

_DATE = r"\d{4}-\d{2}-\d{2}"
_VALUE = rf"""{_DATE}|-?\d+(?:\.\d+)?|"[^"]*"|true|false"""
_COMPARED = re.compile(rf"(>=|<=|!=|>|<|=)\s*({_VALUE})")
_BETWEEN = re.compile(rf"between\s+({_VALUE})\s+and\s+({_VALUE})")
_CONTAINS = re.compile(r'contains\s+"([^"]+)"')
MAX_DIGITS = 15
"""Excel keeps no more digits of a number."""
GRAMMAR = '> >= < <= = != value, between a and b, contains "x", empty'


@dataclass(frozen=True, slots=True)
class Compared:
    """`> 100` and the like."""

    sign: Comparison
    value: Value


@dataclass(frozen=True, slots=True)
class Between:
    """`between a and b`; both belong to it."""

    low: Value
    high: Value


@dataclass(frozen=True, slots=True)
class Contains:
    """`contains "x"`."""

    text: str


@dataclass(frozen=True, slots=True)
class Empty:
    """`empty`."""


Condition = Compared | Between | Contains | Empty


def parse_condition(text: str) -> Condition:
    """Read a `when`; raises `ValueError` that shows the grammar."""
    text = text.strip()
    if text == "empty":
        return Empty()
    if found := _CONTAINS.fullmatch(text):
        return Contains(found[1])
    if found := _COMPARED.fullmatch(text):
        value = _value(found[2])
        if isinstance(value, bool) and found[1] not in ("=", "!="):
            raise ValueError(f"{text!r}: true and false are compared with = and != only")
        return Compared(found[1], value)  # type: ignore[arg-type]  # the pattern names the signs
    if found := _BETWEEN.fullmatch(text):
        low, high = _value(found[1]), _value(found[2])
        if type(low) is not type(high) or isinstance(low, bool):
            raise ValueError(f"{text!r}: both ends must be numbers, dates or texts")
        if not isinstance(low, str) and low > high:  # type: ignore[operator]  # both are of one type
            raise ValueError(f"{text!r}: the first end is the larger one")
        return Between(low, high)
    raise ValueError(f"{text!r} is no condition: {GRAMMAR}; a text stands in double quotes")


def misfit(condition: Condition, kind: str) -> str | None:
    """What a condition asks of a column whose values are of `kind` ("integer", "text", …) and never finds.

    `None` where the two go together. Texts can be searched in whatever a column holds.
    """
    match condition:
        case Between(value, _) | Compared(_, value):
            wanted, kinds = _KINDS[type(value)]
            return (
                None
                if kind in (*kinds, "null")
                else f"it compares with {wanted}, and the column holds {kind} values"
            )
        case _:
            return None


_KINDS: dict[type, tuple[str, tuple[str, ...]]] = {
    bool: ("true or false", ("boolean",)),
    Decimal: ("a number", ("integer", "decimal", "float")),
    dt.date: ("a date", ("date", "timestamp")),
    str: ("a text", ("text",)),
}


def fits(condition: Condition, value: object) -> bool:
    """Whether a value fits, as the core has it; one of another type than the condition's does not."""
    match condition:
        case Empty():
            return value is None or value == ""
        case Contains(part):
            return value is not None and part.casefold() in str(value).casefold()
        case Between(low, high):
            below, above = _order(value, low), _order(value, high)
            return below is not None and above is not None and below >= 0 >= above
        case Compared(sign, operand):
            order = _order(value, operand)
            return order is not None and _SIGNS[sign](order)


_SIGNS: dict[Comparison, Callable[[int], bool]] = {
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
}


def _order(value: object, operand: Value) -> int | None:
    """How a value compares with an operand: negative, 0 or positive; `None` for another type, and for NaN."""
    left: Any = value
    right: Any = operand
    if isinstance(operand, bool) or isinstance(value, bool):
        if not (isinstance(operand, bool) and isinstance(value, bool)):
            return None
    elif isinstance(operand, str):
        if not isinstance(value, str):
            return None
        left, right = value.lower(), operand.lower()
    elif isinstance(operand, Decimal):
        if not isinstance(value, int | float | Decimal):
            return None
        right = float(operand) if isinstance(value, float) else operand
    elif isinstance(value, dt.datetime):
        right = dt.datetime.combine(operand, dt.time(), value.tzinfo)
    elif not isinstance(value, dt.date):
        return None
    return None if left != left else (left > right) - (left < right)


def condition_to_json(condition: Condition) -> str | dict[str, Any]:
    """A condition as the core reads it (`rust_core::condition::Condition`)."""
    match condition:
        case Empty():
            return "empty"
        case Contains(text):
            return {"contains": text}
        case Between(low, high):
            return {"between": [_operand(low), _operand(high)]}
        case Compared(sign, value):
            return {"compared": [sign, _operand(value)]}


def _operand(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, dt.date):
        return {"date": (value - dt.date(1970, 1, 1)).days}
    if isinstance(value, str):
        return {"text": value}
    sign, digits, exponent = value.as_tuple()
    mantissa = int("".join(map(str, digits))) * (-1 if sign else 1)
    return {"number": [mantissa, -int(exponent)]}


def _value(text: str) -> Value:
    if text.startswith('"'):
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(_DATE, text):
        return dt.date.fromisoformat(text)
    if sum(char.isdigit() for char in text) > MAX_DIGITS:
        raise ValueError(f"{text} has more than the {MAX_DIGITS} digits that Excel keeps")
    return Decimal(text)


class Rule(BaseModel):
    """What detail cells look like when their value fits `when`.

    Where several rules of a column fit, the first one that says a property wins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: Annotated[str, Field(min_length=1, max_length=200)]
    color: Color | None = None
    background: Color | None = None
    bold: bool | None = None
    italic: bool | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        parse_condition(self.when)
        if self.color is None and self.background is None and self.bold is None and self.italic is None:
            raise ValueError("the rule changes nothing: color, background, bold or italic")
        return self

    @property
    def condition(self) -> Condition:
        """`when`, read."""
        return parse_condition(self.when)
