"""What a design puts below the rows, or over the sheet, stands where it was put once the rows are there."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.integration.workbook_samples import MAIN, build
from tests.judges.package import package
from tests.judges.readers import by_libreoffice
from tests.judges.validators import audit

if TYPE_CHECKING:
    from pathlib import Path

FLAT = "name: flat\ntitle: Flat\ndata: {sql: SELECT 1}\ncolumns: [{field: i}]\n"
FLAT_SQL = "SELECT i FROM range(50) t(i)"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
DESIGN = """
import io, struct, zlib


def picture():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\\0abc")) + chunk(b"IEND", b"")
    return io.BytesIO(b"\\x89PNG\\r\\n\\x1a\\n" + head + body)


def design(workbook, sheet, report):
    worksheet, below = sheet.worksheet, sheet.first_row + len(sheet.bands)
"""


def test_an_array_formula_stands_where_its_cell_stands(tmp_path: Path) -> None:
    design = (
        DESIGN + "    worksheet.write_array_formula(below, 0, below, 0, '{=SUM(LEN({1,22}))}', None, 3)\n"
    )
    book = build(tmp_path / "r", FLAT, FLAT_SQL, workbook=design)
    assert package(book.path) == []
    assert by_libreoffice([book.path], tmp_path / "l")["out", "Flat"][54][0] == "3"


def test_a_comment_stays_with_its_cell(tmp_path: Path) -> None:
    design = DESIGN + "    for row in (0, below):\n        worksheet.write_comment(row, 0, f'note {row}')\n"
    book = build(tmp_path / "r", FLAT, FLAT_SQL, workbook=design)
    cells = [cell for row in openpyxl.load_workbook(book.path).worksheets[0] for cell in row if cell.comment]
    assert [(cell.coordinate, cell.comment.text) for cell in cells] == [("A1", "note 0"), ("A55", "note 5")]
    office = "{urn:schemas-microsoft-com:office:excel}"
    drawing = book.part("xl/drawings/vmlDrawing1.vml")
    assert [node.text for node in drawing.iter(f"{office}Row")] == ["0", "54"]
    boxes = [[int(at) for at in (node.text or "").split(",")] for node in drawing.iter(f"{office}Anchor")]
    assert [(box[2], box[6]) for box in boxes] == [(0, 3), (53, 57)]


def test_pictures_charts_and_boxes_cover_no_rows(tmp_path: Path) -> None:
    design = (
        DESIGN
        + """
    worksheet.insert_image(0, 3, "a.png", {"image_data": picture()})
    worksheet.insert_image(below + 1, 0, "b.png", {"image_data": picture()})
    worksheet.insert_textbox(below + 2, 0, "box")
    chart = workbook.add_chart({"type": "column"})
    chart.add_series({"values": "=" + report.range(sheet, "i"), "values_data": list(range(50))})
    worksheet.insert_chart(below + 20, 0, chart)
    worksheet.insert_button(below + 40, 0, {"caption": "Go"})
"""
    )
    book = build(tmp_path / "r", FLAT, FLAT_SQL, workbook=design)
    drawing = book.part("xl/drawings/drawing1.xml")
    tops = [int(corner.findtext(f"{DRAWING}row", "")) for corner in drawing.iter(f"{DRAWING}from")]
    ends = [int(corner.findtext(f"{DRAWING}row", "")) for corner in drawing.iter(f"{DRAWING}to")]
    assert sorted(tops) == [0, 55, 56, 74]
    assert all(top <= end for top, end in zip(tops, ends, strict=True))
    button = book.part("xl/drawings/vmlDrawing1.vml").find(
        ".//{urn:schemas-microsoft-com:office:excel}Anchor"
    )
    assert button is not None
    assert int((button.text or "").split(",")[2]) == 94


def test_what_stands_below_is_left_out_and_counted_where_the_rows_go_on(tmp_path: Path) -> None:
    design = (
        DESIGN
        + """
    sheet.header_row = 1_048_576 - 30
    below = sheet.first_row + len(sheet.bands)
    worksheet.insert_image(0, 3, "a.png", {"image_data": picture()})
    worksheet.insert_image(below + 1, 0, "b.png", {"image_data": picture()})
    worksheet.write(below, 0, "end")
    worksheet.write_comment(below, 0, "note")
"""
    )
    book = build(tmp_path / "r", FLAT, FLAT_SQL, workbook=design)
    assert book.written.sheets == 2
    assert any(
        "2 charts, pictures and comments below the rows are left out" in w for w in book.written.warnings
    )
    drawing = book.part("xl/drawings/drawing1.xml")
    assert [node.findtext(f"{DRAWING}row") for node in drawing.iter(f"{DRAWING}from")] == ["0"]
    assert not list(book.part("xl/comments1.xml").iter(f"{MAIN}comment"))
    assert package(book.path) == []


def test_a_picture_in_a_cell_has_its_relationship(tmp_path: Path) -> None:
    design = DESIGN + "    worksheet.embed_image(0, 0, 'a.png', {'image_data': picture()})\n"
    book = build(tmp_path / "r", FLAT, FLAT_SQL, workbook=design)
    with zipfile.ZipFile(book.path) as opened:
        assert not [name for name in opened.namelist() if name.startswith("/")]
    assert audit(book.path) == package(book.path) == []


def test_names_of_columns_know_a_sheet_with_an_apostrophe(tmp_path: Path) -> None:
    design = DESIGN + "    sheet.header_row = 1_048_576 - 30\n"
    definition = FLAT + 'xlsx: {names: true, sheet: "Bob\'s"}\n'
    book = build(tmp_path / "r", definition, FLAT_SQL, workbook=design)
    names = [
        n.text for n in book.part("xl/workbook.xml").iter(f"{MAIN}definedName") if n.get("name") == "flat_i"
    ]
    assert names == ["'Bob''s'!$A$1048548:$A$1048576", "'Bob''s (2)'!$A$1048548:$A$1048568"]


@pytest.mark.parametrize("text", ["_x0041_", "a\x01b"])
def test_a_text_that_formulas_have_no_escape_for_is_a_plain_cell(tmp_path: Path, text: str) -> None:
    definition = FLAT.replace("{field: i}", '{field: i, link: "https://example.org/{value}"}')
    codes = " || ".join(f"chr({ord(character)})" for character in text)
    book = build(tmp_path / "r", definition, f"SELECT {codes} AS i")
    assert by_libreoffice([book.path], tmp_path / "l")["out", "Flat"][4][0] == text
    assert any("1 links" in warning for warning in book.written.warnings)


def test_many_group_levels_take_no_more_than_a_few(tmp_path: Path) -> None:
    # Each level asked all those inside it anew: 24 would take hours.
    groups = ", ".join(f"{{field: g{level}}}" for level in range(24))
    definition = FLAT.replace("{field: i}", "{field: i, total: [sum, avg]}") + f"groups: [{groups}]\n"
    keys = ", ".join(f"i // {2 * (24 - level)} AS g{level}" for level in range(24))
    book = build(tmp_path / "r", definition, f"SELECT i, {keys} FROM range(70) t(i) ORDER BY i")
    formulas = [f.text or "" for f in book.part("xl/worksheets/sheet1.xml").iter(f"{MAIN}f")]
    assert len(formulas) > 24
    assert all(formula.startswith("SUBTOTAL(") for formula in formulas)
