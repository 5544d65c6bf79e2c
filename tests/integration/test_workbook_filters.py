"""Filters that are on when the workbook opens, and names for what formulas ask of the columns."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import duckdb
import openpyxl
import pytest

from pressroom.errors import DefinitionError, TemplateFailed
from pressroom.plates.sheet_facts import MAX_ROWS
from pressroom.rules import fits, parse_condition
from tests.integration.workbook_samples import MAIN, Workbook, build, libreoffice

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = """
name: orders
title: Orders
data: {sql: SELECT 1}
columns:
  - {field: day, format: yyyy-mm-dd}
  - {field: buyer, total: count}
  - {field: paid}
  - {field: amount, format: "#,##0.00", total: [sum, avg, min, max]}
  - {field: weight, total: sum}
order: [day]
xlsx: {sheet: Orders}
"""
ORDERS_SQL = """
SELECT DATE '2024-01-01' + i::INTEGER AS day,
       CASE WHEN i % 4 = 0 THEN NULL ELSE 'Buyer ' || (i % 5) END AS buyer,
       i % 2 = 0 AS paid, (i * 1.25)::DECIMAL(12, 2) AS amount, i * 0.5::DOUBLE AS weight
FROM range(40) t(i) ORDER BY i
"""
COLUMNS = {"day": 0, "buyer": 1, "paid": 2, "amount": 3, "weight": 4}


def filtered(folder: Path, field: str, condition: str, **options: str) -> Workbook:
    definition = ORDERS.replace(f"{{field: {field}", f"{{field: {field}, filter: {condition!r}")
    return build(folder, definition, ORDERS_SQL, **options)


def shown_rows(book: Workbook) -> list[int]:
    """Numbers of the detail rows, from 0, that are not hidden."""
    rows = book.part("xl/worksheets/sheet1.xml").iter(f"{MAIN}row")
    return [
        int(row.get("r", 0)) - 5
        for row in rows
        if row.get("hidden") != "1" and 5 <= int(row.get("r", 0)) < 45
    ]


@pytest.mark.parametrize(
    ("field", "condition", "shown"),
    [
        ("amount", ">= 25", range(20, 40)),
        ("amount", "between 2.5 and 5", range(2, 5)),
        ("amount", "!= 0", range(1, 40)),
        ("day", "< 2024-01-04", range(3)),
        ("buyer", 'contains "ER 3"', [i for i in range(40) if i % 5 == 3 and i % 4]),
        ("buyer", '= "buyer 1"', [i for i in range(40) if i % 5 == 1 and i % 4]),
        ("buyer", "empty", range(0, 40, 4)),
        ("paid", "= true", range(0, 40, 2)),
        ("weight", "<= 0.5", range(2)),
    ],
)
def test_rows_that_do_not_fit_a_filter_are_hidden_and_kept(
    tmp_path: Path, field: str, condition: str, shown: object
) -> None:
    book = filtered(tmp_path / "r", field, condition)
    assert shown_rows(book) == list(shown)  # type: ignore[call-overload]
    assert book.written.rows == 40
    # Python, which draws the rows of small reports by itself, must be of one mind with the core.
    values = duckdb.sql(f"SELECT {field} FROM ({ORDERS_SQL})").fetchall()
    assert shown_rows(book) == [
        i for i, (value,) in enumerate(values) if fits(parse_condition(condition), value)
    ]
    sheet = openpyxl.load_workbook(book.path)["Orders"]
    assert sheet.auto_filter.ref == "A4:E44"
    assert [column.colId for column in sheet.auto_filter.filterColumn] == [COLUMNS[field]]
    assert sheet["D44"].value == 48.75


def test_live_totals_carry_the_figures_of_the_rows_that_are_shown(tmp_path: Path) -> None:
    book = filtered(tmp_path / "r", "amount", "between 2.5 and 5")
    values = openpyxl.load_workbook(book.path, data_only=True)["Orders"]
    formulas = openpyxl.load_workbook(book.path)["Orders"]
    found = {formulas[f"D{row}"].value: values[f"D{row}"].value for row in range(45, 50)}
    assert {key: value for key, value in found.items() if key} == {
        "=SUBTOTAL(9,D5:D44)": 11.25,
        "=SUBTOTAL(1,D5:D44)": 3.75,
        "=SUBTOTAL(5,D5:D44)": 2.5,
        "=SUBTOTAL(4,D5:D44)": 5,
    }
    sums = {formulas[f"E{row}"].value: values[f"E{row}"].value for row in range(45, 50)}
    assert sums["=SUBTOTAL(9,E5:E44)"] == 1 + 1.5 + 2


def test_libreoffice_prints_the_rows_that_are_shown(tmp_path: Path) -> None:
    book = filtered(tmp_path / "r", "amount", "between 2.5 and 5")
    printed = libreoffice(book.path, "pdf", tmp_path)
    text = subprocess.run(
        ["pdftotext", "-layout", printed, "-"], check=True, capture_output=True, text=True
    ).stdout
    assert re.findall(r"2024-01-\d\d .* (\d+\.\d\d) ", text) == ["2.50", "3.75", "5.00"]


def test_a_filter_that_shows_nothing_totals_nothing(tmp_path: Path) -> None:
    book = filtered(tmp_path / "r", "amount", "> 1000")
    assert shown_rows(book) == []
    values = openpyxl.load_workbook(book.path, data_only=True)["Orders"]
    assert sorted((values[f"D{row}"].value for row in range(45, 50)), key=str) == [0, 0, 0, None, None]


def test_a_design_sets_filters_by_field(tmp_path: Path) -> None:
    design = """
