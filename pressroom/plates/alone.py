"""A report that WeasyPrint prints alone, every row of it.

Plates are proved against it, and designs that no plate can replay are printed so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weasyprint.formatting_structure import boxes

from pressroom.plates.band_markup import MARK
from pressroom.plates.whole_table import PrintedRows

if TYPE_CHECKING:
    from pathlib import Path

    import rust_core
    from pressroom.plates.page import PageDesign
    from pressroom.plates.rendering import Rendering

ControlTotals = dict[str, tuple[int, int | None]]


@dataclass(frozen=True, slots=True)
class Alone:
    """Figures of a written file, named as those of `rust_core.Written`.

    `rows` are those found on the laid-out pages, `control` the totals of the values that went into them.
    """

    rows: int
    bytes: int
    seconds: float
    pages: int
    control: ControlTotals
    warnings: tuple[str, ...] = ()
    sheets: int = 0
    cells: int = 0


def write_alone(
    design: PageDesign, crunched: rust_core.Crunched, path: Path, *, columns: tuple[float, ...] | None = None
) -> Alone:
    """Print the rows in the look of `design` to `path`; takes memory and seconds for each row.

    `columns` are the columns' widths in px; without them WeasyPrint finds its own.
    """
    start = time.perf_counter()
    rows = PrintedRows(crunched)
    rendering = design.whole(rows, columns=columns)
    path.write_bytes(rendering.pdf(range(len(rendering.pages))))
    return Alone(
        rows=_rows_on_pages(rendering),
        bytes=path.stat().st_size,
        seconds=time.perf_counter() - start,
        pages=len(rendering.pages),
        control=rows.control,
    )


def _rows_on_pages(rendering: Rendering) -> int:
    """Rows that the pages show; one that goes on over pages counts once."""
    rows = (
        box
        for page in rendering.pages
        for box in page.descendants()
        if isinstance(box, boxes.TableRowBox) and box.element is not None
    )
    return len(
        {
            row.element
            for row in rows
            if row.element.get(MARK) == "row" and row.style["visibility"] == "visible"
        }
    )
