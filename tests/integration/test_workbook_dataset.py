"""A workbook as a dataset: which rows it is read as, and what is refused with its sheet and cell."""

from __future__ import annotations

import datetime as dt
import zipfile
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter

from pressroom.errors import BadData, BadRequest, JobCancelled, LimitExceeded, PressroomError
from pressroom.reports import Report
from pressroom.sources.dataset import Dataset, detect_format
from pressroom.sources.source import Source
from tests.integration.test_source import MEMORY, definition, refused, rows, source

if TYPE_CHECKING:
    from pathlib import Path

Sheets = dict[str, list[list[Any]]]


def workbook(folder: Path, sheets: Sheets, name: str = "book.xlsx", first: str = "A1") -> Dataset:
    path = folder / name
    made = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
    stamp, clock = (
        made.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        made.add_format({"num_format": "hh:mm"}),
    )
    for title, lines in sheets.items():
        sheet = made.add_worksheet(title)
        row, column = xlsxwriter.utility.xl_cell_to_rowcol(first)
        for r, line in enumerate(lines, start=row):
            for c, value in enumerate(line, start=column):
                match value:
                    case dt.datetime():
                        sheet.write_datetime(r, c, value, stamp)
                    case dt.time() | dt.timedelta():
                        sheet.write_datetime(r, c, value, clock)
                    case ("=", formula, result):
                        sheet.write_formula(r, c, f"={formula}", None, result)
                    case _:
                        sheet.write(r, c, value)
    made.close()
    return Dataset("rows", path, detect_format(path))


def table(*lines: list[Any]) -> Sheets:
    return {"Data": list(lines)}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([1, 2], [1, 2]),
        ([1.25, 1000000], [Decimal("1.25"), Decimal("1000000.00")]),
        ([0.1, None], [Decimal("0.1"), None]),
        ([1 / 3, 1], [0.3333333333333333, 1.0]),
        ([1e300, 1], [1e300, 1.0]),
        (["007", "8"], ["007", "8"]),
        ([7, "x"], ["7", "x"]),
        ([7.5, "n/a"], ["7.5", "n/a"]),
        ([True, False], [True, False]),
        ([True, 1], ["TRUE", "1"]),
        ([dt.date(2024, 1, 31), None], [dt.date(2024, 1, 31), None]),
        ([dt.date(2024, 1, 31), "later"], ["2024-01-31", "later"]),
        (
            [dt.date(2024, 1, 31), dt.datetime(2024, 1, 31, 10, 5)],  # noqa: DTZ001 - Excel has no zones
            [dt.datetime(2024, 1, 31), dt.datetime(2024, 1, 31, 10, 5)],  # noqa: DTZ001
        ),
        ([dt.time(12), dt.time(18)], [Decimal("0.5"), Decimal("0.75")]),
        ([("=", "1+1", 2), ("=", "2+2", 4)], [2, 4]),
        ([("=", '"a"', "a"), ("=", '""', "")], ["a", None]),
        (["東京", " ß "], ["東京", " ß "]),
        ([None, 3], [None, 3]),
    ],
    ids=str,
)
def test_cells_keep_what_is_in_them(tmp_path: Path, cells: list[Any], expected: list[Any]) -> None:
    lines = [[cell, 1] for cell in cells]
    with source(tmp_path, workbook(tmp_path, table(["a", "b"], *lines)), definition()) as opened:
        found = [row[0] for row in rows(opened)]
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize("name", ["rows", "dataset"])
def test_the_first_sheet_is_read_unless_the_report_names_another(tmp_path: Path, name: str) -> None:
    data = workbook(tmp_path, {"One": [["a"], [1]], "Zwei": [["a"], [2]]})
    with source(tmp_path, data) as opened:
        assert rows(opened) == [(1,)]
    named = definition(data={"sql": f"FROM {name}", "sheets": {name: "Zwei"}})
    with source(tmp_path, data, named) as opened:
        assert rows(opened) == [(2,)]
    error = refused(tmp_path, data, definition(data={"sql": "FROM rows", "sheets": {"rows": "Drei"}}))
    assert str(error) == "book.xlsx: has no sheet 'Drei'"
    assert error.hint == "there are: One, Zwei"


def test_sheets_go_by_the_names_of_datasets_and_no_other(tmp_path: Path) -> None:
    sheets: Sheets = {"One": [["a"], [1]], "Zwei": [["a"], [2]]}
    first, second = workbook(tmp_path, sheets), workbook(tmp_path, sheets, "second.xlsx")
    second = Dataset("dataset", second.path, second.format)
    sql = "SELECT rows.a, dataset.a AS b FROM rows, dataset"
    report = definition(data={"sql": sql, "sheets": {"dataset": "Zwei"}})
    spill = tmp_path / "spill"
    both = Source(
        Report(tmp_path, report), [first, second], {}, threads=1, memory_limit_bytes=MEMORY, spill=spill
    )
    with both as opened:
        assert rows(opened) == [(1, 2)]
    error = refused(tmp_path, first, definition(data={"sql": "FROM rows", "sheets": {"book": "Zwei"}}))
    assert isinstance(error, BadRequest)
    assert str(error) == "report.yaml: data.sheets.book: no dataset has that name"
    assert error.hint == "there are: dataset, rows"


