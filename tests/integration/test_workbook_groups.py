"""Groups, subtotals and outlines of a workbook, and the ranges that must follow the true rows."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl

from tests.integration.workbook_samples import MAIN, Workbook, build

if TYPE_CHECKING:
    from pathlib import Path

SALES = """
name: sales
title: Sales
data: {sql: SELECT 1}
columns:
  - {field: day, format: yyyy-mm-dd}
  - {field: seller, total: count}
  - {field: amount, format: "#,##0.00", total: [sum, avg], running: region}
  - {field: units, total: [sum, max, median]}
groups: [{field: region}, {field: city}]
xlsx: {sheet: Sales}
"""
SALES_SQL = """
SELECT 'region ' || (i // 40) AS region, 'city ' || (i // 10) AS city, DATE '2024-01-01' + i::INTEGER AS day,
       CASE WHEN i % 5 = 0 THEN NULL ELSE 'seller ' || (i % 3) END AS seller,
       (i * 1.1)::DECIMAL(12, 2) AS amount, (i % 9)::INTEGER AS units
FROM range(100) t(i) ORDER BY i
"""
FORMULA = re.compile(r"SUBTOTAL\((\d+),([A-Z]+)(\d+):\2(\d+)\)")


def cells(book: Workbook) -> dict[str, tuple[str | None, str | None]]:
    """Formula and value of each cell of the first sheet, as they stand in the file."""
    found = {}
    for cell in book.part("xl/worksheets/sheet1.xml").iter(f"{MAIN}c"):
        formula, value = cell.find(f"{MAIN}f"), cell.find(f"{MAIN}v")
        found[cell.attrib["r"]] = (
            None if formula is None else formula.text,
            None if value is None else value.text,
        )
    return found


def subtotal(sheet: Any, formulas: dict[str, tuple[str | None, str | None]], formula: str) -> Decimal:
    """`SUBTOTAL` as Excel computes it: other subtotals in the range are left out."""
    match = FORMULA.fullmatch(formula)
    assert match, formula
    number, letters = int(match[1]), match[2]
    names = [f"{letters}{row}" for row in range(int(match[3]), int(match[4]) + 1)]
    values = [sheet[name].value for name in names if formulas.get(name, (None, None))[0] is None]
    values = [value for value in values if value is not None]
    if number == 3:
        return Decimal(len(values))
    numbers = [Decimal(str(v)) for v in values if isinstance(v, int | float)]
    whole = {
        9: sum(numbers),
        1: sum(numbers) / len(numbers),
        4: max(numbers),
        5: min(numbers),
        2: len(numbers),
    }
    return Decimal(whole[number])


def test_subtotals_are_live_formulas_whose_cached_value_is_right(tmp_path: Path) -> None:
    book = build(tmp_path / "r", SALES, SALES_SQL)
    sheet = openpyxl.load_workbook(book.path, data_only=True).worksheets[0]
    stored = cells(book)
    formulas = {name: cell for name, cell in stored.items() if cell[0] is not None}
    for name, (formula, value) in formulas.items():
        assert formula is not None
        assert value is not None, name
        assert abs(subtotal(sheet, stored, formula) - Decimal(value)) < Decimal("1e-6"), (name, formula)
    functions = {FORMULA.fullmatch(f)[1] for f, _ in formulas.values()}  # type: ignore[index,arg-type]
    assert functions == {"9", "1", "3"}, "no live formula for units: medians stand in its range"
    grand = [row for row in sheet.iter_rows(values_only=True) if row[0] == "Grand total"]
    assert grand[0][2] == 5445.0


def test_a_column_with_medians_among_its_rows_is_totalled_plainly_above_them(tmp_path: Path) -> None:
    book = build(tmp_path / "r", SALES, SALES_SQL)
    live = {name for name, (formula, _) in cells(book).items() if formula and ",E" in formula}
    rows = book.part("xl/worksheets/sheet1.xml").iter(f"{MAIN}row")
    levels = {row.get("r"): row.get("outlineLevel") for row in rows}
    assert live, "the innermost groups hold nothing but rows"
    assert {levels[re.sub(r"\D", "", name)] for name in live} == {"1"}


def test_rows_carry_outline_levels_and_summaries_stand_below(tmp_path: Path) -> None:
    book = build(tmp_path / "r", SALES, SALES_SQL)
    sheet = book.part("xl/worksheets/sheet1.xml")
    levels = [row.get("outlineLevel") for row in sheet.iter(f"{MAIN}row")][4:]
    kinds = len(book.plan.total_kinds)
    assert levels[:12] == [None, "1", *["2"] * 10]
    assert levels[12 : 12 + kinds] == ["1"] * kinds
    form = sheet.find(f"{MAIN}sheetFormatPr")
    assert form is not None
    assert form.get("outlineLevelRow") == "2"


def test_ranges_follow_the_true_rows(tmp_path: Path) -> None:
    design = """
from pressroom.plates.workbook_design import design as standard


def design(workbook, sheet, report):
    standard(workbook, sheet, report)
    red = workbook.add_format({"font_color": "red"})
    over = {"criteria": ">", "value": 50}
    sheet.worksheet.conditional_format(*sheet.body("amount"), {"type": "cell", "format": red, **over})
    sheet.worksheet.data_validation(*sheet.body("units"), {"validate": "integer", **over})
    note = sheet.first_row + len(sheet.bands) + 1
    sheet.worksheet.merge_range(note, 0, note, 3, "end of report")
    totals = workbook.add_worksheet("Totals")
    totals.write_formula("A1", f"=SUBTOTAL(9,{report.range(sheet, 'amount')})", None, 5445)
    sheet.style("detail", "amount", bold=True)
    sheet.width("seller", 33)
"""
    book = build(tmp_path / "r", SALES, SALES_SQL, workbook=design)
    sheet = book.part("xl/worksheets/sheet1.xml")
    kinds = len(book.plan.total_kinds)
    body = 100 + 3 * (1 + kinds) + 10 * (1 + kinds)
    last = 4 + body

    def attribute(path: str, key: str) -> str | None:
        node = sheet.find("/".join(f"{MAIN}{name}" for name in path.split("/")))
        assert node is not None, path
        return node.get(key)

    assert attribute("dimension", "ref") == f"A1:E{last + kinds + 2}"
    assert attribute("autoFilter", "ref") == f"A4:E{last}"
    assert attribute("conditionalFormatting", "sqref") == f"C5:C{last}"
    assert attribute("dataValidations/dataValidation", "sqref") == f"E5:E{last}"
    assert attribute("mergeCells/mergeCell", "ref") == f"A{last + kinds + 2}:D{last + kinds + 2}"
    workbook = book.part("xl/workbook.xml")
    names = {name.get("name"): name.text for name in workbook.iter(f"{MAIN}definedName")}
    assert names["_xlnm._FilterDatabase"] == f"Sales!$A$4:$E${last}"
    assert names["_xlnm.Print_Titles"] == "Sales!$4:$4"

    opened = openpyxl.load_workbook(book.path)
    assert opened["Sales"].cell(last + kinds + 2, 1).value == "end of report"
    assert opened["Totals"]["A1"].value == f"=SUBTOTAL(9,'Sales'!$C$5:$C${last})"
    assert opened["Sales"]["C7"].font.bold
    assert opened["Sales"].column_dimensions["B"].width > 33


def test_a_table_over_the_rows_has_their_true_range(tmp_path: Path) -> None:
    flat = """
name: flat
title: Flat
data: {sql: SELECT 1}
columns: [{field: a}, {field: b}]
"""
    design = """
def design(workbook, sheet, report):
    first, left, last, right = sheet.body()
    heads = [{"header": column.heading} for column in sheet.plan.columns]
    sheet.worksheet.add_table(sheet.header_row, left, last, right, {"name": "Rows", "columns": heads})
"""
    book = build(tmp_path / "r", flat, "SELECT i AS a, i * 2 AS b FROM range(50) t(i)", workbook=design)
    table = book.part("xl/tables/table1.xml")
    assert table.get("ref") == "A4:B54"
    opened = openpyxl.load_workbook(book.path)
    assert opened.worksheets[0].tables["Rows"].ref == "A4:B54"
