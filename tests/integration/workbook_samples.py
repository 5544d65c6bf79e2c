"""Small reports written as workbooks through the Rust core, and what independent readers see in them."""

from __future__ import annotations

import csv
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

import rust_core
from pressroom.definition import load_definition
from pressroom.plan import Plan, make_plan
from pressroom.plates.sheet import make_sheet_plate
from pressroom.reports import Report

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass
class Workbook:
    """A written workbook and what it was made from."""

    path: Path
    written: rust_core.Written
    crunched: rust_core.Crunched
    plan: Plan

    def part(self, name: str) -> ET.Element:
        """A part of the package as XML."""
        with zipfile.ZipFile(self.path) as package:
            return ET.fromstring(package.read(name))

    def names(self) -> list[str]:
        """Paths of the parts."""
        with zipfile.ZipFile(self.path) as package:
            return package.namelist()


def crunched(
    folder: Path, definition: str, sql: str, workbook: str | None = None
) -> tuple[Report, Plan, Any]:
    """Open a report made of `definition` (and workbook.py) in `folder`, and crunch the rows of `sql`."""
    folder.mkdir(exist_ok=True)
    (folder / "report.yaml").write_text(definition, encoding="utf-8")
    if workbook is not None:
        (folder / "workbook.py").write_text(workbook, encoding="utf-8")
    report = Report(folder, load_definition(folder / "report.yaml"))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        relation = connection.sql(sql)
        plan = make_plan(report.definition, relation.columns)
        control = rust_core.JobControl(2)
        rows = rust_core.crunch(relation, plan.to_json(), str(folder / "spool.arrow"), control)
    return report, plan, rows


def build(
    folder: Path,
    definition: str,
    sql: str,
    *,
    workbook: str | None = None,
    threads: int = 2,
    control: rust_core.JobControl | None = None,
    path: Path | None = None,
    parameters: dict[str, object] | None = None,
) -> Workbook:
    """Write the report of `definition` over the rows of `sql`."""
    report, plan, rows = crunched(folder, definition, sql, workbook)
    plate = make_sheet_plate(report, plan, rows, parameters or {})
    path = path or folder / "out.xlsx"
    written = rust_core.write_xlsx(rows, plate, str(path), control or rust_core.JobControl(threads))
    return Workbook(path, written, rows, plan)


def libreoffice(path: Path, kind: str, folder: Path) -> Path:
    """Convert with LibreOffice, in a profile of its own so that tests can run side by side."""
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            str(folder),
            str(path),
        ],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return folder / f"{path.stem}.{kind.split(':')[0]}"


def libreoffice_rows(path: Path, folder: Path) -> list[list[str]]:
    """The first sheet as LibreOffice shows it."""
    with libreoffice(path, "csv:Text - txt - csv (StarCalc):44,34,76", folder).open(encoding="utf-8") as file:
        return list(csv.reader(file))
