"""Workbooks that can be read at a glance: nothing clipped or mistaken, labels that say what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from pressroom.errors import DefinitionError, LimitExceeded
from tests.integration.workbook_samples import MAIN, build
from tests.judges.readers import by_libreoffice

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = """
name: ledger
title: Ledger
data: {sql: SELECT 1}
columns:
  - {field: customer, rules: [{when: 'contains "e"', bold: true}]}
  - {field: amount, format: "#,##0.00", total: sum}
groups: [{field: day, label: ""}]
xlsx: {sheet: Ledger}
"""
LEDGER_SQL = """
SELECT DATE '2024-01-01' + (i // 2)::INTEGER AS day, ['Total Energies', 'Aalto'][1 + i % 2] AS customer,
       (CASE WHEN i < 2 THEN 1000032498.5 ELSE -1000032499 END)::DECIMAL(14, 2) AS amount
FROM range(4) t(i)
"""


def test_a_subtotal_larger_than_the_grand_total_fits_its_column(tmp_path: Path) -> None:
    book = build(tmp_path / "r", LEDGER, LEDGER_SQL)
    sheet = openpyxl.load_workbook(book.path, data_only=True)["Ledger"]
    assert sheet.column_dimensions["B"].width > len("-2,000,064,998.00")


def test_a_group_without_a_label_shows_its_key_as_its_format_says(tmp_path: Path) -> None:
    book = build(tmp_path / "r", LEDGER, LEDGER_SQL)
    assert openpyxl.load_workbook(book.path)["Ledger"]["A5"].value == "2024-01-01"


def test_a_customer_named_as_a_label_is_no_row_of_totals(tmp_path: Path) -> None:
    # LibreOffice computes the guard on the row of the customer and on the row of the total.
    design = """
from pressroom.plates.workbook_design import design as default
from pressroom.plates.sheet_guard import other_rows
def design(workbook, sheet, report):
    default(workbook, sheet, report)
    check = workbook.add_worksheet("Check")
    for line, row in enumerate((5, 6, 8)):
        guard = other_rows(sheet.bands, sheet.types, row).replace("$", "Ledger!$").replace(":Ledger!", ":")
        check.write_formula(line, 0, "=" + guard, None, "")
"""
    book = build(tmp_path / "r", LEDGER, LEDGER_SQL, workbook=design)
    rows = by_libreoffice([book.path], tmp_path / "l")["out", "Check"]
    assert [row[0] for row in rows] == ["TRUE", "FALSE", "TRUE"]


def test_levels_that_close_together_say_which_they_are(tmp_path: Path) -> None:
    definition = LEDGER.replace('groups: [{field: day, label: ""}]', "groups: [{field: year}, {field: day}]")
    sql = f"SELECT 2024 AS year, * FROM ({LEDGER_SQL})"
    sheet = openpyxl.load_workbook(build(tmp_path / "r", definition, sql).path)["Ledger"]
    labels = [row[0].value for row in sheet.iter_rows(min_row=5) if str(row[0].value).startswith("Total ")]
    assert [label for label in labels if ":" in label] == [
        "Total Day: 2024-01-01",
        "Total Day: 2024-01-02",
        "Total Year: 2024",
    ]


def test_means_of_whole_numbers_have_two_decimals(tmp_path: Path) -> None:
    definition = (
        "name: m\ntitle: M\ndata: {sql: SELECT 1}\ncolumns: [{field: a}, {field: n, total: [sum, avg]}]\n"
    )
    book = build(tmp_path / "r", definition, "SELECT 'x' AS a, i AS n FROM range(7) t(i)")
    sheet = openpyxl.load_workbook(book.path).worksheets[0]
    assert [sheet[f"B{row}"].number_format for row in (5, 12, 13)] == ["General", "General", "#,##0.00"]


def test_linked_days_stay_days_and_their_totals_live(tmp_path: Path) -> None:
    definition = """
name: links
title: Links
data: {sql: SELECT 1}
columns:
  - {field: n}
  - {field: day, format: d mmm yyyy, link: "https://example.org/{value}", total: [min, max, count]}
"""
    book = build(
        tmp_path / "r", definition, "SELECT i AS n, DATE '2024-01-01' + i::INTEGER AS day FROM range(5) t(i)"
    )
    rows = by_libreoffice([book.path], tmp_path / "l")["out", "Links"]
    assert [row[1] for row in rows[4:9]] == [f"01/{day:02}/2024" for day in range(1, 6)]
    assert [row[1] for row in rows[9:12]] == ["01/01/2024", "01/05/2024", "5"]
    cell = openpyxl.load_workbook(book.path)["Links"]["B5"]
    assert cell.value == '=HYPERLINK("https://example.org/2024-01-01",45292)'


def test_an_infinity_counts_plainly_because_its_cell_is_empty(tmp_path: Path) -> None:
    definition = "name: i\ntitle: I\ndata: {sql: SELECT 1}\ncolumns: [{field: a}, {field: x, total: count}]\n"
    book = build(tmp_path / "r", definition, "SELECT 'a' AS a, unnest([1.5, 'inf'::DOUBLE]) AS x")
    assert not list(book.part("xl/worksheets/sheet1.xml").iter(f"{MAIN}f"))


def test_a_crosstab_wider_than_a_sheet_is_refused(tmp_path: Path) -> None:
    definition = """
name: wide
title: Wide
data: {sql: SELECT 1}
columns: [{field: n}]
crosstabs: [{name: cross, rows: a, columns: n, value: n}]
"""
    with pytest.raises(LimitExceeded, match=r"crosstab 'cross' has 1 rows and 17,000 columns"):
        build(tmp_path / "r", definition, "SELECT 1 AS a, i AS n FROM range(17000) t(i)")


@pytest.mark.parametrize(
    ("field", "condition", "message"),
    [
        ("customer", '= "Blanks"', "no text"),
        ("amount", 'contains "5"', "searches texts"),
        ("day", "< 1899-01-01", "no days before 1900"),
    ],
)
def test_a_filter_that_excel_would_read_otherwise_is_refused(
    tmp_path: Path, field: str, condition: str, message: str
) -> None:
    definition = LEDGER.replace('groups: [{field: day, label: ""}]\n', "").replace(
        "columns:\n", "columns:\n  - {field: day}\n"
    )
    definition = definition.replace(f"{{field: {field}", f"{{field: {field}, filter: {condition!r}")
    with pytest.raises(DefinitionError, match=message):
        build(tmp_path / "r", definition, LEDGER_SQL)


def test_totals_beside_a_filter_say_which_rows_they_are_of(tmp_path: Path) -> None:
    definition = LEDGER.replace('groups: [{field: day, label: ""}]\n', "")
    definition = definition.replace("total: sum", "total: [sum, median], filter: '> 0'")
    sheet = openpyxl.load_workbook(build(tmp_path / "r", definition, LEDGER_SQL).path)["Ledger"]
    assert [sheet[f"A{row}"].value for row in (9, 10)] == ["Total, shown rows", "Median, all rows"]


def test_a_report_without_rows_has_no_empty_charts(tmp_path: Path) -> None:
    definition = f"{LEDGER}charts: [{{name: c, x: customer, y: {{field: amount}}}}]\n"
    book = build(tmp_path / "r", definition, f"SELECT * FROM ({LEDGER_SQL}) WHERE amount IS NULL")
    assert openpyxl.load_workbook(book.path)["Summary"]["A4"].value == "No rows"
    assert not [name for name in book.names() if name.startswith("xl/charts/")]
