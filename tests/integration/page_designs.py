"""Small reports that are drawn twice: by WeasyPrint alone and by a plate."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import rust_core
from pressroom.plates.page import PageDesign
from pressroom.plates.proof import EXPECTED, FOUND, Places, Verdict, compare_drawings, draw_both
from tests.integration.workbook_samples import crunched

DEFINITION = """
name: proof
title: Sales by region
data: {sql: SELECT * FROM dataset}
columns:
  - {field: day, label: Date, format: yyyy-mm-dd}
  - {field: article, label: Article}
  - {field: pieces, label: Pieces, format: "#,##0", total: [sum, avg]}
  - {field: amount, label: Amount, format: "#,##0.00", total: [sum, avg]}
"""
GROUPS = """
groups:
  - {field: region, label: Region}
  - {field: shop, label: Shop}
"""
ROWS = """
SELECT
  ['North', 'South', 'West'][1 + i // 40] AS region,
  ['Oslo', 'Bergen', 'Rome', 'Naples', 'Bari'][1 + (i // 9) % 5] AS shop,
  DATE '2024-01-01' + i::INT AS day,
  ['Lamp', 'Table', 'A remarkably comfortable chair made of oak and leather', 'AVATAR', 'Office desk', NULL]
    [1 + i % 6] AS article,
  CASE WHEN i % 11 = 5 THEN NULL ELSE (i * 7919) % 1400 - 50 END::INT AS pieces,
  (((i * 104729) % 9000017) / 100.0 - 4000)::DECIMAL(12, 2) AS amount
FROM range(110) t(i)
ORDER BY region, shop, day
"""


@dataclass(frozen=True)
class Design:
    """A report: its style sheet, and where it is not the usual one, its page, rows and definition."""

    style: str
    body: str = "{{ table() }}"
    definition: str = DEFINITION + GROUPS
    rows: str = ROWS

    def draw(self, folder: Path, *, own_columns: bool = True) -> Drawn:
        """Both drawings of it in `folder`; WeasyPrint finds the columns' widths, unless told otherwise."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.html").write_text(
            f"<!doctype html><html lang=en><style>{self.style}</style><body>{self.body}</body></html>",
            encoding="utf-8",
        )
        report, plan, rows = crunched(folder, self.definition, self.rows)
        design = PageDesign(report, plan, rows, {})
        control = rust_core.JobControl(2)
        draw_both(design, rows, folder, control, own_columns=own_columns)
        return Drawn(folder, design, rows, Places(design.stored_plate(), plan))


@dataclass(frozen=True)
class Drawn:
    """A report drawn twice."""

    folder: Path
    design: PageDesign
    crunched: rust_core.Crunched
    places: Places

    def verdict(self) -> Verdict:
        """What the comparison says."""
        return compare_drawings(self.folder, self.crunched.rows, self.places)

    def drawn_from(self, layout: str) -> Drawn:
        """The same with the plate's drawing made from another layout."""
        stored = self.design.stored_plate()
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        (folder / EXPECTED).symlink_to(self.folder / EXPECTED)
        plate = rust_core.PagePlate(layout, stored.furniture)
        control = rust_core.JobControl(2)
        pagination = rust_core.paginate(self.crunched, plate, control)
        around = self.design.surroundings(pagination.pages)
        rust_core.write_pdf(self.crunched, plate, pagination, str(folder / FOUND), control, *around)
        return replace(self, folder=folder)
