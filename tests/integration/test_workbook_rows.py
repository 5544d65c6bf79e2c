"""The rows of a workbook as independent readers see them."""

from __future__ import annotations

import datetime as dt
import resource
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import python_calamine
from openpyxl.utils.escape import unescape

import rust_core
from pressroom.plates.sheet import make_sheet_plate
from tests.integration.workbook_samples import MAIN, build, crunched, libreoffice_rows

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = """
name: ledger
title: Ledger
data: {sql: SELECT 1}
columns:
  - {field: id, format: "0"}
  - {field: account}
  - {field: kind}
  - {field: amount, format: "0.00"}
  - {field: rate}
  - {field: day, format: yyyy-mm-dd}
  - {field: open}
"""
LEDGER_SQL = """
SELECT i::BIGINT AS id, 'ACC-' || lpad((i * 7919)::VARCHAR, 12, '0') AS account,
       ['alpha', 'beta & <gamma>', ' padded '][1 + i % 3] AS kind,
       (i * 1.25 - 100)::DECIMAL(18, 2) AS amount, i / 7.0::DOUBLE AS rate,
       DATE '2024-01-01' + (i % 400)::INTEGER AS day, i % 2 = 0 AS open
FROM range(10000) t(i)
"""


def _at(*parts: int) -> dt.datetime:
    return dt.datetime(*parts)  # type: ignore[misc,arg-type]  # noqa: DTZ001 - a sheet has no time zones


def expected(number: int) -> list[Any]:
    return [
        number,
        f"ACC-{number * 7919:012d}",
        ["alpha", "beta & <gamma>", " padded "][number % 3],
        number * 1.25 - 100,
        number / 7.0,
        dt.date(2024, 1, 1) + dt.timedelta(days=number % 400),
        number % 2 == 0,
    ]


def test_every_reader_sees_every_row(tmp_path: Path) -> None:
    book = build(tmp_path / "r", LEDGER, LEDGER_SQL)
    assert book.written.rows == 10_000
    assert book.written.control == book.crunched.control
    assert book.written.bytes == book.path.stat().st_size
    with zipfile.ZipFile(book.path) as package:
        assert package.testzip() is None
        assert {entry.flag_bits & 8 for entry in package.infolist()} == {0}

    wanted = [expected(i) for i in range(10_000)]
    for read_only in (False, True):
        opened = openpyxl.load_workbook(book.path, read_only=read_only)
        sheet = opened.worksheets[0]
        assert sheet.calculate_dimension() == "A1:G10004"
        rows = [list(row) for row in sheet.iter_rows(min_row=5, values_only=True)]
        opened.close()
        assert [[*r[:5], r[5].date(), r[6]] for r in rows] == wanted

    calamine = python_calamine.load_workbook(book.path).get_sheet_by_index(0).to_python()[4:]
    assert calamine == wanted

    shown = libreoffice_rows(book.path, tmp_path)[4:]
    assert len(shown) == 10_000
    for row, want in zip(shown, wanted, strict=True):
        assert row[:3] == [str(want[0]), want[1], want[2]]
        assert row[3] == f"{want[3]:.2f}"
        assert row[5] == want[5].isoformat()
        assert row[6] == str(want[6]).upper()


TRAPS = """
name: traps
title: Traps
data: {sql: SELECT 1}
columns: [{field: v}]
"""


