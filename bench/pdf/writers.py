"""The other makers: the ledger as somebody who knows the tool would print it, one function each.

`python -m bench.pdf.writers NAME rows.parquet ledger.pdf` is the process that is measured. It imports the one
library that it shows. All print the same columns, widths, font and rules; heads and "Page 2 of 28" stand on
each page.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.dataset import LABELS
from bench.pdf.design import (
    BOTTOM,
    CSS,
    FAMILY,
    HEAD_RULE,
    HEADS,
    LEADING,
    NUMBERS,
    PAD_BOTTOM,
    PAD_TOP,
    PAD_X,
    ROW_RULE,
    SIDE,
    SIZE,
    TITLE,
    TOP,
    WIDTHS,
    WRAPPED,
    cells_of,
    font_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CHROMIUM = shutil.which("chromium")
MM = 72 / 25.4


def html(parquet: str) -> str:
    """The ledger as one document, for WeasyPrint and Chromium, with the style sheet of our own report."""
    kinds = ["number" if name in NUMBERS else "text" for name in LABELS]
    heads = "".join(
        f'<th class="{kind} col-{name}">{label}</th>'
        for kind, (name, label) in zip(kinds, LABELS.items(), strict=True)
    )
    opened = [f'<td class="{kind}">' if kind == "number" else "<td>" for kind in kinds]
    rows = "\n".join(
        "<tr>" + "".join(td + escape(cell) for td, cell in zip(opened, cells, strict=True))
        for cells in cells_of(parquet)
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{TITLE}</title>'
        f"<style>{CSS.read_text(encoding='utf-8')}</style>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table></html>"
    )


def weasyprint(parquet: str, out: str) -> None:
    """One document, column widths fixed so that it needs not look at every cell for them."""
    from weasyprint import HTML

    HTML(string=html(parquet)).write_pdf(out)


def chromium(parquet: str, out: str) -> None:
    """The same document: this process becomes Chromium's when the page is written."""
    page = Path(out).with_suffix(".html")
    page.write_text(html(parquet), encoding="utf-8")
    profile = Path(out).with_name("profile")
    options = ["--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={profile}"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    program = CHROMIUM or "chromium"
    os.execv(program, [program, *options, f"--print-to-pdf={out}", page.as_uri()])  # noqa: S606


def reportlab(parquet: str, out: str) -> None:
    """A LongTable of plain strings; those that may not fit are split, as a Paragraph costs more."""
    from reportlab import rl_config
    from reportlab.lib.colors import black
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.utils import simpleSplit
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import LongTable, SimpleDocTemplate

    rl_config.useA85 = 0
    bold = f"{FAMILY} Bold"
    pdfmetrics.registerFont(TTFont(FAMILY, str(font_file())))
    pdfmetrics.registerFont(TTFont(bold, str(font_file("Bold"))))
    width, height = landscape(A4)

    class NumberedCanvas(Canvas):  # type: ignore[misc]
        """Keeps its pages until their number is known, as ReportLab's own recipe does."""

        def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - ReportLab's
            super().__init__(*args, **options)
            self.kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - ReportLab's
            self.kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self.kept, 1):
                self.__dict__.update(page)
                self.setFont(FAMILY, SIZE)
                self.drawString(SIDE * MM, height - TOP / 2 * MM, TITLE)
                self.drawRightString(width - SIDE * MM, BOTTOM / 2 * MM, f"Page {number} of {len(self.kept)}")
                super().showPage()
            super().save()

    columns = list(LABELS)
    splits = [(columns.index(name), (WIDTHS[name] - 2 * PAD_X) * MM) for name in WRAPPED]
    data: list[list[str]] = [list(HEADS)]
    for row in cells_of(parquet):
        cells = list(row)
        for column, room in splits:
            cells[column] = "\n".join(simpleSplit(cells[column], FAMILY, SIZE, room))
        data.append(cells)
    style = [
        ("FONT", (0, 0), (-1, -1), FAMILY, SIZE, LEADING),
        ("FONT", (0, 0), (-1, 0), bold, SIZE, LEADING),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), PAD_X * MM),
        ("RIGHTPADDING", (0, 0), (-1, -1), PAD_X * MM),
        ("TOPPADDING", (0, 0), (-1, -1), PAD_TOP * MM),
        ("BOTTOMPADDING", (0, 0), (-1, -1), PAD_BOTTOM * MM),
        ("LINEBELOW", (0, 0), (-1, 0), HEAD_RULE, black),
        ("LINEBELOW", (0, 1), (-1, -1), ROW_RULE, "#999999"),
        *(("ALIGN", (c, 0), (c, -1), "RIGHT") for c, name in enumerate(columns) if name in NUMBERS),
    ]
    table = LongTable(data, [each * MM for each in WIDTHS.values()], repeatRows=1, style=style)
    # A frame's own padding is 6 pt on every side.
    margins = [(margin * MM) - 6 for margin in (SIDE, SIDE, TOP, BOTTOM)]
    document = SimpleDocTemplate(
        out,
        pagesize=(width, height),
        leftMargin=margins[0],
        rightMargin=margins[1],
        topMargin=margins[2],
        bottomMargin=margins[3],
        title=TITLE,
    )
    document.build([table], canvasmaker=NumberedCanvas)


