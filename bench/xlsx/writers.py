"""The other writers: the ledger as somebody who knows the library would write it, one function each.

`python -m bench.xlsx.writers NAME rows.parquet ledger.xlsx` is the process that is measured. It imports the
one library that it shows; decimals are floats from the start, because a workbook has nothing else.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from bench.dataset import LABELS, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

SHEET = "Ledger"
FORMATS = {"booked": "yyyy-mm-dd", "quantity": "#,##0", "price": "#,##0.00", "amount": "#,##0.00"}
WIDTHS = {
    "entry": 9,
    "booked": 12,
    "account": 10,
    "customer": 32,
    "city": 12,
    "kind": 13,
    "memo": 44,
    "quantity": 11,
    "price": 9,
    "amount": 13,
}


def xlsxwriter_default(parquet: str, out: str) -> None:
    """Cells in memory, texts shared."""
    _xlsxwriter(parquet, out, {})


def xlsxwriter_constant_memory(parquet: str, out: str) -> None:
    """One row in memory, texts in the cells."""
    _xlsxwriter(parquet, out, {"constant_memory": True})


def _xlsxwriter(parquet: str, out: str, options: dict[str, Any]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(out, options) as workbook:
        sheet = workbook.add_worksheet(SHEET)
        head = workbook.add_format({"bold": True, "bottom": 1})
        for column, name in enumerate(LABELS):
            # A column's format goes to each of its cells that is written without one.
            code = FORMATS.get(name)
            sheet.set_column(
                column, column, WIDTHS[name], workbook.add_format({"num_format": code}) if code else None
            )
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, LABELS.values(), head)
        number, text, date = sheet.write_number, sheet.write_string, sheet.write_datetime
        calendar = workbook.add_format({"num_format": FORMATS["booked"]})
        r = 0
        for row in rows_of(parquet):
            entry, booked, account, customer, city, kind, memo, quantity, price, amount = row
            r += 1
            number(r, 0, entry)
            date(r, 1, booked, calendar)
            number(r, 2, account)
            text(r, 3, customer)
            text(r, 4, city)
            text(r, 5, kind)
            text(r, 6, memo)
            number(r, 7, quantity)
            number(r, 8, price)
            number(r, 9, amount)
        sheet.autofilter(0, 0, r, len(LABELS) - 1)


def openpyxl_write_only(parquet: str, out: str) -> None:
    """Streamed; with lxml, which openpyxl takes when it is there."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(SHEET)
    for column, name in enumerate(LABELS, 1):
        sheet.column_dimensions[get_column_letter(column)].width = WIDTHS[name]
    sheet.freeze_panes = "A2"
    heads = [WriteOnlyCell(sheet, label) for label in LABELS.values()]
    for cell in heads:
        cell.font = Font(bold=True)
    sheet.append(heads)
    # Cells with a format are used again for each row, since making one costs more than writing it; a date
    # has yyyy-mm-dd by itself.
    quantity, price, amount = cells = [WriteOnlyCell(sheet) for _ in range(3)]
    for cell, name in zip(cells, ("quantity", "price", "amount"), strict=True):
        cell.number_format = FORMATS[name]
    count = 1
    for row in rows_of(parquet):
        quantity.value, price.value, amount.value = row[7:]
        sheet.append((*row[:7], quantity, price, amount))
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(LABELS))}{count}"
    workbook.save(out)


def pyexcelerate(parquet: str, out: str) -> None:
    """Whole rows at once, formats by column: the fast way of its documentation."""
    from pyexcelerate import Font, Format, Panes, Style, Workbook

    workbook = Workbook()
    sheet = workbook.new_sheet(SHEET, data=[list(LABELS.values()), *map(list, rows_of(parquet))])
    for column, name in enumerate(LABELS, 1):
        code = FORMATS.get(name)
        sheet.set_col_style(column, Style(size=WIDTHS[name], format=Format(code) if code else None))
    sheet.set_row_style(1, Style(font=Font(bold=True)))
    sheet.panes = Panes(y=1)
    sheet.auto_filter = True
    workbook.save(out)


def polars_write_excel(parquet: str, out: str) -> None:
    """A frame, written through XlsxWriter as an Excel table."""
    import polars as pl

    frame = pl.read_parquet(parquet).cast({"price": pl.Float64, "amount": pl.Float64})
    # Its widths are pixels: 7 a digit and 5 around (ECMA-376 part 1, 18.3.1.13).
    frame.rename(LABELS).write_excel(
        out,
        SHEET,
        column_formats={LABELS[name]: FORMATS.get(name, "General") for name in LABELS},
        column_widths={LABELS[name]: 7 * width + 5 for name, width in WIDTHS.items()},
        header_format={"bold": True},
        freeze_panes="A2",
        autofilter=True,
    )


def rustpy_xlsxwriter(parquet: str, out: str) -> None:
    """A polars frame, handed over as Arrow to the rust_xlsxwriter crate in its constant-memory mode."""
    import polars as pl
    from rustpy_xlsxwriter import Format, write_worksheet

    frame = pl.read_parquet(parquet).cast({"price": pl.Float64, "amount": pl.Float64})
    write_worksheet(
        frame.rename(LABELS),
        out,
        SHEET,
        freeze_row=1,
        bold_headers=True,
        autofilter=True,
        column_widths={LABELS[name]: width for name, width in WIDTHS.items()},
        column_formats={LABELS[name]: Format().set_num_format(code) for name, code in FORMATS.items()},
    )


WRITERS: dict[str, Callable[[str, str], None]] = {
    "xlsxwriter": xlsxwriter_default,
    "xlsxwriter-constant-memory": xlsxwriter_constant_memory,
    "openpyxl": openpyxl_write_only,
    "pyexcelerate": pyexcelerate,
    "polars": polars_write_excel,
    "rustpy-xlsxwriter": rustpy_xlsxwriter,
}


if __name__ == "__main__":
    WRITERS[sys.argv[1]](sys.argv[2], sys.argv[3])