@pytest.mark.parametrize(
    ("sql", "want"),
    [
        ("'=1+1'", "=1+1"),
        ("'+A1'", "+A1"),
        ("'@SUM(A1)'", "@SUM(A1)"),
        ("' both '", " both "),
        ("'a' || chr(10) || 'b'", "a\nb"),
        ("'_x0041_'", "_x0041_"),
        ("'a' || chr(1) || 'b'", "a\x01b"),
        ("'a' || chr(13) || 'b'", "a\rb"),
        ("'é😀漢'", "é😀漢"),
        ("'<&>\"'", '<&>"'),
        ("1234567890123456789::BIGINT", "1234567890123456789"),
        ("999999999999999::BIGINT", 999999999999999),
        ("12345678901234.567::DECIMAL(20,3)", "12345678901234.567"),
        ("0.10::DECIMAL(5,2)", 0.1),
        ("DATE '1900-01-01'", _at(1900, 1, 1)),
        ("DATE '1900-02-28'", _at(1900, 2, 28)),
        ("DATE '1900-03-01'", _at(1900, 3, 1)),
        ("DATE '1899-12-31'", "1899-12-31"),
        ("TIMESTAMP '2024-02-29 12:30:15'", _at(2024, 2, 29, 12, 30, 15)),
        ("TIMESTAMP '1815-06-18 11:35:00'", "1815-06-18T11:35:00"),
        ("TIME '06:00:00'", dt.time(6)),
        ("TRUE", True),
        ("'NaN'::DOUBLE", None),
        ("'Infinity'::DOUBLE", None),
        ("NULL::INTEGER", None),
    ],
)
def test_each_trap_reads_back_as_it_was(tmp_path: Path, sql: str, want: Any) -> None:
    book = build(tmp_path / "r", TRAPS, f"SELECT {sql} AS v")
    cell = openpyxl.load_workbook(book.path).worksheets[0]["A5"]
    # openpyxl leaves Excel's own escapes in texts to its caller.
    assert (unescape(cell.value) if isinstance(cell.value, str) else cell.value) == want
    assert cell.data_type != "f"
    assert book.written.control == book.crunched.control, "what the build compares before it publishes"
    sheet = book.part("xl/worksheets/sheet1.xml")
    raw = next(c for c in sheet.iter(f"{MAIN}c") if c.get("r") == "A5")
    assert raw.get("s") is not None, "the cell keeps its style"
    if want is None:
        assert list(raw) == []
    if isinstance(want, str) and want[:1].isdigit():
        ignored = sheet.find(f"{MAIN}ignoredErrors/{MAIN}ignoredError")
        assert ignored is not None
        assert ignored.get("numberStoredAsText") == "1"
        assert ignored.get("sqref") == "A5:A5"


def test_a_text_too_long_for_a_cell_is_cut_and_counted(tmp_path: Path) -> None:
    book = build(tmp_path / "r", TRAPS, "SELECT repeat('x', 40000) AS v FROM range(3)")
    cell = openpyxl.load_workbook(book.path).worksheets[0]["A7"]
    assert cell.value == "x" * 32_767
    assert [w for w in book.written.warnings if "3 texts were cut" in w]


def test_texts_that_repeat_are_shared_and_counted(tmp_path: Path) -> None:
    book = build(tmp_path / "r", LEDGER, LEDGER_SQL)
    strings = book.part("xl/sharedStrings.xml")
    items = ["".join(t.itertext()) for t in strings]
    references = [
        cell
        for name in book.names()
        if name.startswith("xl/worksheets/sheet")
        for cell in book.part(name).iter(f"{MAIN}c")
        if cell.get("t") == "s"
    ]
    assert int(strings.attrib["count"]) == len(references) > 10_000
    assert int(strings.attrib["uniqueCount"]) == len(items) == len(set(items))
    assert {"alpha", "beta & <gamma>", " padded "} <= set(items)
    assert not any(item.startswith("ACC-") for item in items)


def test_the_bytes_do_not_depend_on_threads(tmp_path: Path) -> None:
    one, two, three = (
        build(tmp_path / str(threads), LEDGER, LEDGER_SQL, threads=threads).path.read_bytes()
        for threads in (1, 2, 3)
    )
    assert one == two == three


def test_a_report_without_rows_is_a_workbook_without_rows(tmp_path: Path) -> None:
    book = build(tmp_path / "r", LEDGER, LEDGER_SQL + " WHERE FALSE")
    sheet = openpyxl.load_workbook(book.path).worksheets[0]
    assert sheet["A4"].value == "Id"
    assert [cell.value for cell in sheet[5]] == [None] * 7
    assert book.written.rows == 0


