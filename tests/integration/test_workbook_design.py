"""The design of a workbook: the default one, and a report's own workbook.py."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import openpyxl
import pytest

from pressroom.errors import DefinitionError, TemplateFailed
from tests.integration.workbook_samples import MAIN, build

if TYPE_CHECKING:
    from pathlib import Path

REPORT = """
name: trips
title: Trips & more
author: The bureau
parameters: {origin: {type: string, label: From}}
data: {sql: SELECT 1}
columns:
  - {field: day, format: yyyy-mm-dd}
  - {field: miles, format: "#,##0", total: sum}
groups: [{field: carrier}]
crosstabs: [{name: monthly, rows: carrier, columns: month, value: miles}]
tops: [{name: longest, by: miles, n: 3}]
charts: [{name: by_carrier, kind: bar, x: carrier, y: {field: miles}}]
"""
SQL = """
SELECT ['AA', 'BB'][1 + i // 50] AS carrier, 1 + (i // 10) % 5 AS month,
       DATE '2024-01-01' + i::INTEGER AS day, i AS miles FROM range(100) t(i) ORDER BY i
"""
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


def test_the_default_design_is_ready_to_read_and_to_print(tmp_path: Path) -> None:
    book = build(tmp_path / "r", REPORT, SQL, parameters={"origin": "JFK"})
    opened = openpyxl.load_workbook(book.path)
    sheet = opened.worksheets[0]
    assert sheet.title == "Trips & more"
    assert sheet["A1"].value == "Trips & more"
    assert sheet["A2"].value == "From: JFK · 100 rows"
    assert [cell.value for cell in sheet[4]] == ["Day", "Miles"]
    assert sheet.freeze_panes == "A5"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.print_title_rows == "$4:$4"
    assert sheet["A7"].number_format == "yyyy-mm-dd"
    assert sheet["B7"].number_format == "#,##0"
    assert sheet.oddFooter.right.text == "Page &P of &N"
    assert opened.properties.title == "Trips & more"
    assert opened.properties.creator == "The bureau"
    assert all(6 <= dimension.width <= 61 for dimension in sheet.column_dimensions.values())


def test_the_summary_has_crosstabs_tops_and_charts_with_cached_values(tmp_path: Path) -> None:
    book = build(tmp_path / "r", REPORT, SQL)
    summary = openpyxl.load_workbook(book.path, data_only=True)["Summary"]
    rows = [list(row) for row in summary.iter_rows(values_only=True)]
    head = next(row for row in rows if row[0] == "Carrier" and row[1] == 1)
    at = rows.index(head)
    assert rows[at][:7] == ["Carrier", 1, 2, 3, 4, 5, "Total"]
    assert rows[at + 1][:7] == ["AA", 45, 145, 245, 345, 445, 1225]
    assert rows[at + 3][6] == 4950
    top = next(number for number, row in enumerate(rows) if str(row[0]).startswith("Longest"))
    assert [row[2] for row in rows[top + 2 : top + 5]] == [99, 98, 97]
    chart = book.part("xl/charts/chart1.xml")
    values = [v.text for v in chart.iterfind(f".//{CHART}val//{CHART}v")]
    assert [float(v or "nan") for v in values] == [1225.0, 3725.0]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "def design(workbook, sheet, report):\n    x = 1\n    y = x / 0\n",
            r"workbook.py:3: ZeroDivisionError: ",
        ),
        ("def design(workbook, sheet, report):\n  return (\n", r"workbook.py:2: .*never closed"),
        ("import nowhere_to_be_found\n", r"workbook.py:1: ModuleNotFoundError: "),
        ("x = 1\n", r"workbook.py:1: it defines no design"),
        (
            "def design(workbook, sheet, report):\n\n    sheet.body('nope')\n",
            r"workbook.py:3: .* no column 'nope'",
        ),
        (
            "def design(workbook, sheet, report):\n    workbook.add_worksheet('x' * 40)\n",
            r"workbook.py:2: InvalidWorksheetName",
        ),
        (
            "def design(workbook, sheet, report):\n    sheet.worksheet.write_string(0, 0, 'x' * 40000)\n    "
            "sheet.worksheet.write_url(0, 0, 'http://' + 'x' * 4000)\n",
            r"workbook.py:3: UserWarning",
        ),
    ],
)
def test_a_workbook_py_that_fails_is_named_by_its_own_line(tmp_path: Path, code: str, message: str) -> None:
    with pytest.raises(TemplateFailed) as failed:
        build(tmp_path / "r", REPORT, SQL, workbook=code)
    assert re.search(message, failed.value.message), failed.value.message


@pytest.mark.parametrize("name", ["a/b", "History", "'quoted'", "x[1]", "Summary"])
def test_a_sheet_name_that_excel_refuses_names_its_key(tmp_path: Path, name: str) -> None:
    definition = f'{REPORT}xlsx: {{sheet: "{name}"}}\n'
    with pytest.raises(DefinitionError, match=r"xlsx\.sheet"):
        build(tmp_path / "r", definition, SQL)


def test_only_declared_parts_are_in_the_package_and_all_of_them(tmp_path: Path) -> None:
    book = build(tmp_path / "r", REPORT, SQL)
    types = book.part("[Content_Types].xml")
    declared = {node.attrib["PartName"].lstrip("/") for node in types if "PartName" in node.attrib}
    written = {name for name in book.names() if not name.endswith(".rels") and name != "[Content_Types].xml"}
    assert declared == written
    assert len(book.names()) == len(set(book.names()))
    assert book.part("xl/workbook.xml").find(f"{MAIN}sheets") is not None
