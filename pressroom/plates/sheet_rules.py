"""Rules, data bars, colour scales, icons and zebra stripes as conditional formats over the detail rows."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import xl_rowcol_to_cell

from pressroom.errors import DefinitionError
from pressroom.plates.sheet_guard import other_rows, text_literal
from pressroom.plates.sheet_styles import TINTS
from pressroom.rules import Between, Compared, Contains, Empty, misfit

if TYPE_CHECKING:
    from pressroom.definition import Show
    from pressroom.plates.worksheet import Sheet
    from pressroom.rules import Condition, Rule, Value

BAR, BAR_NEGATIVE, BAR_AXIS = "#A3BFD9", "#E8A598", "#5B6776"
LOW, MIDDLE, HIGH = "#7FA7CC", "#FFFFFF", "#F0A58F"
PALE = "#F7FAFD"
NUMBERS = ("integer", "decimal", "float")


def add_looks(sheet: Sheet) -> None:
    """Add what `sheet.rules`, `sheet.shows` and `sheet.zebra` ask for.

    Formats that a design added itself come before these, and win. Raises `DefinitionError` for a column
    without numbers that is to show bars, colours or icons, and for a rule that its values can't meet.
    """
    row = sheet.first_row + 1
    guard = other_rows(sheet.bands, sheet.types, row)
    for field in dict.fromkeys([*sheet.rules, *sheet.shows]):
        place = sheet.body(field)
        rules, shown = sheet.rules.get(field, ()), sheet.shown(field)
        if guard and (rules or shown):
            # With a format, though an empty one: without it LibreOffice takes the cell's own look away.
            stop = {
                "type": "formula",
                "criteria": f"={guard}",
                "stop_if_true": True,
                "format": sheet.workbook.add_format({}),
            }
            sheet.worksheet.conditional_format(*place, stop)
        cell = xl_rowcol_to_cell(place[0], place[1], col_abs=True)
        for rule in rules:
            if wrong := misfit(rule.condition, sheet.types[sheet.column(field)]):
                raise DefinitionError(f"report.yaml: columns.{field}.rules: {rule.when}: {wrong}")
            look = {"type": "formula", "criteria": f"={formula(rule.condition, cell)}"}
            sheet.worksheet.conditional_format(*place, look | {"format": sheet.format(_properties(rule))})
        if shown and (drawn := _shown(sheet, field, shown)):
            sheet.worksheet.conditional_format(*place, drawn)
    if sheet.zebra:
        stripe = f"MOD(ROW(),2)={(row + 1) % 2}"
        look = {"type": "formula", "criteria": f"=AND({stripe},NOT({guard}))" if guard else f"={stripe}"}
        sheet.worksheet.conditional_format(
            *sheet.body(), look | {"format": sheet.format({"bg_color": TINTS[-1]})}
        )


def formula(condition: Condition, cell: str) -> str:
    """The condition on `cell` as a formula: no blank counts as 0, no text as a number."""
    match condition:
        case Empty():
            return f"LEN({cell})=0"
        case Contains(text):
            for wild in "~*?":
                text = text.replace(wild, f"~{wild}")
            return f"ISNUMBER(SEARCH({text_literal(text)},{cell}))"
        case Between(low, high):
            return f"AND({_has_type(low, cell)},{cell}>={_literal(low)},{cell}<={_literal(high)})"
        case Compared(sign, value):
            excel = {"!=": "<>"}.get(sign, sign)
            return f"AND({_has_type(value, cell)},{cell}{excel}{_literal(value)})"


def _has_type(value: Value, cell: str) -> str:
    if isinstance(value, bool):
        return f"ISLOGICAL({cell})"
    return f"ISTEXT({cell})" if isinstance(value, str) else f"ISNUMBER({cell})"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.date):
        return f"DATE({value.year},{value.month},{value.day})"
    return text_literal(value) if isinstance(value, str) else f"{value:f}"


def _properties(rule: Rule) -> dict[str, Any]:
    wanted = {
        "font_color": rule.color,
        "bg_color": rule.background,
        "bold": rule.bold,
        "italic": rule.italic,
    }
    return {key: value for key, value in wanted.items() if value is not None}


def _shown(sheet: Sheet, field: str, shown: Show) -> dict[str, Any] | None:
    """A drawn column, scaled by the ends of its detail rows: totals must not dwarf them; `None` if empty."""
    stats = sheet.stats(field)
    if stats["type"] not in NUMBERS and stats["min"] is not None:
        raise DefinitionError(
            f"report.yaml: columns.{field}.show: {shown.kind} needs numbers, and the column holds "
            f"{stats['type']} values"
        )
    low, high = _number(stats["min"]), _number(stats["max"])
    if low is None or high is None:
        return None
    if shown.kind == "data_bar":
        low, high = min(low, 0), max(high, 0) if high > low or high > 0 else 1
    low = low if shown.min is None else shown.min
    # Where one end is given and every value lies beyond it, the other is the same.
    high = max(high, low) if shown.max is None else shown.max
    low = min(low, high)
    ends = {"min_type": "num", "max_type": "num"}
    match shown.kind:
        case "data_bar":
            return ends | {
                "type": "data_bar",
                "data_bar_2010": True,
                "bar_solid": True,
                "bar_color": BAR,
                "bar_negative_color": BAR_NEGATIVE,
                "bar_axis_color": BAR_AXIS,
                "bar_no_border": True,
                "min_value": low,
                "max_value": high,
            }
        case "color_scale" if low < 0 < high:
            colors = {"min_color": LOW, "mid_color": MIDDLE, "max_color": HIGH}
            values = {"min_value": low, "mid_value": 0, "max_value": high}
            return ends | {"type": "3_color_scale", "mid_type": "num"} | colors | values
        case "color_scale":
            colors = {"min_color": PALE, "max_color": LOW}
            return ends | {"type": "2_color_scale", "min_value": low, "max_value": high} | colors
        case "icons":
            third = (high - low) / 3
            steps = [{"criteria": ">=", "type": "number", "value": low + n * third} for n in (2, 1)]
            return {"type": "icon_set", "icon_style": "3_arrows", "icons": steps}


def _number(value: float | Decimal | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else float(value)
