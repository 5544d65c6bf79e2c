"""The README's first command: 336,776 real flights through the whole press, read again by other readers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import duckdb
import pypdfium2
import pytest
from python_calamine import CalamineWorkbook

ROOT = Path(__file__).parents[2]
ROWS = 336_776
MILES = 350_217_607


@pytest.fixture(scope="module")
def demo() -> str:
    """What `make demo` prints."""
    done = subprocess.run(
        ["make", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo_says_where_it_ran_and_what_it_made(demo: str) -> None:
    assert re.search(r"API +http://127\.0\.0\.1:\d+/docs", demo)
    assert re.search(r"dashboard +http://127\.0\.0\.1:\d+", demo)
    assert re.search(r"out/flights\.pdf +336,776 +[\d,]+ pages +[\d.]+ MB", demo)
    assert re.search(r"out/flights\.xlsx +336,776 +1 sheet\(s\) +[\d.]+ MB", demo)
    assert re.search(r"built in [\d.]+ s", demo)
    assert "stopped cleanly" in demo


def test_the_totals_are_those_of_the_source(demo: str) -> None:
    assert demo
    source = duckdb.read_csv(str(ROOT / "out" / "data" / "flights.csv"))
    assert source.aggregate("count(*), sum(distance)").fetchall() == [(ROWS, MILES)]


def test_the_workbook_holds_every_flight_once(demo: str) -> None:
    assert demo
    rows = CalamineWorkbook.from_path(str(ROOT / "out" / "flights.xlsx")).get_sheet_by_name("Flights")
    cells = rows.to_python(skip_empty_area=False)
    heads = next(row for row in cells if "Miles" in row)
    flight, miles = heads.index("Flight"), heads.index("Miles")
    details = [row for row in cells if re.fullmatch(r"\w\w \d+", str(row[flight]))]
    assert len(details) == ROWS
    assert sum(row[miles] for row in details) == MILES
    assert cells[-2][miles] == MILES


def test_the_pdf_counts_its_pages_and_ends_with_the_grand_total(demo: str) -> None:
    assert demo
    path = ROOT / "out" / "flights.pdf"
    with pypdfium2.PdfDocument(path) as pdf:
        pages = len(pdf)
        texts = {n: pdf[n].get_textpage().get_text_range() for n in (1, 3, pages // 2, pages - 2, pages - 1)}
        outline = [entry.get_title() for entry in pdf.get_toc(max_depth=1)]
    assert re.search(rf"out/flights\.pdf +336,776 +{pages:,} pages", demo)
    for number, text in texts.items():
        assert f"Page {number + 1} of {pages}" in text.replace(",", "")
    assert "AirTran Airways Corporation" in texts[3]
    assert f"{MILES:,}" in texts[pages - 2]
    assert "United Air Lines Inc." in outline


def test_the_demo_leaves_no_process_behind(demo: str) -> None:
    assert demo
    data = str(ROOT / "out" / "press").encode()
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if data in command:
            left.append(command)
    assert left == []
