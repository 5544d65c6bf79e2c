"""Traps that only a whole workbook shows: caches of charts, links by the thousand, names Excel refuses."""

from __future__ import annotations

import datetime as dt
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.utils.datetime import from_excel
from openpyxl.worksheet.cell_range import CellRange

from pressroom.errors import TemplateFailed
from tests.integration.exhibits import EXHIBITS
from tests.integration.workbook_samples import MAIN, Workbook, build

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from pathlib import Path

CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
LINKED = """
name: linked
title: Linked
data: {sql: SELECT 1}
columns: [{field: i, link: "https://example.org/{value}", total: sum}]
"""


def caches(book: Workbook) -> list[tuple[str, list[str | None]]]:
    """The reference and the cached points of every series, categories and names of series included."""
    charts = [book.part(name) for name in book.names() if name.startswith("xl/charts/chart")]
    references = [
        ref for chart in charts for kind in ("strRef", "numRef") for ref in chart.iter(CHART + kind)
    ]
    return [(ref.findtext(f"{CHART}f") or "", _points(ref)) for ref in references]


def _points(reference: ET.Element) -> list[str | None]:
    counts = [int(node.attrib["val"]) for node in reference.iter(f"{CHART}ptCount")]
    assert len(counts) == 1, "a reference has one cache"
    points: list[str | None] = [None] * counts[0]
    for point in reference.iter(f"{CHART}pt"):
        points[int(point.attrib["idx"])] = point.findtext(f"{CHART}v")
    return points


def _same(value: Any, point: str | None) -> bool:
    if value is None or point is None:
        return value is None and not point
    if isinstance(value, dt.datetime):
        # A pie's legend has no number format: its days are texts.
        return value == (from_excel(float(point)) if point.isdigit() else dt.datetime.fromisoformat(point))
    if isinstance(value, bool):
        return point.upper() == str(value).upper()
    return str(value) == point if isinstance(value, str) else float(point) == pytest.approx(value)


@pytest.mark.parametrize(("name", "series"), [("grouped", 5), ("flights", 2), ("one row", 5), ("table", 5)])
@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
def test_a_chart_shows_its_cells_before_anything_is_computed(tmp_path: Path, name: str, series: int) -> None:
    book = EXHIBITS[name].build(tmp_path / "r")
    sheets = openpyxl.load_workbook(book.path, data_only=True)
    found = caches(book)
    # A name, categories and values.
    assert len(found) == 3 * series
    for reference, points in found:
        sheet, _, place = reference.rpartition("!")
        cells = CellRange(place.replace("$", "")).cells
        values = [sheets[sheet.strip("'")].cell(*cell).value for cell in cells]
        assert len(points) == len(values), reference
        assert all(map(_same, values, points)), (reference, values[:3], points[:3])


def test_more_links_than_a_sheet_takes_are_all_links(tmp_path: Path) -> None:
    book = build(tmp_path / "r", LINKED, "SELECT i FROM range(65_531) t(i)")
    assert not [warning for warning in book.written.warnings if "link" in warning]
    with zipfile.ZipFile(book.path) as opened:
        sheet = opened.read("xl/worksheets/sheet1.xml")
        assert "xl/worksheets/_rels/sheet1.xml.rels" not in opened.namelist()
    assert sheet.count(b"<f>HYPERLINK(") == 65_531
    assert b"<hyperlink" not in sheet


@pytest.mark.parametrize("name", ["T1", "R1C1", "c", "a b", "1st"])
def test_a_table_whose_name_excel_refuses_fails_with_its_line(tmp_path: Path, name: str) -> None:
    design = f"""
def design(workbook, sheet, report):
    first, left, last, right = sheet.body()
    sheet.worksheet.add_table(first - 1, left, last, right, {{"name": {name!r}}})
"""
    with pytest.raises(TemplateFailed, match=rf"workbook\.py:4: .*'{name}'"):
        build(tmp_path / "r", LINKED, "SELECT i FROM range(3) t(i)", workbook=design)


def test_a_report_named_like_a_cell_has_a_table_and_names_that_excel_takes(tmp_path: Path) -> None:
    definition = LINKED.replace("name: linked", "name: t1").replace("field: i,", "field: i, label: A1,")
    book = build(
        tmp_path / "r", definition + "xlsx: {table: true, names: true}\n", "SELECT i FROM range(3) t(i)"
    )
    table = book.part("xl/tables/table1.xml")
    names = [name.get("name") for name in book.part("xl/workbook.xml").iter(f"{MAIN}definedName")]
    assert (table.get("name"), names) == ("t1_rows", ["_xlnm.Print_Titles", "t1_i"])


def test_filters_of_several_columns_hide_the_rows_that_miss_one(tmp_path: Path) -> None:
    book = EXHIBITS["filtered"].build(tmp_path / "r")
    rows = EXHIBITS["filtered"].source()
    shown = [
        number
        for number, row in enumerate(rows, 5)
        if row["day"] >= dt.date(2024, 2, 1) and "er 1" in (row["seller"] or "") and -3 <= row["units"] <= 3
    ]
    sheet = book.part("xl/worksheets/sheet1.xml")
    body = [row for row in sheet.iter(f"{MAIN}row") if 5 <= int(row.attrib["r"]) < 5 + len(rows)]
    assert [int(row.attrib["r"]) for row in body if row.get("hidden") != "1"] == shown
    assert len(list(sheet.iter(f"{MAIN}filterColumn"))) == 3
