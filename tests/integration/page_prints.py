"""Small reports printed as PDF through the Rust core, and what independent readers see in them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pikepdf

import rust_core
from pressroom.plates.page import PageDesign
from tests.integration.workbook_samples import crunched

if TYPE_CHECKING:
    from pathlib import Path

STYLE = """
@page {
  size: 420pt 300pt; margin: 40pt 30pt;
  @bottom-right { content: "Page " counter(page) " of " counter(pages) }
}
body { margin: 0; font: 8pt "DejaVu Sans" }
table.rows th, table.rows td { padding: 2pt 4pt }
"""
"""Small pages, so that few rows fill many."""
TABLE = "{{ table() }}"


@dataclass(frozen=True)
class Print:
    """A printed report and what it was made from."""

    path: Path
    written: rust_core.Written
    crunched: rust_core.Crunched
    warnings: tuple[str, ...]
    unreplayed: tuple[str, ...]

    @cached_property
    def texts(self) -> list[str]:
        """The text of each page as poppler lays it out."""
        return page_texts(self.path)

    @cached_property
    def words(self) -> list[str]:
        """Every word of the file, in poppler's order."""
        return [word for page in self.texts for word in page.split()]

    def outline(self) -> list[tuple[int, str, int]]:
        """Depth, title and page (from 1) of each bookmark."""
        with pikepdf.open(self.path) as pdf:
            numbers = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
            found: list[tuple[int, str, int]] = []

            def walk(items: list[pikepdf.OutlineItem], depth: int) -> None:
                for item in items:
                    assert isinstance(item.destination, pikepdf.Array), item
                    found.append((depth, item.title, numbers[item.destination[0].objgen]))
                    walk(item.children, depth + 1)

            with pdf.open_outline() as outline:
                walk(outline.root, 0)
        return found


def page_texts(path: Path, *options: str) -> list[str]:
    """What pdftotext reads on each page; `-layout` keeps what stands on one line together."""
    command = ["pdftotext", *(options or ("-layout",)), str(path), "-"]
    done = subprocess.run(command, check=True, capture_output=True, timeout=120)
    return done.stdout.decode("utf-8").split("\f")[:-1]


def print_pdf(
    folder: Path,
    definition: str,
    sql: str,
    *,
    style: str = STYLE,
    body: str = TABLE,
    threads: int = 2,
    control: rust_core.JobControl | None = None,
    path: Path | None = None,
    name: str = "out.pdf",
) -> Print:
    """Print the report of `definition` over the rows of `sql`."""
    design, rows = designed(folder, definition, sql, style=style, body=body)
    control = control or rust_core.JobControl(threads)
    plate = design.plate()
    pagination = rust_core.paginate(rows, plate, control)
    around = design.surroundings(pagination.pages)
    path = path or folder / name
    written = rust_core.write_pdf(rows, plate, pagination, str(path), control, *around)
    warnings = (*design.warnings, *written.warnings)
    return Print(path, written, rows, warnings, tuple(map(str, design.unreplayed)))


def designed(
    folder: Path, definition: str, sql: str, *, style: str = STYLE, body: str = TABLE
) -> tuple[PageDesign, rust_core.Crunched]:
    """The design of such a report, and its rows."""
    folder.mkdir(parents=True, exist_ok=True)
    page = f"<!doctype html>\n<html lang=en><style>{style}</style><body>{body}</body></html>"
    (folder / "report.html").write_text(page, encoding="utf-8")
    report, plan, rows = crunched(folder, definition, sql)
    return PageDesign(report, plan, rows, {}), rows


def table(*columns: str, groups: str = "") -> str:
    """A report.yaml of these columns."""
    listed = "".join(f"  - {{{column}}}\n" for column in columns)
    listed += f"groups:\n{groups}" if groups else ""
    return f"name: printed\ntitle: Printed\ndata: {{sql: SELECT * FROM dataset}}\ncolumns:\n{listed}"
