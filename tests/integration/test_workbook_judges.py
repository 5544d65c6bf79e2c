"""Judges that are none of ours find our workbooks sound, and find what is made wrong on purpose."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.integration.exhibits import EXHIBITS
from tests.judges.package import package
from tests.judges.validators import audit, sdk

if TYPE_CHECKING:
    from collections.abc import Callable

    Judge = Callable[[Path], list[str]]


@pytest.mark.parametrize("name", EXHIBITS)
def test_every_judge_finds_a_workbook_sound(tmp_path: Path, name: str) -> None:
    book = EXHIBITS[name].build(tmp_path / "r")
    assert {judge.__name__: judge(book.path) for judge in (sdk, audit, package)} == {
        "sdk": [],
        "audit": [],
        "package": [],
    }


def test_the_exhibits_show_what_they_are_here_for(tmp_path: Path) -> None:
    book = EXHIBITS["designed"].build(tmp_path / "r")
    kinds = {Path(name).parent.name for name in book.names()}
    assert {"charts", "chartsheets", "comments", "drawings", "media", "tables", "worksheets"} <= kinds | {
        "comments" if any("comments" in name for name in book.names()) else ""
    }
    sheet = next(book.part(name) for name in book.names() if b"protectedRange" in _bytes(book.path, name))
    tags = {node.tag.partition("}")[2] for node in sheet.iter()}
    assert {
        "autoFilter", "cfRule", "colBreaks", "dataBar", "dataValidation", "extLst", "headerFooter", "iconSet",
        "ignoredError", "legacyDrawing", "legacyDrawingHF", "mergeCell", "pageSetup", "picture", "rowBreaks",
        "sheetProtection", "sparkline",
    } <= tags  # fmt: skip


def _bytes(path: Path, part: str) -> bytes:
    with zipfile.ZipFile(path) as opened:
        return opened.read(part)


def changed(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """A copy of a workbook in which one part says something else; with nothing old, it is a new part."""
    copy = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as opened, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as written:
        for name in opened.namelist():
            content = opened.read(name)
            if name == part:
                assert old in content
                content = content.replace(old, new, 1)
            written.writestr(name, content)
        if not old:
            written.writestr(part, new)
    return copy


SHEET = "xl/worksheets/sheet2.xml"
"""The rows of the flat exhibit below."""


@pytest.mark.parametrize(
    ("judge", "part", "old", "new"),
    [
        (sdk, SHEET, b'<row r="5"', b'<row colour="red" r="5"'),
        (sdk, SHEET, b"<sheetData>", b'<sheetData/><sheetData colour="red">'),
        (sdk, "xl/workbook.xml", b'r:id="rId1"', b'r:id="rId99"'),
        (sdk, SHEET, b's="1"', b's="40000"'),
        (audit, SHEET, b"<cfRule", b'<cfRule colour="red"'),
        (audit, "xl/workbook.xml", b'r:id="rId1"', b'r:id="rId99"'),
        (audit, "[Content_Types].xml", b"/xl/styles.xml", b"/xl/style.xml"),
        (package, SHEET, b'<dimension ref="A1:', b'<dimension ref="B1:'),
        (package, SHEET, b'<c r="B5"', b"<c"),
        (package, SHEET, b'<c r="B5"', b'<c r="B6"'),
        (package, SHEET, b'<row r="5"', b'<row r="4"'),
        (package, SHEET, b't="s"><v>', b't="s"><v>9'),
        (package, SHEET, b"<v>-50</v>", b"<v>NaN</v>"),
        (package, SHEET, b'<c r="C9"', b'<c t="d" r="C9"'),
        (package, "xl/undeclared.bin", b"", b"?"),
        (package, "[Content_Types].xml", b"/xl/styles.xml", b"/xl/style.xml"),
        (package, "xl/_rels/workbook.xml.rels", b"styles.xml", b"style.xml"),
    ],
)
def test_a_judge_finds_what_is_wrong(tmp_path: Path, judge: Judge, part: str, old: bytes, new: bytes) -> None:
    path = EXHIBITS["grouped"].build(tmp_path / "r").path
    assert not judge(path)
    assert judge(changed(path, part, old, new))


def test_the_judge_of_packages_finds_a_wrong_crc(tmp_path: Path) -> None:
    path = EXHIBITS["days"].build(tmp_path / "r").path
    with zipfile.ZipFile(path) as opened:
        entry = opened.getinfo("xl/worksheets/sheet1.xml")
    raw = bytearray(path.read_bytes())
    right = struct.pack("<I", entry.CRC)
    assert raw.count(right) == 2, "in the local header and in the directory"
    path.write_bytes(raw.replace(right, struct.pack("<I", entry.CRC ^ 1)))
    assert package(path) == ["xl/worksheets/sheet1.xml: its CRC is not that of its bytes"]


def test_the_judge_of_packages_finds_data_descriptors(tmp_path: Path) -> None:
    path = EXHIBITS["days"].build(tmp_path / "r").path
    piped = tmp_path / "piped.xlsx"
    with zipfile.ZipFile(path) as opened, piped.open("wb") as file:
        pipe = SimpleNamespace(write=file.write, flush=file.flush)
        with zipfile.ZipFile(pipe, "w") as written:  # type: ignore[call-overload]  # what can't seek
            for name in opened.namelist():
                written.writestr(name, opened.read(name))
    assert any("data descriptor" in fault for fault in package(piped))
