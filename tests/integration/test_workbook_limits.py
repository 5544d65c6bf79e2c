"""What a workbook can't hold, and designs that ask for it: a clear error, and no file."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from xlsxwriter import Workbook

import rust_core
from pressroom.errors import LimitExceeded
from pressroom.plates.workbook_protection import password_hash
from tests.integration.workbook_samples import MAIN, build, crunched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEDGER = """
name: ledger
title: Ledger
data: {sql: SELECT 1}
columns: [{field: a, total: sum}, {field: b}]
"""
LEDGER_SQL = "SELECT i AS a, i * 2 AS b FROM range(50) t(i)"


def test_more_columns_than_a_sheet_has_are_counted_with_running_sums(tmp_path: Path) -> None:
    columns = ", ".join(f"{{field: c{i}, running: true}}" for i in range(8_193))
    definition = f"name: wide\ntitle: Wide\ndata: {{sql: SELECT 1}}\ncolumns: [{columns}]\n"
    sql = "SELECT " + ", ".join(f"{i} AS c{i}" for i in range(8_193))
    with pytest.raises(
        LimitExceeded, match="16,386 columns, what is made of others included: a worksheet has 16,384"
    ):
        build(tmp_path / "r", definition, sql)
    assert not (tmp_path / "r" / "out.xlsx").exists()


def test_more_formats_than_excel_takes_are_refused_before_any_work(tmp_path: Path) -> None:
    design = """
def design(workbook, sheet, report):
    other = workbook.add_worksheet("Other")
    for number in range(65_500):
        other.write(number, 0, number, workbook.add_format({"num_format": f'0"{number}"'}))
"""
    with pytest.raises(rust_core.LimitError, match="cell formats, Excel takes 65490"):
        build(tmp_path / "r", LEDGER, LEDGER_SQL, workbook=design)
    assert not (tmp_path / "r" / "out.xlsx").exists()


def plate() -> tuple[dict[str, Any], bytes]:
    """A plate for the ledger, and its specimen."""
    buffer = io.BytesIO()
    with Workbook(buffer) as workbook:
        sheet = workbook.add_worksheet("Rows")
        sheet.write_row(0, 0, ["A", "B"])
        for row in (1, 2):
            sheet.write_row(row, 0, ["", ""], workbook.add_format({"bold": True}))
    cells = [[{"column": 0}], [{"column": 1}]]
    bands = {"detail": {"row": 1, "cells": cells}, "grand_total": [{"row": 2, "cells": [[{"total": 0}], []]}]}
    return {"name": "Rows", "first_row": 1, "columns": 2, "bands": bands}, buffer.getvalue()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p | {"name": "Nope"}, r'no sheet "Nope"; it has Rows'),
        (lambda p: p | {"columns": 3}, r"row 2 has 2 cells for 3 columns"),
        (lambda p: p | {"first_row": 2}, r"template rows must stand together from first_row on"),
        (lambda p: p | {"bands": p["bands"] | {"subtotals": [[]]}}, r"subtotals for 1 levels of 0"),
        (
            lambda p: p | {"links": [{"column": 0, "address": [{"column": 2}]}]},
            r"the link of column 0 names one that is not there",
        ),
        (
            lambda p: p | {"links": [{"column": 7, "address": []}]},
            r"column 7 is a link and shows no field",
        ),
    ],
)
def test_a_plate_that_does_not_fit_leaves_no_file(
    tmp_path: Path, change: Callable[[dict[str, Any]], dict[str, Any]], message: str
) -> None:
    _, _, rows = crunched(tmp_path / "r", LEDGER, LEDGER_SQL)
    sheet, specimen = plate()
    path = tmp_path / "out.xlsx"
    control = rust_core.JobControl(1)
    good = rust_core.SheetPlate(json.dumps({"sheets": [sheet]}), specimen)
    assert rust_core.write_xlsx(rows, good, str(path), control).rows == 50
    path.unlink()
    bad = rust_core.SheetPlate(json.dumps({"sheets": [change(sheet)]}), specimen)
    with pytest.raises(rust_core.PlateError, match=message):
        rust_core.write_xlsx(rows, bad, str(path), control)
    assert not path.exists()


def test_names_that_a_design_defines_hold_the_true_ranges(tmp_path: Path) -> None:
    design = """
def design(workbook, sheet, report):
    workbook.define_name("Amounts", "=" + report.range(sheet, "a"))
    sheet.worksheet.print_area(0, 0, sheet.first_row + len(sheet.bands) - 1, 1)
"""
    book = build(tmp_path / "r", LEDGER, LEDGER_SQL, workbook=design)
    names = {name.get("name"): name.text for name in book.part("xl/workbook.xml").iter(f"{MAIN}definedName")}
    assert names == {"Amounts": "'Ledger'!$A$5:$A$54", "_xlnm.Print_Area": "Ledger!$A$1:$B$55"}
    opened = openpyxl.load_workbook(book.path)
    assert opened["Ledger"]["A54"].value == 49


def test_the_lock_of_the_structure_has_the_hash_of_its_password() -> None:
    # Excel writes this hash for this password.
    assert password_hash("password") == "83AF"
