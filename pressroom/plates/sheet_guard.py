"""Formulas that are true on every row of a sheet but the detail rows.

A conditional format covers the whole body: a range per group would be thousands. So a first rule stops on the
rows of groups, told by what the bands themselves write: their label, and nothing in the cells beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import xl_col_to_name

from pressroom.plates.sheet_bands import LIVE
from pressroom.plates.sheet_styles import RIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    """Its label stands where labels stand, and nothing where it has neither label nor total."""
    tests = []
    label = next((column for column, cell in enumerate(band.cells) if _label(cell)), None)
    if label is not None:
        text = _label(band.cells[label])[:200]
        tests.append(f"LEFT(${xl_col_to_name(label)}{row},{len(text)})={text_literal(text)}")
    blank = [column for column, cell in enumerate(band.cells) if not cell]
    tests += [f"COUNTA({place})=0" for place in _runs(blank, row)]
    if not blank and band.total in LIVE:
        # No room beside the totals, or none even for a label: no detail cell but a link is a formula.
        totals = (column for column, cell in enumerate(band.cells) if cell and not _label(cell))
        numbers = (column for column in totals if types[column] in RIGHT)
        tests += [f"_xlfn.ISFORMULA(${xl_col_to_name(column)}{row})" for column in numbers][:1]
    if len(tests) > 1:
        return f"AND({','.join(tests)})"
    return tests[0] if tests else None


def _label(cell: Sequence[Any]) -> str:
    """The fixed text that a cell begins with."""
    first = cell[0] if cell else None
    return str(first.get("text", "")) if isinstance(first, dict) else ""


def _runs(columns: Sequence[int], row: int) -> Iterator[str]:
    """Neighbouring columns as ranges of one row."""
    start = 0
    for end in range(1, len(columns) + 1):
        if end == len(columns) or columns[end] != columns[end - 1] + 1:
            first, last = (f"${xl_col_to_name(columns[at])}{row}" for at in (start, end - 1))
            yield first if first == last else f"{first}:{last}"
            start = end
