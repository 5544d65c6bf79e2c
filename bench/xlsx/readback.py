"""Reading a workbook back: python -m bench.xlsx.readback rows.parquet ledger.xlsx.

A process of its own, after the one that was measured: its million rows must not count anywhere.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from python_calamine import CalamineWorkbook

from bench.dataset import LABELS, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = list(LABELS.values())


def difference(parquet: str, workbook: str) -> str | None:
    """What in the workbook is not as in the dataset, or None: every cell of every row is compared.

    Rows above the header are the design's; a sheet without the header (a contents sheet) holds no rows.
    """
    found = _rows(workbook)
    row = 0
    for row, expected in enumerate(rows_of(parquet), 1):
        cells = next(found, None)
        if cells is None:
            return f"ends before row {row:,}"
        if tuple(cells) != expected:
            return f"row {row:,} is {cells}, not {list(expected)}"
    return None if next(found, None) is None else f"goes on after row {row:,}"


def _rows(path: str) -> Iterator[list[Any]]:
    """The rows below the header of each sheet, numbers as floats."""
    book = CalamineWorkbook.from_path(path)
    for name in book.sheet_names:
        rows = iter(book.get_sheet_by_name(name).iter_rows())
        if any(row == HEAD for row in rows):
            yield from rows


if __name__ == "__main__":
    sys.exit(difference(sys.argv[1], sys.argv[2]))