def test_a_cancelled_write_leaves_no_file(tmp_path: Path) -> None:
    report, plan, rows = crunched(tmp_path / "r", LEDGER, LEDGER_SQL)
    plate = make_sheet_plate(report, plan, rows, {})
    control = rust_core.JobControl(2)
    control.cancel()
    with pytest.raises(rust_core.Cancelled):
        rust_core.write_xlsx(rows, plate, str(tmp_path / "out.xlsx"), control)
    assert not (tmp_path / "out.xlsx").exists()


def test_a_deadline_in_the_middle_leaves_no_file(tmp_path: Path) -> None:
    report, plan, rows = crunched(tmp_path / "r", LEDGER, LEDGER_SQL.replace("10000", "400000"))
    plate = make_sheet_plate(report, plan, rows, {})
    control = rust_core.JobControl(2, 0.02)
    with pytest.raises(rust_core.DeadlineExceeded):
        rust_core.write_xlsx(rows, plate, str(tmp_path / "out.xlsx"), control)
    assert not (tmp_path / "out.xlsx").exists()


def test_a_full_disk_is_named_and_the_device_survives(tmp_path: Path) -> None:
    report, plan, rows = crunched(tmp_path / "r", LEDGER, LEDGER_SQL)
    plate = make_sheet_plate(report, plan, rows, {})
    with pytest.raises(rust_core.DiskFull, match="/dev/full"):
        rust_core.write_xlsx(rows, plate, "/dev/full", rust_core.JobControl(2))
    with pytest.raises(OSError, match="No space left"), open("/dev/full", "wb", buffering=0) as device:  # noqa: PTH123 - a device
        device.write(b"x")


def test_a_write_that_fails_half_way_leaves_no_file(tmp_path: Path) -> None:
    report, plan, rows = crunched(tmp_path / "r", LEDGER, LEDGER_SQL)
    plate = make_sheet_plate(report, plan, rows, {})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    try:
        with pytest.raises(rust_core.WriteError):
            rust_core.write_xlsx(rows, plate, str(tmp_path / "out.xlsx"), rust_core.JobControl(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "out.xlsx").exists()


def test_rows_past_a_sheet_go_on_in_the_next_with_the_same_design(tmp_path: Path) -> None:
    definition = TRAPS.replace("{field: v}", "{field: v, total: sum}") + "xlsx: {sheet: Rows}\n"
    book = build(tmp_path / "r", definition, "SELECT i::BIGINT AS v FROM range(1100000) t(i)")
    assert book.written.rows == 1_100_000
    assert book.written.sheets == 2
    assert any("1,048,576" in warning for warning in book.written.warnings)
    sheets = python_calamine.load_workbook(book.path)
    assert sheets.sheet_names == ["Contents", "Rows", "Rows (2)"]
    contents, first, second = (sheets.get_sheet_by_name(name).to_python() for name in sheets.sheet_names)
    assert [row[:3] for row in contents[4:]] == [
        ["Rows", "Rows 1 to 1,048,572", 1_048_572],
        ["Rows (2)", "Rows 1,048,573 to 1,100,000", 51_428],
    ]
    assert len(first) == 1_048_576
    assert [row[0] for row in first[4:]] == list(range(1_048_572))
    assert second[:4] == first[:4], "title and headings are repeated"
    total = 1_100_000 * 1_099_999 // 2
    assert [row[0] for row in second[4:-1]] == list(range(1_048_572, 1_100_000))
    assert second[-1][0] == total
    workbook = book.part("xl/workbook.xml")
    names = {(n.get("name"), n.get("localSheetId")): n.text for n in workbook.iter(f"{MAIN}definedName")}
    assert names["_xlnm.Print_Titles", "2"] == "'Rows (2)'!$4:$4"
    assert names["_xlnm._FilterDatabase", "1"] == "Rows!$A$4:$A$1048576"
    assert names["_xlnm._FilterDatabase", "2"] == f"'Rows (2)'!$A$4:$A${len(second) - 1}"
