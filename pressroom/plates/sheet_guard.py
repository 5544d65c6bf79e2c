"""Formulas that are true on every row of a sheet but the detail rows.

A conditional format covers the whole body: a range per group would be thousands. So a first rule stops on the
rows of groups, told by what the bands themselves write: their label, or nothing but the group's key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_col_to_name

from pressroom.plates.sheet_styles import RIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pressroom.plates.sheet_bands import Band


def text_literal(text: str) -> str:
    """A text as a formula has it."""
    return '"' + text.replace('"', '""') + '"'


def other_rows(bands: Sequence[Band], types: Sequence[str], row: int) -> str | None:
    """A formula for row number `row` (from 1) that is true on rows of groups; `None` when there are none."""
    tests = {
        test: None
        for band in bands
        if band.kind in ("group_header", "subtotal")
        for test in [_of_band(band, types, row)]
        if test
    }
    if not tests:
        return None
    return next(iter(tests)) if len(tests) == 1 else f"OR({','.join(tests)})"


def _of_band(band: Band, types: Sequence[str], row: int) -> str | None:
    last = len(band.cells) - 1
    filled = [column for column, cell in enumerate(band.cells) if cell]
    if filled == [0] and last > 0:
        return f"COUNTA($B{row}:${xl_col_to_name(last)}{row})=0"
    for column, cell in enumerate(band.cells):
        first = cell[0] if cell else None
        if isinstance(first, dict) and "text" in first:
            at = f"${xl_col_to_name(column)}{row}"
            if types[column] in RIGHT:
                # Its detail cells are numbers: any text is a label.
                return f"ISTEXT({at})"
            label = first["text"][:200]
            return f"LEFT({at},{len(label)})={text_literal(label)}"
    # Totals in every column, no room for a label.
    totals = next((column for column in filled if types[column] in RIGHT), None)
    return None if totals is None else f"_xlfn.ISFORMULA(${xl_col_to_name(totals)}{row})"
