"""Reports printed as a user would, by the command line, and read back; examples of their own data."""

from __future__ import annotations

import csv
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl

from tests.services import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PRESSROOM = [sys.executable, "-c", "from pressroom.cli import main; main()"]
Row = tuple[Any, ...]


def printed(name: str, folder: Path, rows: int) -> tuple[dict[str, list[Row]], list[str]]:
    """The sheets and the lines of the PDF of an example, printed of its own data; the data is in `folder`."""
    example = ROOT / "examples" / name
    made = subprocess.run(
        [sys.executable, example / "data.py", folder, "--rows", str(rows)],
        check=True,
        capture_output=True,
        text=True,
    )
    return rendered(example, [Path(path) for path in made.stdout.split()], folder)


def rendered(report: Path, data: Sequence[Path], folder: Path) -> tuple[dict[str, list[Row]], list[str]]:
    """The sheets and the lines of the PDF of the report in the folder `report`, whose name it has."""
    name = report.name
    given = [part for path in data for part in ("--data", path)]
    subprocess.run([*PRESSROOM, "render", report, *given, "--out", folder], check=True)
    book = openpyxl.load_workbook(folder / f"{name}.xlsx", data_only=True)
    text = subprocess.run(
        ["pdftotext", "-layout", folder / f"{name}.pdf", "-"], check=True, capture_output=True, text=True
    )
    return {sheet.title: list(sheet.values) for sheet in book.worksheets}, text.stdout.splitlines()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cents(values: Iterable[Any]) -> list[Decimal]:
    """Cells of a sheet as amounts; an empty cell is 0."""
    return [round(Decimal(value or 0), 2) for value in values]


def totals(lines: list[str], label: str) -> list[str]:
    """The figures of the one line of the PDF that begins with `label`."""
    (line,) = [line for line in lines if line.strip().startswith(label)]
    return line.strip().removeprefix(label).split()
