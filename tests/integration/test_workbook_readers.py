"""Every cell as independent readers see it, against the source's rows; formulas against LibreOffice's own."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import yaml

from tests.integration.exhibits import EXHIBITS, Exhibit
from tests.integration.test_workbook_judges import changed
from tests.judges.readers import as_cell, by_calamine, by_libreoffice, by_openpyxl, is_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.integration.workbook_samples import Workbook

# openpyxl drops the x14 half of a data bar when it reads, and says so.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
FLAT = {name: exhibit for name, exhibit in EXHIBITS.items() if not exhibit.rolled}
"""Those whose rows are on one sheet; test_workbook_rows reads one that goes on."""
TOP = 4
"""Rows above the body: title, subtitle, a blank one, headings."""


def body(exhibit: Exhibit, kinds: int) -> list[dict[str, Any] | None]:
    """The source's row on each row of the body; None where the rows of groups and totals stand."""
    groups = yaml.safe_load(exhibit.definition).get("groups", [])
    rows: list[dict[str, Any] | None] = []

    def close(level: int) -> None:
        rows.extend([None] * kinds * sum(group.get("subtotals", True) for group in groups[level:]))

    before: list[Any] | None = None
    for row in exhibit.source():
        keys = [row[group["field"]] for group in groups]
        opened = 0
        if before is not None:
            pairs = enumerate(zip(before, keys, strict=True))
            opened = next((level for level, (old, new) in pairs if old != new), len(groups))
            close(opened)
        rows += [None] * (len(groups) - opened)
        rows.append(row)
        before = keys
    if before is None:
        rows.append({})
    else:
        close(0)
    return rows + [None] * kinds


def misread(
    exhibit: Exhibit, book: Workbook, rows: Sequence[Sequence[Any]], same: Callable[[Any, Any], bool]
) -> list[str]:
    """The cells in which a reader's rows are not the source's."""
    zone = yaml.safe_load(exhibit.definition).get("time_zone", "UTC")
    wanted = body(exhibit, len(book.plan.total_kinds))
    assert len(rows) >= TOP + len([row for row in wanted if row != {}])
    faults, columns = [], exhibit.columns()
    for number, row in enumerate(wanted, TOP):
        for column, field in enumerate(columns):
            if row and field is not None:
                want, seen = as_cell(row[field], zone), rows[number][column]
                if not same(want, seen):
                    faults.append(f"row {number + 1}, {field}: {want!r} is {seen!r}")
    return faults


def rows_of(sheets: dict[str, Any]) -> Any:
    """The sheet with the rows: the first, but for the contents."""
    return next(rows for name, rows in sheets.items() if name != "Contents")


@pytest.mark.parametrize("name", FLAT)
def test_openpyxl_and_calamine_read_the_rows_of_the_source(tmp_path: Path, name: str) -> None:
    exhibit = EXHIBITS[name]
    book = exhibit.build(tmp_path / "r")
    for sheets in (by_openpyxl(book.path), by_openpyxl(book.path, read_only=True), by_calamine(book.path)):
        faults = misread(exhibit, book, rows_of(sheets), lambda want, seen: want == seen)
        assert not faults, faults[:9]


def test_libreoffice_reads_the_rows_of_the_source_and_computes_what_is_cached(tmp_path: Path) -> None:
    books = {name: exhibit.build(tmp_path / name, name) for name, exhibit in FLAT.items()}
    shown = by_libreoffice([book.path for book in books.values()], tmp_path / "libreoffice")
    for name, book in books.items():
        cached = by_calamine(book.path)
        sheet = next(title for title in cached if title != "Contents")
        faults = misread(EXHIBITS[name], book, shown[name, sheet], is_shown)
        assert not faults, (name, faults[:9])
        for title, rows in cached.items():
            faults = recomputed(rows, shown[name, title])
            assert not faults, (name, title, faults[:9])


def recomputed(cached: Sequence[Sequence[Any]], shown: Sequence[Sequence[str]]) -> list[str]:
    """The cells whose value in the file is not what LibreOffice makes of them, formulas computed again."""
    cells = {
        (row, column): text for row, texts in enumerate(shown, 1) for column, text in enumerate(texts, 1)
    }
    return [
        f"row {row}, column {column}: {value!r} is {cells.get((row, column))!r}"
        for row, values in enumerate(cached, 1)
        for column, value in enumerate(values, 1)
        if not is_shown(value, cells.get((row, column), ""))
    ]


def test_a_wrong_value_is_found_by_each_reader_and_a_wrong_cache_by_libreoffice(tmp_path: Path) -> None:
    exhibit = EXHIBITS["table"]
    book = exhibit.build(tmp_path / "r")
    part = "xl/worksheets/sheet1.xml"
    title = openpyxl.load_workbook(book.path).sheetnames[0]
    value, total = _cell(book.path, part, b'r="C6"'), _cell(book.path, part, b"SUBTOTAL(9,")

    wrong = changed(book.path, part, value, value.replace(b"<v>", b"<v>9").replace(b"<v>9-", b"<v>-9"))
    for sheets in (by_openpyxl(wrong), by_openpyxl(wrong, read_only=True), by_calamine(wrong)):
        assert misread(exhibit, book, rows_of(sheets), lambda want, seen: want == seen)
    assert misread(exhibit, book, by_libreoffice([wrong], tmp_path / "a")["changed", title], is_shown)

    wrong = changed(book.path, part, total, total.replace(b"<v>", b"<v>9"))
    shown = by_libreoffice([wrong], tmp_path / "b")["changed", title]
    assert not misread(exhibit, book, shown, is_shown)
    assert len(recomputed(by_calamine(wrong)[title], shown)) == 1


def _cell(path: Path, part: str, mark: bytes) -> bytes:
    with zipfile.ZipFile(path) as opened:
        cells = opened.read(part).split(b"<c ")
    return next(cell for cell in cells if mark in cell)
