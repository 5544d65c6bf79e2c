"""What report.yaml says of a column's look, as it stands in the workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from pressroom.errors import DefinitionError, TemplateFailed
from tests.integration.workbook_samples import MAIN, Workbook, build

if TYPE_CHECKING:
    from pathlib import Path

# openpyxl drops the x14 half of a data bar when it reads, and says so.
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")

SALES = """
name: sales
title: Sales
data: {sql: SELECT 1}
columns:
  - {field: day, format: yyyy-mm-dd}
  - {field: seller, rules: [{when: 'contains "er 1"', bold: true}, {when: empty, background: "#eeeeee"}]}
  - field: amount
    format: "#,##0.00"
    total: sum
    show: data_bar
    rules:
      - {when: "> 100", color: "#9c0006", background: "#ffc7ce"}
      - {when: "between 10 and 20", italic: true}
  - {field: units, total: avg, show: color_scale}
  - {field: change, show: icons}
groups: [{field: region}]
xlsx: {sheet: Sales, zebra: true}
"""
FLAT = SALES.replace("groups: [{field: region}]\n", "")
SALES_SQL = """
SELECT 'region ' || (i // 20) AS region, DATE '2024-01-01' + i::INTEGER AS day,
       CASE WHEN i % 5 = 0 THEN NULL ELSE 'seller ' || (i % 3) END AS seller,
       (i * 3)::DECIMAL(12, 2) AS amount, (i % 9 - 4)::INTEGER AS units, i * 0.5 AS change
FROM range(60) t(i) ORDER BY i
"""
LAST = 4 + 60 + 3 * 3


def formulas(book: Workbook, place: str) -> list[tuple[str | None, bool]]:
    """Formula of each rule over `place` in the order of priority, and whether it stops there."""
    sheet = openpyxl.load_workbook(book.path)["Sales"]
    found = [rule for area in sheet.conditional_formatting if str(area.sqref) == place for rule in area.rules]
    found.sort(key=lambda rule: rule.priority)
    return [(rule.formula[0] if rule.formula else None, bool(rule.stopIfTrue)) for rule in found]


def test_rules_are_formulas_that_leave_out_the_rows_of_groups(tmp_path: Path) -> None:
    book = build(tmp_path / "r", SALES, SALES_SQL)
    # A label where labels stand, and nothing where neither labels nor totals do.
    guard = (
        'OR(AND(LEFT($A5,8)="Region: ",COUNTA($B5:$E5)=0),'
        'AND(LEFT($A5,6)="Total ",COUNTA($B5)=0,COUNTA($D5:$E5)=0),'
        'AND(LEFT($A5,8)="Average ",COUNTA($B5:$C5)=0,COUNTA($E5)=0))'
    )
    assert formulas(book, f"C5:C{LAST}") == [
        (guard, True),
        ("AND(ISNUMBER($C5),$C5>100)", False),
        ("AND(ISNUMBER($C5),$C5>=10,$C5<=20)", False),
        (None, False),
    ]
    assert formulas(book, f"B5:B{LAST}") == [
        (guard, True),
        ('ISNUMBER(SEARCH("er 1",$B5))', False),
        ("LEN($B5)=0", False),
    ]
    assert formulas(book, f"A5:E{LAST}") == [(f"AND(MOD(ROW(),2)=0,NOT({guard}))", False)]


def test_bars_scales_and_icons_end_where_the_detail_rows_end(tmp_path: Path) -> None:
    book = build(tmp_path / "r", SALES, SALES_SQL)
    sheet = openpyxl.load_workbook(book.path)["Sales"]
    rules = {
        rule.type: rule for area in sheet.conditional_formatting for rule in area.rules if not rule.formula
    }
    assert [end.val for end in rules["dataBar"].dataBar.cfvo] == [0, 177]
    assert [end.val for end in rules["colorScale"].colorScale.cfvo] == [-4, 0, 4]
    assert [end.type for end in rules["iconSet"].iconSet.cfvo] == ["percent", "num", "num"]
    own = book.part("xl/worksheets/sheet1.xml").findall(
        ".//{http://schemas.microsoft.com/office/excel/2006/main}sqref"
    )
    assert [node.text for node in own] == [f"C5:C{LAST}"], "the x14 bar follows the true rows too"


@pytest.mark.parametrize(
    ("show", "ends"),
    [
        ("{kind: data_bar, max: 50}", [0, 50]),
        ("{kind: data_bar, min: -10}", [-10, 177]),
        ("{kind: data_bar, min: 500}", [500, 500]),
        ("{kind: color_scale, min: 20, max: 30.5}", [20, 30.5]),
    ],
)
def test_the_ends_of_bars_and_scales_can_be_given(tmp_path: Path, show: str, ends: list[float]) -> None:
    book = build(tmp_path / "r", SALES.replace("show: data_bar", f"show: {show}"), SALES_SQL)
    sheet = openpyxl.load_workbook(book.path)["Sales"]
    areas = [area for area in sheet.conditional_formatting if str(area.sqref) == f"C5:C{LAST}"]
    drawn = [rule.dataBar or rule.colorScale for area in areas for rule in area.rules if not rule.formula]
    assert [end.val for end in drawn[0].cfvo] == ends


@pytest.mark.parametrize(
    ("show", "message"),
    [("{kind: bars}", "show.kind"), ("{kind: icons, min: 3, max: 3}", "min 3 is not below max 3")],
)
def test_a_show_that_makes_no_sense_is_named(tmp_path: Path, show: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        build(tmp_path / "r", SALES.replace("show: data_bar", f"show: {show}"), SALES_SQL)
    design = "def design(workbook, sheet, report):\n    sheet.shows['amount'] = 'bars'\n"
    with pytest.raises(TemplateFailed, match="column 'amount' can't show 'bars'"):
        build(tmp_path / "d", SALES, SALES_SQL, workbook=design)


def test_a_report_without_groups_needs_no_guard(tmp_path: Path) -> None:
    book = build(tmp_path / "r", FLAT, SALES_SQL)
    assert formulas(book, "C5:C64")[0] == ("AND(ISNUMBER($C5),$C5>100)", False)
    assert formulas(book, "A5:E64") == [("MOD(ROW(),2)=0", False)]


def test_a_design_may_change_what_the_definition_says(tmp_path: Path) -> None:
    design = """
def design(workbook, sheet, report):
    sheet.rules.clear()
    sheet.shows = {"units": "data_bar"}
    sheet.zebra = False
    sheet.links["seller"] = "https://example.org/{value}"
"""
    book = build(tmp_path / "r", FLAT, SALES_SQL, workbook=design)
    sheet = openpyxl.load_workbook(book.path)["Sales"]
    assert [str(area.sqref) for area in sheet.conditional_formatting] == ["D5:D64"]
    assert sheet["B6"].value == '=HYPERLINK("https://example.org/seller%201","seller 1")'


def test_a_column_without_numbers_shows_no_bars(tmp_path: Path) -> None:
    definition = SALES.replace("{field: seller, rules", "{field: seller, show: data_bar, rules")
    with pytest.raises(
        DefinitionError, match=r"columns\.seller\.show: data_bar needs numbers, .* holds text"
    ):
        build(tmp_path / "r", definition, SALES_SQL)


def test_a_column_without_values_shows_nothing(tmp_path: Path) -> None:
    book = build(tmp_path / "r", FLAT, SALES_SQL.replace("ORDER BY i", "WHERE FALSE"))
    sheet = openpyxl.load_workbook(book.path)["Sales"]
    assert not [rule for area in sheet.conditional_formatting for rule in area.rules if not rule.formula]


def test_a_table_lies_over_the_rows_of_a_report_without_groups(tmp_path: Path) -> None:
    book = build(tmp_path / "r", FLAT.replace("zebra: true", "table: true"), SALES_SQL)
    sheet = openpyxl.load_workbook(book.path)["Sales"]
    table = sheet.tables["sales_rows"]
    assert table.ref == table.autoFilter.ref == "A4:E64"
    assert [column.name for column in table.tableColumns] == [cell.value for cell in sheet[4]]
    assert sheet.auto_filter.ref is None, "a table brings its own filter, and Excel takes no second one"


def test_links_are_formulas_whose_data_stays_in_its_quotes(tmp_path: Path) -> None:
    definition = """
name: orders
title: Orders
data: {sql: SELECT 1}
columns:
  - {field: order_id, link: "https://example.org/orders/{value}?by={buyer}", total: sum}
  - {field: buyer, link: "https://example.org/buyers/{buyer}"}
  - {field: mail, link: "mailto:{value}"}
"""
    sql = """
    SELECT * FROM (VALUES (7, 'a "b" & c/é', 'a@example.org'), (8, '=1+1', NULL), (9, repeat('x', 300), 'b'))
    t(order_id, buyer, mail)
    """
    book = build(tmp_path / "r", definition, sql)
    sheet = openpyxl.load_workbook(book.path).worksheets[0]
    values = openpyxl.load_workbook(book.path, data_only=True).worksheets[0]
    encoded = "a%20%22b%22%20%26%20c%2F%C3%A9"
    assert sheet["A5"].value == f'=HYPERLINK("https://example.org/orders/7?by={encoded}",7)'
    assert sheet["B5"].value == f'=HYPERLINK("https://example.org/buyers/{encoded}","a ""b"" & c/é")'
    assert sheet["B6"].value == '=HYPERLINK("https://example.org/buyers/%3D1%2B1","=1+1")'
    assert sheet["C5"].value == '=HYPERLINK("mailto:a@example.org","a@example.org")'
    assert sheet["C6"].value is None
    assert sheet["A7"].value == 9, "its address is too long for a formula: a plain cell, and counted"
    assert sheet["B7"].value == "x" * 300
    assert [values[name].value for name in ("A5", "A8", "B5")] == [7, 24, 'a "b" & c/é']
    assert sheet["B5"].font.underline == "single"
    assert sheet["B5"].font.color.rgb == "FF0563C1"
    assert any("2 links are longer than the 255 characters" in warning for warning in book.written.warnings)
    assert book.written.control == book.crunched.control
    assert not book.part("xl/worksheets/sheet1.xml").findall(f"{MAIN}hyperlinks")


def test_a_link_over_a_field_that_is_no_column_names_those_there_are(tmp_path: Path) -> None:
    definition = SALES.replace("{field: units,", '{field: units, link: "https://example.org/{nope}",')
    with pytest.raises(DefinitionError, match="names 'nope', which is no column") as failed:
        build(tmp_path / "r", definition, SALES_SQL)
    assert "day, seller, amount" in (failed.value.hint or "")


def test_a_protected_workbook_allows_what_it_says(tmp_path: Path) -> None:
    definition = SALES.replace("zebra: true", "protect: {password: secret, allow: [filter, format_columns]}")
    book = build(tmp_path / "r", definition, SALES_SQL)
    opened = openpyxl.load_workbook(book.path)
    for sheet in opened.worksheets:
        assert sheet.protection.sheet
        # In the file, what is allowed is what is not locked.
        assert (sheet.protection.autoFilter, sheet.protection.formatColumns, sheet.protection.sort) == (
            False,
            False,
            True,
        )
    assert opened.security.lockStructure
    assert opened.security.workbookPassword == opened["Sales"].protection.password
    names = [node.tag.removeprefix(MAIN) for node in book.part("xl/workbook.xml")]
    assert names.index("workbookPr") < names.index("workbookProtection") < names.index("bookViews")


def test_cells_can_be_sorted_where_sorting_is_allowed(tmp_path: Path) -> None:
    book = build(tmp_path / "r", FLAT.replace("zebra: true", "protect: {allow: [sort]}"), SALES_SQL)
    sheet = openpyxl.load_workbook(book.path)["Sales"]
    assert not sheet.protection.sort
    assert not sheet["A5"].protection.locked, "Excel sorts no locked cells"
    assert sheet["A4"].protection.locked


def test_the_page_is_the_definitions(tmp_path: Path) -> None:
    book = build(tmp_path / "r", SALES.replace("zebra: true", "paper: A3, landscape: false"), SALES_SQL)
    setup = openpyxl.load_workbook(book.path)["Sales"].page_setup
    assert (setup.paperSize, setup.orientation) == ("8", "portrait") or (
        setup.paperSize,
        setup.orientation,
    ) == (
        8,
        "portrait",
    )


def test_a_contents_sheet_links_to_each_sheet(tmp_path: Path) -> None:
    definition = SALES.replace("zebra: true", "contents: true") + (
        "charts: [{name: by_day, kind: line, x: day, y: {field: amount}}]\n"
    )
    opened = openpyxl.load_workbook(build(tmp_path / "r", definition, SALES_SQL).path)
    assert opened.sheetnames == ["Contents", "Sales", "Summary", "Chart data"]
    assert opened["Chart data"].sheet_state == "hidden"
    contents = opened["Contents"]
    assert [[cell.value for cell in row] for row in contents["A5:C6"]] == [
        ["Sales", "Rows 1 to 60", 60],
        ["Summary", "Charts, crosstabs and lists", None],
    ]
    assert contents["A5"].hyperlink.location == "'Sales'!A1"


@pytest.mark.parametrize("cell", ["sheet.first_row, 1", "sheet.first_row + 1, 0", "sheet.first_row, 30"])
def test_a_cell_where_the_rows_go_is_refused(tmp_path: Path, cell: str) -> None:
    design = f"def design(workbook, sheet, report):\n    sheet.worksheet.write({cell}, 'mine')\n"
    with pytest.raises(
        TemplateFailed, match=r"workbook\.py:2: the design wrote cell [A-Z]+\d+ .* where the rows go"
    ):
        build(tmp_path / "r", SALES, SALES_SQL, workbook=design)
