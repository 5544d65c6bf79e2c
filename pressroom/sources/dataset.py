"""A dataset: a file of rows, its name in the SQL, and what format its content is."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pressroom.errors import BadData, LimitExceeded

Format = Literal["csv", "parquet", "json", "arrow", "xlsx"]
"""What a dataset's file may be: CSV, Parquet, JSON lines, Arrow IPC (file or stream), an Excel workbook."""

FORMAT_NAMES: Final[dict[Format, str]] = {
    "csv": "CSV",
    "parquet": "Parquet",
    "json": "JSON lines",
    "arrow": "Arrow IPC",
    "xlsx": "XLSX",
}
READABLE: Final = "CSV in UTF-8, Parquet, JSON lines, Arrow IPC or XLSX"
MAX_COLUMNS: Final = 16_384
"""Columns of a worksheet (ECMA-376): a dataset with more can't be printed."""

_HEAD_BYTES: Final = 65_536
_EXTENSIONS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
_OTHER_MAGIC: Final = (
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook, or one behind a password"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A file of rows and the name that the SQL knows it by."""

    name: str
    path: Path
    format: str
    title: str | None = None
    """What its owner calls the file; the path's own name where there is no other."""

    @property
    def shown(self) -> str:
        """The file as errors name it."""
        return self.title or self.path.name


def detect_format(path: Path, name: str | None = None) -> Format:
    """Tell a file's format by its content; `name` is the name its owner gave it (default: the path's).

    Raises `BadData` for an empty file, for a format Pressroom does not read, and for a content that is not
    what the name's ending says.
    """
    shown = name or path.name
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(max(0, path.stat().st_size - 4))
            tail = file.read(4)
        found = _in_zip(shown, path) if head.startswith(b"PK\x03\x04") else _by_content(shown, head, tail)
    except OSError as e:
        raise BadData(f"{shown}: can't be read: {e.strerror}") from None
    said = _EXTENSIONS.get(Path(shown).suffix.lower())
    if said is not None and said != found:
        raise BadData(
            f"{shown}: is named as {FORMAT_NAMES[said]}, but its content is {FORMAT_NAMES[found]}",
            hint="rename it, or send the file that was meant",
        )
    return found


def check_width(shown: str, columns: int) -> None:
    """Raise `LimitExceeded` for a dataset of more columns than a worksheet can show."""
    if columns > MAX_COLUMNS:
        raise LimitExceeded(f"{shown}: has {columns:,} columns; at most {MAX_COLUMNS:,} are possible")


def _in_zip(shown: str, path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError):
        raise BadData(f"{shown}: an XLSX workbook or ZIP archive that is cut short or broken") from None
    if "xl/workbook.xml" in names:
        return "xlsx"
    what = "a ZIP archive"
    if "xl/workbook.bin" in names:
        what = "a binary Excel workbook"
    elif "mimetype" in names:
        what = "an OpenDocument file"
    raise BadData(f"{shown}: is {what}", hint=f"datasets are {READABLE}")


def _by_content(shown: str, head: bytes, tail: bytes) -> Format:
    if not head.strip():
        raise BadData(f"{shown}: is empty", hint="a dataset has at least a line of column names and a row")
    if head.startswith(b"PAR1"):
        if tail != b"PAR1":
            raise BadData(f"{shown}: a Parquet file that is cut short", hint="send it again")
        return "parquet"
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "arrow"
    for magic, what in _OTHER_MAGIC:
        if head.startswith(magic):
            raise BadData(f"{shown}: is {what}", hint=f"datasets are {READABLE}")
    if b"\0" in head:
        raise BadData(f"{shown}: is binary, and no format that is known here")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return "json"
    if text.startswith(b"["):
        raise BadData(
            f"{shown}: is a JSON array", hint="JSON lines is one object per line, without the brackets"
        )
    return "csv"
