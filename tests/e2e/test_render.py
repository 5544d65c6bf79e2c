"""`render` and `check`: the real build, from a folder and a file to a PDF and a workbook."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import openpyxl
import pikepdf
import pytest

from tests.services import ROOT, wait_for

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = """\
name: sales
title: Sales by region
parameters:
  region: {type: string, default: null}
  since: {type: date, default: 2020-01-01}
data:
  sql: SELECT * FROM dataset WHERE ($region IS NULL OR region = $region) AND day >= $since
columns:
  - {field: day, label: Day, format: yyyy-mm-dd}
  - {field: item, label: Item}
  - {field: amount, label: Amount, format: "#,##0.00", total: sum}
groups:
  - {field: region, label: Region}
order: [day]
"""
ROWS = 2_000


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report's folder."""
    folder = tmp_path_factory.mktemp("reports") / "sales"
    folder.mkdir()
    (folder / "report.yaml").write_text(DEFINITION)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its rows, as CSV."""
    path = tmp_path_factory.mktemp("data") / "sales.csv"
    lines = (f"{('North', 'Süd')[n % 2]},2024-01-{n % 28 + 1:02},Item {n},{n}.25" for n in range(ROWS))
    path.write_text("region,day,item,amount\n" + "\n".join(lines) + "\n")
    return path


def pressroom(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would."""
    return subprocess.run(
        [sys.executable, "-c", "from pressroom.cli import main; main()", *map(str, arguments)],
        env={k: v for k, v in os.environ.items() if not k.startswith("PRESSROOM_")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_render_writes_both_files_and_their_figures(report: Path, data: Path, tmp_path: Path) -> None:
    out, stats = tmp_path / "out", tmp_path / "stats.json"
    ended = pressroom("render", report, "--data", data, "--out", out, "--stats", stats, "--threads", "2")
    assert ended.returncode == 0, ended.stderr
    assert sorted(path.name for path in out.iterdir()) == ["sales.pdf", "sales.xlsx"]
    figures = json.loads(stats.read_text())
    assert figures["rows"] == ROWS
    assert figures["threads"] == 2
    assert figures["peak_rss_bytes"] > 10_000_000
    assert set(figures["phases"]) == {"read", "crunch", "plate", "pdf", "xlsx", "publish"}
    with pikepdf.open(out / "sales.pdf") as pdf:
        assert len(pdf.pages) == figures["pdf"]["pages"]
    assert set(figures["pdf"]) == {"pages", "bytes", "seconds"}
    assert set(figures["xlsx"]) == {"sheets", "cells", "bytes", "seconds"}
    assert figures["pdf"]["bytes"] == (out / "sales.pdf").stat().st_size
    assert figures["xlsx"]["bytes"] == (out / "sales.xlsx").stat().st_size
    book = openpyxl.load_workbook(out / "sales.xlsx", read_only=True)
    items = [row[1] for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) if len(row) > 1]
    assert f"Item {ROWS - 1}" in items
    book.close()


def test_render_takes_parameters_and_one_format(report: Path, data: Path, tmp_path: Path) -> None:
    stats = tmp_path / "stats.json"
    options = ("-p", "region=Süd", "-p", "since=2024-01-15", "--format", "xlsx", "--stats", stats)
    ended = pressroom("render", report, "--data", data, "--out", tmp_path / "out", *options)
    assert ended.returncode == 0, ended.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["sales.xlsx"]
    figures = json.loads(stats.read_text())
    assert "pdf" not in figures
    assert figures["rows"] == sum(1 for n in range(ROWS) if n % 2 and n % 28 + 1 >= 15)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-p", "area=Süd"), "area"),
        (("-p", "since=yesterday"), "since"),
        (("-p", "since=2024-02-30"), "since"),
    ],
)
def test_a_wrong_parameter_is_status_2_and_leaves_nothing(
    report: Path, data: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    ended = pressroom("render", report, "--data", data, "--out", tmp_path / "out", *options)
    assert ended.returncode == 2, ended.stderr
    assert words in ended.stderr.splitlines()[0]
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_an_unknown_field_is_status_2_and_named(report: Path, data: Path, tmp_path: Path) -> None:
    other = tmp_path / "sales"
    other.mkdir()
    (other / "report.yaml").write_text(DEFINITION.replace("field: amount", "field: amuont"))
    ended = pressroom("render", other, "--data", data, "--out", tmp_path / "out")
    assert ended.returncode == 2, ended.stderr
    assert "amuont" in ended.stderr


def test_data_of_no_known_format_is_status_1(report: Path, tmp_path: Path) -> None:
    junk = tmp_path / "junk.parquet"
    junk.write_bytes(bytes(range(256)) * 10)
    ended = pressroom("render", report, "--data", junk, "--out", tmp_path / "out")
    assert ended.returncode == 1, ended.stderr
    assert "junk.parquet" in ended.stderr


def test_a_failed_render_leaves_the_older_files_as_they_are(report: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "sales.pdf").write_text("older")
    ended = pressroom("render", report, "--data", data, "--out", out, "-p", "since=never")
    assert ended.returncode == 2
    assert {path.name: path.read_text() for path in out.iterdir()} == {"sales.pdf": "older"}


def test_ctrl_c_ends_a_render_and_leaves_nothing(report: Path, tmp_path: Path) -> None:
    big, out = tmp_path / "big.csv", tmp_path / "out"
    with big.open("w") as file:
        file.write("region,day,item,amount\n")
        file.writelines(f"R{n % 7},2024-01-01,Item {n},{n}\n" for n in range(600_000))
    process = subprocess.Popen(
        [
            # A shell starts what it puts in the background with SIGINT ignored, and children inherit that.
            "env",
            "--default-signal=INT",
            sys.executable,
            "-c",
            "from pressroom.cli import main; main()",
            "render",
            str(report),
            "--data",
            str(big),
            "--out",
            str(out),
        ],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    wait_for(lambda: out.exists() and any(out.glob(".pressroom-*/*")), "the render is under way", 120)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1, said
    assert "Traceback" not in said
    assert list(out.iterdir()) == []


def test_check_with_data_makes_the_plates(report: Path, data: Path) -> None:
    ended = pressroom("check", report, "--data", data)
    assert ended.returncode == 0, ended.stderr
    for words in (
        "definition:",
        "SQL: gives 4 fields",
        f"rows: {ROWS:,} read",
        "PDF: plate made",
        "XLSX: plate made",
    ):
        assert words in ended.stdout, ended.stdout
