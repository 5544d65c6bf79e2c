"""The benchmarks: a tiny run of each from data to page, and the committed page as their results make it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bench.pdf.readback import difference as pdf_difference
from bench.xlsx.readback import difference
from tests.services import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "benchmarks.md"


def bench(name: str, *arguments: str | Path, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *map(str, arguments)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cache), "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_quick_run_compares_ours_with_xlsxwriter(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = bench("xlsx", "--quick", "--peers", "xlsxwriter", "--out", out, cache=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "| **Pressroom**, whole process |" in ended.stdout
    assert "| XlsxWriter |" in ended.stdout
    found = {each["contender"]: each for each in json.loads((out / "results.json").read_text())["found"]}
    assert set(found) == {"pressroom", "xlsxwriter"}
    for each in found.values():
        assert each["rows"] == 1_000
        (run,) = each["runs"]
        assert run["seconds"] > 0
        assert run["peak_bytes"] > 20_000_000
        assert run["file_bytes"] > 10_000
    assert ended.stdout.strip() in (out / "benchmarks.md").read_text(encoding="utf-8")


def test_a_quick_run_compares_ours_with_weasyprint(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = bench("pdf", "--quick", "--out", out, cache=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "| **Pressroom**, whole process |" in ended.stdout
    assert "| WeasyPrint |" in ended.stdout
    found = {each["contender"]: each for each in json.loads((out / "results.json").read_text())["found"]}
    assert set(found) == {"pressroom", "weasyprint"}
    for each in found.values():
        assert each["rows"] == 200
        (run,) = each["runs"]
        # One design, one way of breaking lines: the plate makes the pages that WeasyPrint makes.
        assert run["counts"] == {"pages": 6}
        assert run["file_bytes"] > 10_000
    assert found["pressroom"]["runs"][0]["phases"]["core"] > 0
    assert ended.stdout.strip() in (out / "benchmarks.md").read_text(encoding="utf-8")


def test_a_file_that_lacks_a_row_or_has_another_value_is_told(tmp_path: Path) -> None:
    import duckdb
    import xlsxwriter

    from bench.dataset import LABELS, made_dataset

    data = made_dataset(3, tmp_path).path
    rows = duckdb.sql(f"SELECT * FROM '{data}'").fetchall()

    def written(name: str, rows: list[tuple[object, ...]]) -> str:
        path = tmp_path / name
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as workbook:
            sheet = workbook.add_worksheet()
            for number, row in enumerate([tuple(LABELS.values()), *rows]):
                sheet.write_row(number, 0, row)
        return str(path)

    assert difference(str(data), written("right.xlsx", rows)) is None
    assert difference(str(data), written("short.xlsx", rows[:2])) == "ends before row 3"
    assert difference(str(data), written("long.xlsx", [*rows, rows[0]])) == "goes on after row 3"
    other = [*rows[:2], (*rows[2][:-1], 0)]
    assert str(difference(str(data), written("other.xlsx", other))).startswith("row 3 is ")


def test_a_print_that_lacks_a_row_or_has_another_value_is_told(tmp_path: Path) -> None:
    from weasyprint import HTML

    from bench.dataset import made_dataset
    from bench.pdf.writers import html

    data = str(made_dataset(3, tmp_path).path)
    page = html(data)
    first, second, third = re.findall("^<tr><td.*$", page, re.MULTILINE)
    out = str(tmp_path / "ledger.pdf")

    def told(markup: str) -> str | None:
        HTML(string=markup).write_pdf(out)
        return pdf_difference(data, out)

    assert told(page) is None
    assert told(page.replace(third, "")) == "ends with row 2 of 3"
    assert str(told(page.replace(second, ""))).startswith("page 1 holds the rows [1, 3], not 2 rows from 1")
    assert str(told(page.replace(second, first + second))).startswith("page 1 holds the rows [1, 1, 2, 3]")
    assert str(told(page.replace("document 00000002", "document 2"))).startswith("page 1, row 2: not found")


def test_a_peer_that_is_not_known_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    ended = bench("xlsx", "--quick", "--peers", "pandas", cache=tmp_path)
    assert ended.returncode == 2
    assert "error: no peer named pandas" in ended.stderr
    assert "rustpy-xlsxwriter" in ended.stderr


PICTURES = {
    "xlsx": ["bench-xlsx-memory.png", "bench-xlsx-seconds.png"],
    "pdf": ["bench-pdf-memory.png", "bench-pdf-seconds.png"],
    "techniques": ["bench-techniques.png"],
}


def test_the_committed_page_has_a_section_of_each_benchmark_whose_results_are_kept() -> None:
    sections = re.findall(r"made by python -m bench\.(\w+)", PAGE.read_text(encoding="utf-8"))
    assert sorted(sections) == sorted(path.parent.name for path in ROOT.glob("bench/*/results.json"))


@pytest.mark.parametrize(
    ("name", "pictures"),
    [each for each in PICTURES.items() if (ROOT / "bench" / each[0] / "results.json").is_file()],
)
def test_the_committed_page_is_what_its_results_make(name: str, pictures: list[str], tmp_path: Path) -> None:
    shutil.copy(PAGE, tmp_path / PAGE.name)
    ended = bench(name, "--page", "--out", tmp_path, cache=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / PAGE.name).read_bytes() == PAGE.read_bytes()
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == pictures
