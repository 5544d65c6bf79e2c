"""Values as cells of a sheet that XlsxWriter writes: summaries, not the rows."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

FIRST_DAY = dt.date(1900, 1, 1)
"""Excel knows no day before it."""
MAX_DIGITS = 15
"""Significant digits that Excel keeps."""
MAX_TEXT = 32_767


def write_value(worksheet: Worksheet, row: int, column: int, value: Any, style: Format | None) -> None:  # noqa: ANN401 - whatever a summary holds
    """Write a value of `Crunched.summary()` as the Rust core would: text is never a formula, NaN is blank."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        worksheet.write_blank(row, column, None, style)
    elif isinstance(value, bool):
        worksheet.write_boolean(row, column, value, style)
    elif isinstance(value, int | float | Decimal):
        if fits(value):
            worksheet.write_number(row, column, value, style)
        else:
            worksheet.write_string(row, column, str(value), style)
    elif isinstance(value, dt.datetime | dt.date):
        day = value.date() if isinstance(value, dt.datetime) else value
        if day >= FIRST_DAY:
            worksheet.write_datetime(row, column, value, style)
        else:
            worksheet.write_string(row, column, value.isoformat(), style)
    elif isinstance(value, dt.time):
        worksheet.write_datetime(row, column, value, style)
    else:
        worksheet.write_string(row, column, str(value)[:MAX_TEXT], style)


def fits(value: float | Decimal) -> bool:
    """Whether Excel keeps every digit: integers and decimals past 15 significant digits do not fit."""
    if isinstance(value, float):
        return True
    digits = "".join(str(d) for d in Decimal(value).as_tuple().digits).strip("0")
    return len(digits) <= MAX_DIGITS


def serial(day: dt.date) -> int:
    """The number that a day is in a cell, from 1 January 1900 on; Excel has a 29 February 1900."""
    return (day - dt.date(1899, 12, 30)).days - (day < dt.date(1900, 3, 1))


def chart_value(value: Any) -> str | float | None:  # noqa: ANN401 - whatever a series holds
    """A value for a chart's cache: numbers as they are, days as serial numbers, everything else as text."""
    if value is None or isinstance(value, bool):
        return None if value is None else str(value)
    if type(value) is dt.date and value >= FIRST_DAY:
        return serial(value)
    if isinstance(value, int | float | Decimal):
        return float(value) if math.isfinite(value) else None
    return str(value)
