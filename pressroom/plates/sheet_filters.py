"""Filters that are on when the workbook opens: criteria for Excel, and for the core that hides the rows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pressroom.errors import DefinitionError, TemplateFailed
from pressroom.plates.sheet_guard import text_literal
from pressroom.plates.sheet_values import FIRST_DAY, serial
from pressroom.rules import Between, Compared, Contains, Empty, condition_to_json, misfit, parse_condition

if TYPE_CHECKING:
    from pressroom.plates.worksheet import Sheet
    from pressroom.rules import Condition, Value


def add_filters(sheet: Sheet) -> list[dict[str, Any]]:
    """Add the criteria of `sheet.filters` to the sheet's filter; returns the plate's filters.

    Raises `DefinitionError` for a condition that the column's values can't meet, and `TemplateFailed` for
    criteria that a design set by itself, whose rows nobody would hide.
    """
    if sheet.worksheet.filter_cols:
        raise TemplateFailed(
            f"sheet {sheet.name!r} has filter criteria of the design's own, which hide no rows",
            hint='sheet.filters[field] = ">= 60" sets the criterion and hides the rows',
        )
    found = []
    for field, text in sheet.filters.items():
        column = sheet.column(field)
        condition = parse_condition(text)
        if wrong := misfit(condition, sheet.types[column]) or _unfit(condition, sheet.types[column]):
            raise DefinitionError(f"report.yaml: columns.{field}.filter: {text}: {wrong}")
        _add_criterion(sheet, column, condition)
        found.append({"column": column, "keep": condition_to_json(condition)})
    return found


def _unfit(condition: Condition, kind: str) -> str | None:
    """What Excel's filters can't do, and rules can."""
    match condition:
        case Contains() if kind != "text":
            return f"it searches texts, and the column holds {kind} values"
        case Compared(_, str(text)) if text.casefold() in ("blanks", "nonblanks"):
            return 'to Excel these are no text: try contains "…"'
        case Compared(_, value) | Between(value, _) if type(value) is dt.date and value < FIRST_DAY:
            return f"{value} is a text to Excel, which has no days before 1900"
    return None


def _add_criterion(sheet: Sheet, column: int, condition: Condition) -> None:
    worksheet = sheet.worksheet
    if not worksheet.autofilter_area:
        _, left, last, right = sheet.body()
        worksheet.autofilter(sheet.header_row, left, last, right)
    match condition:
        case Empty():
            worksheet.filter_column(column, "x == Blanks")
        case Contains(text):
            worksheet.filter_column(column, f"x == {text_literal(f'*{_escaped(text)}*')}")
        case Between(low, high):
            worksheet.filter_column(column, f"x >= {_criterion(low)} and x <= {_criterion(high)}")
        case Compared(sign, value):
            worksheet.filter_column(column, f"x {'==' if sign == '=' else sign} {_criterion(value)}")


def _criterion(value: Value) -> str:
    """A value as XlsxWriter's criteria have it."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.date):
        return str(serial(value))
    if not isinstance(value, str):
        return f"{value:f}"
    return text_literal(_escaped(value))


def _escaped(text: str) -> str:
    """A text in which no character is a wildcard."""
    return "".join(f"~{char}" if char in "~*?" else char for char in text)