def fpdf2(parquet: str, out: str) -> None:
    """Its table, with the font as a subset and its placeholder for the number of pages."""
    from fpdf import FPDF, FontFace
    from fpdf.enums import TableBordersLayout, TableBorderStyle, TableCellStyle

    class Ledger(FPDF):  # type: ignore[misc]
        """What stands in the margins."""

        def header(self) -> None:
            self.set_font(FAMILY, size=SIZE)
            self.text(SIDE, TOP / 2, TITLE)

        def footer(self) -> None:
            self.set_y(-BOTTOM / 2 - 2)
            self.set_font(FAMILY, size=SIZE)
            self.cell(0, 4, f"Page {self.page_no()} of {{nb}}", align="R")

    pdf = Ledger(orientation="landscape", format="A4")
    pdf.add_font(FAMILY, "", font_file())
    pdf.add_font(FAMILY, "B", font_file("Bold"))
    pdf.set_margins(SIDE, TOP, SIDE)
    pdf.set_auto_page_break(True, margin=BOTTOM)
    pdf.set_title(TITLE)
    pdf.add_page()
    pdf.set_font(FAMILY, size=SIZE)
    head = TableCellStyle(bottom=TableBorderStyle(thickness=HEAD_RULE / MM))
    body = TableCellStyle(bottom=TableBorderStyle(thickness=ROW_RULE / MM, color=0x99))

    class Rules(TableBordersLayout):  # type: ignore[misc]
        """A rule under the heads, a fine one under each row."""

        def cell_style_getter(self, row_idx: int, *_: Any, **__: Any) -> TableCellStyle:  # noqa: ANN401 - fpdf2's
            return body if row_idx else head

    with pdf.table(
        borders_layout=Rules(),
        col_widths=tuple(WIDTHS.values()),
        text_align=tuple("RIGHT" if name in NUMBERS else "LEFT" for name in LABELS),
        v_align="TOP",
        line_height=LEADING / MM,
        padding=(PAD_TOP, PAD_X, PAD_BOTTOM, PAD_X),
        headings_style=FontFace(emphasis="BOLD"),
    ) as table:
        table.row(HEADS)
        for cells in cells_of(parquet):
            table.row(cells)
    pdf.output(out)


TYPST = """
#set document(title: "{title}")
#set page(
  paper: "a4", flipped: true, margin: (top: {top}mm, x: {side}mm, bottom: {bottom}mm),
  header: [{title}],
  footer: context align(right)[Page #counter(page).display() of #counter(page).final().first()],
)
#set text(font: "{family}", size: {size}pt, top-edge: 0.946em, bottom-edge: -0.254em)
#set par(leading: 0pt)
#set table.cell(breakable: false)
#let heads = ({heads})
#let sides = ({sides})
#table(
  columns: ({widths}),
  align: (x, y) => sides.at(x) + top,
  inset: (x: {pad_x}mm, top: {pad_top}mm, bottom: {pad_bottom}mm),
  stroke: (x, y) => (bottom: if y == 0 {{ {head_rule}pt }} else {{ {row_rule}pt + rgb("#999") }}),
  table.header(..heads.map(strong)),
  ..csv("rows.csv").flatten(),
)
"""


def typst(parquet: str, out: str) -> None:
    """A table out of a CSV file, which Typst reads itself; untagged as the others' files."""
    from typst import compile as compiled

    folder = Path(out).parent
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(cells_of(parquet))
    source = folder / "ledger.typ"
    source.write_text(
        TYPST.format(
            title=TITLE,
            top=TOP,
            side=SIDE,
            bottom=BOTTOM,
            family=FAMILY,
            size=SIZE,
            heads=", ".join(f'"{head}"' for head in HEADS),
            sides=", ".join("right" if name in NUMBERS else "left" for name in LABELS),
            widths=", ".join(f"{width}mm" for width in WIDTHS.values()),
            pad_x=PAD_X,
            pad_top=PAD_TOP,
            pad_bottom=PAD_BOTTOM,
            head_rule=HEAD_RULE,
            row_rule=ROW_RULE,
        ),
        encoding="utf-8",
    )
    fonts = [str(font_file().parent)]
    compiled(str(source), output=out, font_paths=fonts, ignore_system_fonts=True, pdf_tags=False)


WRITERS: dict[str, Callable[[str, str], None]] = {
    "weasyprint": weasyprint,
    "reportlab": reportlab,
    "fpdf2": fpdf2,
    "typst": typst,
    "chromium": chromium,
}


if __name__ == "__main__":
    WRITERS[sys.argv[1]](sys.argv[2], sys.argv[3])
