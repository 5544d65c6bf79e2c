"""The last look at a file before it is published: whether it is whole."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from pressroom.errors import BuildFailed

if TYPE_CHECKING:
    from pathlib import Path

_PDF = "application/pdf"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TAIL = 1024
"""Bytes in which a reader looks for the end of a PDF (ISO 32000-2, 7.5.5)."""


def proofread(path: Path, media_type: str, size: int) -> None:
    """Raise `BuildFailed` unless the file has `size` bytes, and a beginning and an end that fit."""
    there = path.stat().st_size
    if there != size:
        raise BuildFailed(f"{path.name}: {there:,} bytes on disk, {size:,} written")
    check = {_PDF: _check_pdf, _XLSX: _check_xlsx}.get(media_type)
    if check is None:
        raise BuildFailed(f"{path.name}: no way to check {media_type}")
    check(path, size)


def _check_pdf(path: Path, size: int) -> None:
    """The trailer's last `startxref` leads to a cross-reference section (ISO 32000-2, 7.5.4 to 7.5.8)."""
    with path.open("rb") as file:
        if not file.read(5) == b"%PDF-":
            raise BuildFailed(f"{path.name}: does not begin like a PDF")
        file.seek(max(0, size - _TAIL))
        end = re.search(rb"startxref\s+(\d+)\s+%%EOF\s*\Z", file.read())
        if end is None:
            raise BuildFailed(f"{path.name}: has no PDF trailer")
        file.seek(min(int(end[1]), size))
        section = file.read(32)
    if re.match(rb"xref\s|\d+\s+\d+\s+obj\b", section) is None:
        raise BuildFailed(f"{path.name}: its trailer leads to no cross-reference section")


def _check_xlsx(path: Path, size: int) -> None:
    """The ZIP directory is whole and lists a workbook (ECMA-376-2, 10.3)."""
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
    except zipfile.BadZipFile as error:
        raise BuildFailed(f"{path.name}: its ZIP directory is broken: {error}") from None
    for part in ("[Content_Types].xml", "xl/workbook.xml"):
        if part not in {entry.filename for entry in entries}:
            raise BuildFailed(f"{path.name}: has no {part}")
    for entry in entries:
        if entry.header_offset + entry.compress_size > size:
            raise BuildFailed(f"{path.name}: {entry.filename} ends outside of the file")
