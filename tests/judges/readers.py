"""Readers that know nothing of us: openpyxl, calamine, LibreOffice; and what a source's values become."""

from __future__ import annotations

import csv
import datetime as dt
import math
import subprocess
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import openpyxl
import python_calamine
from openpyxl.utils.escape import unescape

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Rows = list[list[Any]]
MAX_UNITS = 32_767
EXCELS_FIRST = dt.date(1900, 1, 1)
FIRST_IN_COMMON = dt.datetime(1900, 3, 1)  # noqa: DTZ001 - a sheet has no time zones
"""LibreOffice's calendar has no 29 February 1900: it counts the days before from one day earlier."""
ALWAYS_COMPUTE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>
"""
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
"""UTF-8 with commas; values in full rather than as shown; a file per sheet."""


def by_openpyxl(path: Path, *, read_only: bool = False) -> dict[str, Rows]:
    """The sheets from row 1 on; `None` for what is empty."""
    opened = openpyxl.load_workbook(path, data_only=True, read_only=read_only)
    sheets = {
        s.title: [[plain(raw(v)) for v in row] for row in s.iter_rows(values_only=True)]
        for s in opened.worksheets
    }
    opened.close()
    return sheets


def by_calamine(path: Path) -> dict[str, Rows]:
    """As `by_openpyxl`."""
    opened = python_calamine.load_workbook(path)
    sheets = [m.name for m in opened.sheets_metadata if m.typ is python_calamine.SheetTypeEnum.WorkSheet]
    return {
        name: [
            [plain(half_raw(v)) for v in row]
            for row in opened.get_sheet_by_name(name).to_python(skip_empty_area=False)
        ]
        for name in sheets
    }


def by_libreoffice(paths: Iterable[Path], folder: Path) -> dict[tuple[str, str], list[list[str]]]:
    """The sheets of several workbooks, by stem and name, as text; every formula is computed again."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS_COMPUTE, encoding="utf-8")
    paths = list(paths)
    command = [
        "soffice",
        f"-env:UserInstallation=file://{profile}",
        "--headless",
        "--convert-to",
        EVERY_SHEET,
    ]
    out = folder / "sheets"
    subprocess.run([*command, "--outdir", out, *paths], check=True, capture_output=True, timeout=240)
    found = {}
    for path in paths:
        for sheet in out.glob(f"{path.stem}-*.csv"):
            with sheet.open(encoding="utf-8", newline="") as file:
                found[path.stem, sheet.stem.removeprefix(f"{path.stem}-")] = list(csv.reader(file))
    return found


def raw(value: Any) -> Any:
    """openpyxl leaves Excel's own escapes in texts to its caller."""
    return unescape(value) if isinstance(value, str) else value


def half_raw(value: Any) -> Any:
    """calamine leaves the escapes of two characters that XML does not take."""
    if isinstance(value, str):
        return value.replace("_xFFFE_", "\ufffe").replace("_xFFFF_", "\uffff")
    return value


def plain(value: Any) -> Any:
    """A reader's value without its dialect."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    return value


def as_cell(value: Any, zone: str = "UTC") -> Any:
    """A source's value as its cell must have it (the traps of a sheet)."""
    match value:
        case bool() | None | dt.time():
            return value
        case int() | Decimal():
            exact = Decimal(value).normalize()
            digits = "".join(str(digit) for digit in exact.as_tuple().digits)
            return float(value) if len(digits) <= 15 else f"{exact:f}"
        case float():
            return value if math.isfinite(value) else None
        case dt.datetime():
            local = value.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if value.tzinfo else value
            return local if local.date() >= EXCELS_FIRST else local.isoformat()
        case dt.date():
            return plain(value) if value >= EXCELS_FIRST else value.isoformat()
        case str():
            return value.encode("utf-16-le")[: 2 * MAX_UNITS].decode("utf-16-le", "ignore") or None
    raise TypeError(type(value))


def is_shown(value: Any, text: str) -> bool:
    """Whether LibreOffice's text is this cell."""
    if value is None or isinstance(value, bool):
        return text == ("" if value is None else str(value).upper())
    if isinstance(value, float):
        return math.isclose(number(text), value, rel_tol=1e-14)
    if isinstance(value, dt.time):
        return text == f"{value:%I:%M:%S %p}"
    if isinstance(value, dt.datetime):
        if value < FIRST_IN_COMMON:
            value -= dt.timedelta(days=1)
        forms = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y")
        return text in [value.strftime(form) for form in forms]
    # LibreOffice knows one way to end a line.
    return text == value.replace("\r\n", "\n")


def number(text: str) -> float:
    """A number as LibreOffice writes it, or not a number."""
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return math.nan