from pressroom.plates.workbook_design import design as default
def design(workbook, sheet, report):
    default(workbook, sheet, report)
    sheet.filters["amount"] = ">= 47"
"""
    book = build(tmp_path / "r", ORDERS, ORDERS_SQL, workbook=design)
    assert shown_rows(book) == [38, 39]


def test_criteria_that_would_hide_no_row_are_refused(tmp_path: Path) -> None:
    design = """
def design(workbook, sheet, report):
    sheet.worksheet.autofilter(sheet.header_row, 0, sheet.first_row, 4)
    sheet.worksheet.filter_column(3, "x > 10")
"""
    with pytest.raises(TemplateFailed, match=r"workbook\.py: .*filter criteria of the design's own") as error:
        build(tmp_path / "r", ORDERS, ORDERS_SQL, workbook=design)
    assert "sheet.filters" in (error.value.hint or "")


@pytest.mark.parametrize(("field", "condition"), [("amount", '= "ten"'), ("buyer", "> 10"), ("day", "< 5")])
def test_a_condition_that_the_column_can_not_meet_is_named(
    tmp_path: Path, field: str, condition: str
) -> None:
    with pytest.raises(DefinitionError, match=rf"columns\.{field}\.filter: .* holds \w+ values"):
        filtered(tmp_path / "f", field, condition)
    definition = ORDERS.replace(
        f"{{field: {field}", f"{{field: {field}, rules: [{{when: {condition!r}, bold: true}}]"
    )
    with pytest.raises(DefinitionError, match=rf"columns\.{field}\.rules: .* holds \w+ values"):
        build(tmp_path / "r", definition, ORDERS_SQL)


@pytest.mark.parametrize("other", ["groups: [{field: paid}]", "xlsx: {table: true}"])
def test_a_filter_goes_neither_with_groups_nor_with_a_table(tmp_path: Path, other: str) -> None:
    definition = ORDERS.replace("xlsx: {sheet: Orders}", other)
    with pytest.raises(DefinitionError, match=r"columns\.amount\.filter: Excel would hide"):
        build(
            tmp_path / "r", definition.replace("{field: amount", "{field: amount, filter: '> 1'"), ORDERS_SQL
        )


def test_columns_have_names_over_their_true_rows(tmp_path: Path) -> None:
    definition = ORDERS.replace("sheet: Orders", "sheet: Orders, names: true")
    design = """
from pressroom.plates.workbook_design import design as default
def design(workbook, sheet, report):
    default(workbook, sheet, report)
    workbook.add_worksheet("Check").write_formula(0, 0, "=SUM(orders_amount)", None, 0)
"""
    book = build(tmp_path / "r", definition, ORDERS_SQL, workbook=design)
    names = openpyxl.load_workbook(book.path).defined_names
    assert {name: names[name].attr_text for name in names} == {
        f"orders_{field}": f"'Orders'!${letter}$5:${letter}$44"
        for field, letter in zip(COLUMNS, "ABCDE", strict=True)
    }


def test_names_are_each_sheets_own_where_the_rows_take_several(tmp_path: Path) -> None:
    definition = "name: long\ntitle: L\ndata: {sql: SELECT 1}\ncolumns: [{field: n}]\n"
    definition += "xlsx: {sheet: Long, names: true}\n"
    book = build(tmp_path / "r", definition, f"SELECT i AS n FROM range({MAX_ROWS + 10}) t(i)")
    found = [
        (name.get("localSheetId"), name.text)
        for name in book.part("xl/workbook.xml").iter(f"{MAIN}definedName")
        if name.get("name") == "long_n"
    ]
    assert found == [("1", "'Long'!$A$5:$A$1048576"), ("2", "'Long (2)'!$A$5:$A$18")]


def test_the_line_that_writes_where_the_rows_go_is_named(tmp_path: Path) -> None:
    design = """
def design(workbook, sheet, report):
    head = sheet.header_row
    sheet.worksheet.write(0, 0, "fine")
    sheet.worksheet.write_row(
        head + 1, 2, ["lost"]
    )
"""
    with pytest.raises(TemplateFailed, match=r"r/workbook\.py:5: the design wrote cell C5"):
        build(tmp_path / "r", ORDERS, ORDERS_SQL, workbook=design)
