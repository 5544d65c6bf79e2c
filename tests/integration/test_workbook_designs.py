"""What a workbook.py may do to the sheet of the rows, and what it is told when that can't be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from pressroom.errors import TemplateFailed
from tests.integration.workbook_samples import build

if TYPE_CHECKING:
    from pathlib import Path

SALES = """
name: sales
title: Sales
data: {sql: SELECT 1}
columns: [{field: day}, {field: city}, {field: amount, total: [sum, median]}]
xlsx: {sheet: Sales}
"""
SALES_SQL = """
SELECT DATE '2024-01-01' + i::INTEGER AS day, 'City ' || i AS city, (i * 1.5)::DECIMAL(9, 2) AS amount
FROM range(9) t(i)
"""
HEAD = """
from pressroom.plates.workbook_design import design as default
def design(workbook, sheet, report):
    default(workbook, sheet, report)
"""


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("    import sys; sys.exit(0)", r"r/workbook\.py:5: SystemExit: 0"),
        ("    workbook.close()", r"r/workbook\.py: it closed the workbook"),
        ("    sheet.header_row = -1", r"r/workbook\.py: sheet\.header_row is -1"),
        ("    sheet.header_row = 1.5", r"r/workbook\.py: sheet\.header_row is 1\.5"),
        (
            "    sheet.filters['amount'] = 'nonsense'",
            r"r/workbook\.py: ValueError: 'nonsense' is no condition",
        ),
        ("    sheet.links['city'] = 'javascript:alert(1)'", r"r/workbook\.py: "),
        ("    sheet.style('detail', bogus=1)", r"r/workbook\.py: .*bogus"),
        ("    sheet.width('amount', 'wide')", r"r/workbook\.py: "),
        ("    sheet.table = 'A1'", r"r/workbook\.py: "),
        (
            "    sheet.worksheet.write(sheet.header_row, 1, 'Town')",
            r"r/workbook\.py:5: .* cell B4 .* headings go",
        ),
    ],
)
def test_what_a_design_may_not_do_is_an_error_of_its_file(tmp_path: Path, code: str, message: str) -> None:
    with pytest.raises(TemplateFailed, match=message):
        build(tmp_path / "r", SALES, SALES_SQL, workbook=f"{HEAD}{code}\n")
    assert not (tmp_path / "r" / "out.xlsx").exists()


def test_columns_and_the_header_keep_what_a_design_gives_them(tmp_path: Path) -> None:
    code = """
    sheet.worksheet.set_column("A:A", None, None, {"level": 1})
    sheet.worksheet.set_column("B:B", 33, None, {"hidden": True})
    sheet.worksheet.set_row(sheet.header_row, 60)
"""
    book = build(tmp_path / "r", SALES, SALES_SQL, workbook=HEAD + code)
    sheet = openpyxl.load_workbook(book.path)["Sales"]
    columns = sheet.column_dimensions
    assert columns["B"].hidden
    assert columns["B"].width == pytest.approx(33.7, abs=0.1)
    assert columns["A"].outlineLevel == 1
    assert columns["A"].width > 10
    assert sheet.row_dimensions[4].height == 60


def test_a_report_named_summary_leaves_that_name_to_the_summary(tmp_path: Path) -> None:
    definition = SALES.replace("title: Sales", "title: Summary").replace("xlsx: {sheet: Sales}", "")
    book = build(
        tmp_path / "r", f"{definition}tops: [{{name: best, by: amount}}]\n", SALES_SQL, workbook=HEAD
    )
    assert openpyxl.load_workbook(book.path).sheetnames == ["Report", "Summary"]


def test_a_row_with_a_height_below_the_rows_is_a_row_of_the_file(tmp_path: Path) -> None:
    definition = SALES.replace("sheet: Sales", "sheet: Sales, contents: true, names: true")
    code = "    sheet.worksheet.set_row(1_048_570, 30)\n"
    book = build(tmp_path / "r", definition, SALES_SQL, workbook=HEAD + code)
    assert book.written.sheets == 2
    names = [row[0] for row in openpyxl.load_workbook(book.path)["Contents"].iter_rows(values_only=True)]
    assert names[-2:] == ["Sales", "Sales (2)"]
