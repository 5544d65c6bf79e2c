"""Cells of a sheet that hold an error (`#N/A`, `#REF!`): calamine reads them as empty, a sum is short.

<c r="B7" t="e"><f>VLOOKUP(...)</f><v>#N/A</v></c>      ECMA-376 §18.3.1.4, §18.18.11
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK_BYTES: Final = 4 * 2**20
_TAG_BYTES: Final = 65_536
"""A cell's tag and its formula (8,192 characters at most) are shorter."""
_MARKS: Final = (b't="e"', b"t='e'")
_CELL: Final = re.compile(
    rb"<(?:\w+:)?c\b(?P<attributes>[^>]*\bt=[\"']e[\"'][^>]*)>(?P<rest>.{0,20000})", re.DOTALL
)
_PLACE: Final = re.compile(rb"\br=[\"']([A-Z]+[0-9]+)[\"']")
_VALUE: Final = re.compile(rb"<(?:\w+:)?v>([^<]*)<")


def first_error(path: Path, sheet: str) -> tuple[str, str] | None:
    """The first cell of `sheet` with an error, and the error; `None` when there is none."""
    with zipfile.ZipFile(path) as archive:
        part = _part_of(archive, sheet)
        if part is None:
            return None
        with archive.open(part) as content:
            window = b""
            while chunk := content.read(_CHUNK_BYTES):
                window = window[-_TAG_BYTES:] + chunk
                # Millions of cells pass here: look for the two marks before anything is parsed.
                if any(mark in window for mark in _MARKS):
                    window += content.read(_TAG_BYTES)
                    if found := _CELL.search(window):
                        place = _PLACE.search(found["attributes"])
                        value = _VALUE.search(found["rest"])
                        return (
                            place[1].decode() if place else "a cell",
                            value[1].decode(errors="replace") if value else "an error",
                        )
    return None


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The part of the package that holds the sheet (ECMA-376 §18.2.19: by the id of a relationship)."""
    entries = _parsed(archive, "xl/workbook.xml").iterfind("{*}sheets/{*}sheet")
    ids = [
        value
        for entry in entries
        if entry.get("name") == sheet
        for key, value in entry.items()
        if key.endswith("}id")
    ]
    for relationship in _parsed(archive, "xl/_rels/workbook.xml.rels"):
        if relationship.get("Id") in ids:
            return posixpath.normpath(posixpath.join("/xl", relationship.get("Target", ""))).lstrip("/")
    return None


def _parsed(archive: zipfile.ZipFile, part: str) -> ET.Element:
    # Expat itself stops entities that grow, and this process has little memory to lose.
    return ET.fromstring(archive.read(part))  # noqa: S314
