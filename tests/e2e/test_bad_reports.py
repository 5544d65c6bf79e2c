"""Reports that can't be printed: one line and a hint on the command line, status 2 or 1, and no file left."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import openpyxl
import pypdfium2
import pytest

from tests.services import ROOT

if TYPE_CHECKING:
    from pathlib import Path

YAML = """\
name: sales
title: Sales
data: {sql: "SELECT * FROM dataset"}
columns:
  - {field: item}
  - {field: amount, format: "0.00", total: sum}
"""
CSV = "item,amount\nPen,1.25\nInk,2.50\n"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A good report and its data, to be spoilt."""
    folder = tmp_path / "sales"
    folder.mkdir()
    (folder / "report.yaml").write_text(YAML, encoding="utf-8")
    (folder / "data.csv").write_text(CSV, encoding="utf-8")
    return folder


def render(
    report: Path, *arguments: str, main: str = "from pressroom.cli import main; main()"
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", main, "render", str(report), "--data", str(report / "data.csv")]
    return subprocess.run(
        [*command, "--out", str(report / "out"), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refusal(report: Path, status: int, *arguments: str) -> str:
    """The error of a render that must fail with `status`, tell no traceback and leave no file."""
    done = render(report, *arguments)
    assert done.returncode == status, done.stdout + done.stderr
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2 or "warning" in done.stderr
    assert not list((report / "out").glob("**/*"))
    return done.stderr


def test_a_template_error_names_its_file_and_line(report: Path) -> None:
    (report / "report.html").write_text("<h1>{{ report.title }}</h1>\n{{ table() }}\n{{ nothing.here }}\n")
    assert "report.html:3: " in refusal(report, 2)


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ table.__globals__ }}",
        "{% include '/etc/passwd' %}",
        "{% include '../../secret' %}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{% import 'os' as os %}",
    ],
)
def test_a_template_that_reaches_for_python_or_files_is_refused(report: Path, hostile: str) -> None:
    (report / "report.html").write_text(f"<p>{hostile}</p>\n{{{{ table() }}}}\n")
    assert "report.html:1: " in refusal(report, 2)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1:9/x.png", "../../../etc/hostname"])
def test_an_image_from_outside_the_report_is_never_fetched(report: Path, url: str) -> None:
    (report / "report.html").write_text(f'<img src="{url}">\n{{{{ table() }}}}\n')
    assert url.rsplit("/", 1)[-1] in refusal(report, 2)


def test_a_workbook_that_raises_is_named_with_its_own_line(report: Path) -> None:
    (report / "workbook.py").write_text(
        "def design(workbook, sheet, report):\n    raise ValueError('oops')\n"
    )
    error = refusal(report, 2)
    assert "workbook.py:2" in error
    assert "oops" in error


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT FROM WHERE", "syntax"),
        ("SELECT * FROM dataset; SELECT 1", "holds 2 statements"),
        ("SELECT * FROM read_text('/etc/passwd')", ""),
        ("ATTACH '/tmp/x.db'", "SELECT"),
        ("COPY dataset TO '/tmp/stolen.csv'", "SELECT"),
        ("SELECT no_such FROM dataset", "no_such"),
        (
            "SELECT item, CASE WHEN amount > 2 THEN error('boom') ELSE amount END AS amount FROM dataset",
            "boom",
        ),
    ],
)
def test_sql_that_fails_or_leaves_its_sandbox_is_refused(report: Path, sql: str, says: str) -> None:
    (report / "report.yaml").write_text(YAML.replace("SELECT * FROM dataset", sql))
    done = render(report)
    assert done.returncode in (1, 2), done.stdout
    assert done.stderr.startswith("error: ")
    assert says.lower() in done.stderr.lower()
    assert not list((report / "out").glob("**/*"))


def test_sql_that_fails_while_its_rows_are_sorted_is_named(report: Path) -> None:
    failing = YAML.replace("SELECT * FROM dataset", "SELECT item, item::INTEGER AS amount FROM dataset")
    (report / "report.yaml").write_text(failing + "groups: [{field: item}]\n")
    said = "error: report.yaml: data.sql line 1: Conversion Error: Could not convert string"
    assert said in refusal(report, 2)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"item,amount\nPen,1\nInk\n", "3"),
        (b"item,amount\ncaf\xe9,1\n", "utf-8"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04rest", ""),
        (",".join(f"c{n}" for n in range(16_385)).encode() + b"\n", "16,38"),
    ],
)
def test_data_that_is_not_what_it_should_be_is_named(report: Path, data: bytes, says: str) -> None:
    (report / "data.csv").write_bytes(data)
    error = refusal(report, 1)
    assert "data.csv" in error
    assert says in error


def test_a_csv_of_column_names_alone_is_refused_as_its_types_are_unknown(report: Path) -> None:
    (report / "data.csv").write_text("item,amount\n")
    assert "data.csv: has column names but no rows" in refusal(report, 1)


@pytest.mark.parametrize("rows", [0, 1])
def test_no_rows_and_one_row_are_reports_like_any_other(report: Path, rows: int) -> None:
    sql = f"SELECT * FROM dataset LIMIT {rows}"
    (report / "report.yaml").write_text(YAML.replace("SELECT * FROM dataset", sql))
    done = render(report)
    assert done.returncode == 0, done.stderr
    with pypdfium2.PdfDocument(report / "out" / "sales.pdf") as pdf:
        assert len(pdf) == 1
        assert "Amount" in pdf[0].get_textpage().get_text_range()
    sheet = openpyxl.load_workbook(report / "out" / "sales.xlsx").worksheets[0]
    assert [row for row in sheet.iter_rows(values_only=True) if "Pen" in row] == [("Pen", 1.25)][:rows]


def test_every_script_goes_through_names_titles_values_and_paths(report: Path) -> None:
    strange = report.with_name("Straße 売上 مرحبا")
    report.rename(strange)
    (strange / "report.yaml").write_text(
        YAML.replace("title: Sales", "title: Ünïcödé – 売上").replace("item", "größe"), encoding="utf-8"
    )
    (strange / "data.csv").write_text("größe,amount\nnaïve Ω Жук 𝄞,1\n", encoding="utf-8")
    done = render(strange)
    assert done.returncode == 0, done.stderr
    sheet = openpyxl.load_workbook(strange / "out" / "sales.xlsx").worksheets[0]
    assert ("naïve Ω Жук 𝄞", 1) in list(sheet.iter_rows(values_only=True))
    with pypdfium2.PdfDocument(strange / "out" / "sales.pdf") as pdf:
        text = pdf[0].get_textpage().get_text_range()
    assert "Ünïcödé" in text
    assert "naïve Ω Жук" in text


NO_PANGO = """
import cffi
load = cffi.FFI.dlopen
def dlopen(self, name, flags=0):
    if name and "pango" in name:
        raise OSError(f"cannot load library {name!r}: not here")
    return load(self, name, flags)
cffi.FFI.dlopen = dlopen
from pressroom.cli import main
main()
"""
"""A machine without Pango, as the loader of shared libraries sees it."""


def test_without_pango_the_error_says_what_to_install(report: Path) -> None:
    done = render(report, main=NO_PANGO)
    assert done.returncode == 1
    assert done.stderr.startswith("error: Pango, which lays out the pages, can't be loaded")
    assert "apt-get install libpango-1.0-0" in done.stderr
    assert done.stdout == ""


def test_a_workbook_needs_no_pango(report: Path) -> None:
    done = render(report, "--format", "xlsx", main=NO_PANGO)
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.suffix for path in (report / "out").iterdir()] == [".xlsx"]
