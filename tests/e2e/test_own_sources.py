"""Reports that read workbooks, databases and Python functions, from the command line and over REST."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import openpyxl
import pytest
import xlsxwriter

from tests.e2e.conftest import problem_of
from tests.services import ROOT, free_port, open_shop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services import Shop

BALANCES = """\
name: balances
title: Balances
parameters:
  least: {type: integer, default: 0}
data:
  sources:
    accounts: {database: books, sql: "SELECT id, owner FROM accounts WHERE id >= $least"}
    entries: {python: "entries:entries"}
  sql: SELECT owner, amount FROM entries JOIN accounts USING (id)
columns:
  - {field: amount, total: sum}
groups: [{field: owner}]
"""
ENTRIES = """\
from arro3.core import Array, DataType, RecordBatch

def entries(parameters):
    for start in (1, 2):
        if parameters["least"] == 2 and start == 2:
            raise ValueError("no more entries")
        ids = Array([start, start + 1], DataType.int64())
        yield RecordBatch.from_pydict({"id": ids, "amount": ids})
"""
SHEET = """\
name: sheet
title: A sheet
data: {sql: FROM book}
columns: [{field: a, total: sum}]
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of reports, with the database of one and the workbook of the other."""
    folder = tmp_path_factory.mktemp("reports")
    for name, files in {
        "balances": {"report.yaml": BALANCES, "entries.py": ENTRIES},
        "sheet": {"report.yaml": SHEET},
    }.items():
        (folder / name).mkdir()
        for file, content in files.items():
            (folder / name / file).write_text(content)
    with sqlite3.connect(folder / "books.db") as connection:
        connection.executescript(
            "CREATE TABLE accounts (id INTEGER, owner TEXT);"
            "INSERT INTO accounts VALUES (1, 'ada'), (2, 'bob'), (3, 'ada')"
        )
    connection.close()
    book = xlsxwriter.Workbook(str(folder / "book.xlsx"))
    sheet = book.add_worksheet()
    for row, value in enumerate(["a", 1.25, 2]):
        sheet.write(row, 0, value)
    book.close()
    return folder


def render(reports: Path, name: str, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PRESSROOM_")}
    return subprocess.run(
        [
            *(sys.executable, "-c", "from pressroom.cli import main; main()", "render", str(reports / name)),
            *("--out", str(out), "--format", "xlsx", *options),
        ],
        env=environment | {"PRESSROOM_DATABASES__BOOKS": f"sqlite:///{reports / 'books.db'}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def values(path: Path) -> set[Any]:
    book = openpyxl.load_workbook(path, data_only=True)
    return {cell for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row}


def test_a_report_may_need_no_data_but_its_own(reports: Path, tmp_path: Path) -> None:
    ended = render(reports, "balances", tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    assert "4 rows" in ended.stdout
    found = values(tmp_path / "out" / "balances.xlsx")
    assert {1, 2, 3} <= found
    assert all(any(owner in str(value) for value in found) for owner in ("ada", "bob"))


def test_a_source_that_fails_half_way_leaves_nothing(reports: Path, tmp_path: Path) -> None:
    ended = render(reports, "balances", tmp_path / "out", "-p", "least=2")
    assert ended.returncode == 2
    assert "balances/entries.py:6: ValueError: no more entries" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_workbook_is_rows(reports: Path, tmp_path: Path) -> None:
    ended = render(reports, "sheet", tmp_path / "out", "--data", str(reports / "book.xlsx"))
    assert ended.returncode == 0, ended.stderr
    assert {1.25, 2} <= values(tmp_path / "out" / "sheet.xlsx")


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory, reports: Path) -> Iterator[tuple[Shop, httpx.Client]]:
    """API and real workers over these reports."""
    port = free_port()
    with open_shop(tmp_path_factory.mktemp("press"), port=port, report_dirs=str(reports)) as shop:
        shop.environment["PRESSROOM_DATABASES__BOOKS"] = f"sqlite:///{reports / 'books.db'}"
        api = shop.start("api")
        for queue in ("fast", "heavy"):
            shop.start_worker(queue, real=True)
        wait_for(lambda: api.says("running on"), "the API listens")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=40, trust_env=False) as http:
            yield shop, http


def _ended(shop: Shop, answer: httpx.Response) -> Any:
    assert answer.status_code == 202, answer.text
    return shop.wait_until(shop.store.job(answer.json()["id"]), "succeeded", "failed", limit=120)


def test_rest_takes_a_job_without_a_dataset_when_the_report_needs_none(
    press: tuple[Shop, httpx.Client],
) -> None:
    shop, http = press
    job = _ended(shop, http.post("/v1/jobs", json={"report": "balances", "outputs": ["xlsx"]}))
    assert (job.state, job.error) == ("succeeded", None)
    assert job.queue == "heavy"
    assert job.completeness["rows_read"] == 4
    refused = http.post("/v1/jobs", json={"report": "sheet", "outputs": ["xlsx"]})
    assert "at least one dataset" in problem_of(refused, 400, "bad_request")["detail"]


def test_submit_needs_no_data_either(press: tuple[Shop, httpx.Client], tmp_path: Path) -> None:
    shop, http = press
    options = ("--url", str(http.base_url), "--format", "xlsx", "--out", str(tmp_path / "out"))
    ended = subprocess.run(
        [sys.executable, "-c", "from pressroom.cli import main; main()", "submit", "balances", *options],
        env=shop.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["balances.xlsx"]


def test_rest_says_where_a_python_source_failed(press: tuple[Shop, httpx.Client]) -> None:
    shop, http = press
    job = _ended(shop, http.post("/v1/jobs", json={"report": "balances", "parameters": {"least": 2}}))
    assert job.state == "failed"
    assert job.error["code"] == "source_failed"
    assert job.error["detail"] == "balances/entries.py:6: ValueError: no more entries"
    assert shop.published(job) == []


def test_rest_takes_a_workbook_as_a_dataset(press: tuple[Shop, httpx.Client], reports: Path) -> None:
    shop, http = press
    content = (reports / "book.xlsx").read_bytes()
    answer = http.post("/v1/datasets", params={"name": "Buch.xlsx"}, content=content)
    assert answer.status_code == 201, answer.text
    assert answer.json()["format"] == "xlsx"
    body = {"report": "sheet", "dataset": {"book": answer.json()["id"]}, "outputs": ["xlsx"]}
    job = _ended(shop, http.post("/v1/jobs", json=body))
    assert (job.state, job.error) == ("succeeded", None)
    assert job.completeness["control_totals"]["a"]["sum"] == "325"