def test_a_source_called_dataset_is_not_the_first_dataset(tmp_path: Path) -> None:
    data = workbook(tmp_path, {"One": [["a"], [1]], "Zwei": [["a"], [2]]})
    raw = {"sql": "FROM rows", "sources": {"dataset": {"python": "books:entries"}}}
    error = refused(tmp_path, data, definition(data=raw | {"sheets": {"dataset": "Zwei"}}))
    assert str(error) == "report.yaml: data.sheets.dataset: no dataset has that name"
    assert error.hint == "there are: rows"


def test_a_table_may_stand_anywhere_and_end_in_blank_rows(tmp_path: Path) -> None:
    data = workbook(
        tmp_path,
        table(["a", "", "b"], [1, "", 2], ["", "", ""], [3, "", 4], ["", "", ("=", '""', "")]),
        first="C5",
    )
    with source(tmp_path, data) as opened:
        assert opened.fields == ["a", "b"]
        assert rows(opened) == [(1, 2), (None, None), (3, 4)]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "book.xlsx: sheet 'Data': is empty"),
        ([["a", "b"]], "book.xlsx: sheet 'Data': has column names but no rows"),
        ([["a", ""], [1, 2]], "book.xlsx: sheet 'Data': D5: the column has values but no name"),
        ([["a", "A"], [1, 2]], "book.xlsx: sheet 'Data': D5: 'A' is the name of C5 too"),
    ],
)
def test_what_is_no_table_is_named_with_sheet_and_cell(
    tmp_path: Path, lines: list[list[Any]], message: str
) -> None:
    error = refused(tmp_path, workbook(tmp_path, table(*lines), first="C5"))
    assert isinstance(error, BadData)
    assert str(error) == message


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"x": b"1"}, "is a ZIP archive"),
        ({"xl/workbook.bin": b"1"}, "is a binary Excel workbook"),
        ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}, "is an OpenDocument file"),
    ],
)
def test_other_archives_are_told_apart(tmp_path: Path, members: dict[str, bytes], message: str) -> None:
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(BadData, match=message):
        detect_format(path)


def test_a_workbook_that_is_cut_short_or_broken_is_refused(tmp_path: Path) -> None:
    data = workbook(tmp_path, table(["a"], [1]))
    (tmp_path / "cut.xlsx").write_bytes(data.path.read_bytes()[:-30])
    with pytest.raises(BadData, match=r"cut\.xlsx: an XLSX workbook or ZIP archive that is cut short"):
        detect_format(tmp_path / "cut.xlsx")
    error = refused(tmp_path, _with_sheet(data, b"<worksheet><sheetData><row r='1'><c"))
    assert isinstance(error, BadData)
    assert str(error).startswith("book.xlsx: can't be read as a workbook: ")


def test_an_archive_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path) -> None:
    error = refused(tmp_path, _with_sheet(workbook(tmp_path, table(["a"], [1])), b" " * (64 * 2**20)))
    assert isinstance(error, LimitExceeded)
    assert "unpack to 67," in str(error)


def test_two_cells_far_apart_fail_the_job_and_not_the_worker(tmp_path: Path) -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )
    error = refused(tmp_path, _with_sheet(workbook(tmp_path, table(["a"], [1])), sheet))
    assert isinstance(error, LimitExceeded)
    assert "takes more memory than" in str(error)


def test_the_reader_runs_no_module_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = workbook(tmp_path, table(["a"], [1]))
    (tmp_path / "python_calamine.py").write_text("raise SystemExit('a module of the current folder')")
    monkeypatch.chdir(tmp_path)
    with source(tmp_path, data) as opened:
        assert rows(opened) == [(1,)]


def test_a_workbook_is_cancelled_while_it_is_read(tmp_path: Path) -> None:
    data = workbook(tmp_path, table(["a"], *([i] for i in range(20_000))))
    opened = source(tmp_path, data)
    opened.interrupt()
    with pytest.raises(JobCancelled), opened:
        pass


def _with_sheet(data: Dataset, content: bytes) -> Dataset:
    """The workbook with another content in its sheet."""
    with zipfile.ZipFile(data.path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/worksheets/sheet1.xml"] = content
    with zipfile.ZipFile(data.path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return data


def test_a_cell_with_an_error_is_named_and_not_left_out(tmp_path: Path) -> None:
    lines = [["a"], *([i] for i in range(200_000)), [("=", "NA()", "#N/A")], [("=", "1/0", "#DIV/0!")]]
    data = workbook(tmp_path, {"Good": [["a"], ["#N/A"], ['t="e"']], "Bad": lines}, first="C5")
    with source(tmp_path, data) as opened:
        assert rows(opened) == [("#N/A",), ('t="e"',)]
    error = refused(tmp_path, data, definition(data={"sql": "FROM rows", "sheets": {"rows": "Bad"}}))
    assert str(error) == "book.xlsx: sheet 'Bad': C200006: holds the error #N/A"
    assert error.hint == "mend its formula, or wrap it in IFERROR"


def test_errors_are_pressrooms_own(tmp_path: Path) -> None:
    data = workbook(tmp_path, table(["a"], [1]))
    data.path.unlink()
    with pytest.raises(PressroomError, match=r"book\.xlsx: can't be read"), source(tmp_path, data):
        pass
