"""Transforms in a report: tables that its SQL reads, errors that name their key, the examples of the docs."""

from __future__ import annotations

import datetime as dt
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from arro3.core import RecordBatchReader
from python_calamine import CalamineWorkbook

import rust_core
from pressroom.build import build
from pressroom.definition import ReportDefinition, load_definition
from pressroom.errors import JobCancelled, PressroomError
from pressroom.reports import Report
from pressroom.sources.dataset import Dataset
from pressroom.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs" / "transforms.md"
MEMORY = 256 * 2**20
TRADES = """\
account,day,quantity,price
A,2024-01-02,10,5.00
A,2024-02-01,-4,8.00
B,2024-01-03,3,1.50
B,2024-02-02,-3,1.25
"""
LOTS = {
    "name": "lots",
    "kind": "fifo_lots",
    "sql": "SELECT account, day, quantity, price FROM trades",
    "partition": ["account"],
    "order": ["day"],
    "quantity": "quantity",
    "price": "price",
}


def definition(*transforms: dict[str, Any], sql: str = "SELECT * FROM lots", **more: Any) -> ReportDefinition:
    raw = {
        "name": "r",
        "title": "R",
        "data": {"sql": sql, "transforms": transforms},
        "columns": [{"field": "a"}],
    }
    return ReportDefinition.model_validate(raw | more)


def source(
    folder: Path, report: ReportDefinition, content: str = TRADES, name: str = "trades", **parameters: Any
) -> Source:
    path = folder / "rows.csv"
    path.write_text(content, encoding="utf-8")
    return Source(
        Report(folder, report),
        [Dataset(name, path, "csv")],
        parameters,
        threads=2,
        memory_limit_bytes=MEMORY,
        spill=folder / "spill",
    )


def rows(opened: Source) -> Iterator[dict[str, Any]]:
    for batch in RecordBatchReader.from_stream(opened.stream()):
        columns = [column.to_pylist() for column in batch.columns]
        for values in zip(*columns, strict=True):
            yield dict(zip(batch.schema.names, values, strict=True))


def refused(folder: Path, report: ReportDefinition, **more: Any) -> PressroomError:
    with pytest.raises(PressroomError) as caught, source(folder, report, **more) as opened:
        list(rows(opened))
    return caught.value


def test_a_transform_reads_datasets_and_the_transforms_before_it(tmp_path: Path) -> None:
    gains = {
        "name": "gains",
        "kind": "running_balance",
        "sql": "SELECT sold_day, account, gain FROM lots WHERE status = 'closed'",
        "order": ["sold_day"],
        "amount": "gain",
    }
    report = definition(LOTS, gains, sql="SELECT account, balance FROM gains JOIN trades USING (account)")
    with source(tmp_path, report) as opened:
        found = sorted((row["account"], float(row["balance"])) for row in rows(opened))
    assert found == [("A", 12.0), ("A", 12.0), ("B", 11.25), ("B", 11.25)]
    assert not list((tmp_path / "spill").glob("*.arrow"))


TRADING = """\
import duckdb

def trades(parameters):
    return duckdb.sql("SELECT 'A' AS account, i AS day, 2 AS quantity, i AS price FROM range(3) t(i)")
"""


def test_a_transform_reads_the_reports_own_sources(tmp_path: Path) -> None:
    (tmp_path / "trading.py").write_text(TRADING, encoding="utf-8")
    data = {"sources": {"trades": {"python": "trading:trades"}}, "transforms": [LOTS]}
    raw = {"name": "r", "title": "R", "data": data | {"sql": "FROM lots"}, "columns": [{"field": "cost"}]}
    report = Report(tmp_path, ReportDefinition.model_validate(raw))
    spill = tmp_path / "spill"
    with Source(report, [], {}, threads=2, memory_limit_bytes=MEMORY, spill=spill) as opened:
        costs = [(row["status"], row["cost"]) for row in rows(opened)]
    assert costs == [("open", 0), ("open", 2), ("open", 4)]


def test_a_transform_binds_parameters(tmp_path: Path) -> None:
    aging = {
        "name": "lots",
        "kind": "aging",
        "sql": "SELECT * FROM trades WHERE account = $account",
        "as_of": "$day",
        "due": "day",
        "amount": "price",
    }
    parameters = {"day": {"type": "date"}, "account": {"type": "string"}}
    report = definition(aging, parameters=parameters)
    with source(tmp_path, report, day=dt.date(2024, 2, 10), account="A") as opened:
        assert [row["days"] for row in rows(opened)] == [39, 9]
    message = str(refused(tmp_path, report, day=None, account="A"))
    assert message == "parameter 'day': the report needs a date, and there is None"


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (
            {"price": "cost"},
            "report.yaml: data.transforms.0.price: unknown field 'cost'",
            "its SQL gives: account, day, quantity, price",
        ),
        (
            {"order": ["day", "time"]},
            "report.yaml: data.transforms.0.order.1: unknown field 'time'",
            "its SQL gives: account, day, quantity, price",
        ),
        (
            {"price": "account"},
            'report.yaml: data.transforms.0: transform "lots": price: field "account" holds text values; '
            "numbers are needed: cast it in the SQL",
            None,
        ),
        (
            {"sql": "SELECT account, day, -quantity AS quantity, price FROM trades"},
            'report.yaml: data.transforms.0: transform "lots": row 1 (account "A"): sells 10 more than was '
            "bought before; correct the rows, or say short: zero_cost or short: open",
            None,
        ),
        (
            {"sql": "SELECT * FROM trade"},
            "report.yaml: data.transforms.0.sql: Catalog Error: Table with name trade does not exist!",
            'Did you mean "trades"?',
        ),
        (
            {"sql": "SELECT error('no ' || account) AS account, day, quantity, price FROM trades"},
            "report.yaml: data.transforms.0.sql: Invalid Input Error: no A",
            None,
        ),
        (
            {"sql": "SELECT account, day, price,\n  CAST(account AS INTEGER) AS quantity FROM trades"},
            "report.yaml: data.transforms.0.sql line 2: Conversion Error: Could not convert string 'A'",
            None,
        ),
        (
            {"sql": "DROP TABLE trades"},
            "report.yaml: data.transforms.0.sql: is a statement of type DROP",
            "the SQL of a report is exactly one SELECT",
        ),
        (
            {"sql": "SELECT * FROM trades WHERE day > $since"},
            "report.yaml: data.transforms.0.sql: $since is no parameter of the report",
            "declared: none",
        ),
        (
            {"sql": "SELECT * FROM read_text('/etc/hostname')"},
            "report.yaml: data.transforms.0.sql: Permission Error",
            None,
        ),
    ],
)
def test_a_transform_that_fails_is_named_by_its_key(
    tmp_path: Path, change: dict[str, Any], message: str, hint: str | None
) -> None:
    error = refused(tmp_path, definition(LOTS | change))
    assert str(error).startswith(message)
    assert error.hint == hint
    assert not list((tmp_path / "spill").glob("*.arrow"))


def test_a_dataset_can_not_have_a_transforms_name(tmp_path: Path) -> None:
    error = refused(tmp_path, definition(LOTS), name="lots")
    assert (str(error), error.hint) == (
        "'lots' is a transform of the report itself",
        "name the dataset differently",
    )


def test_an_interrupted_transform_stops(tmp_path: Path) -> None:
    endless = LOTS | {"sql": "SELECT account, day, i AS quantity, price FROM trades, range(1000000000) t(i)"}
    opened = source(tmp_path, definition(endless))
    done = threading.Event()

    def interrupt() -> None:
        while not done.wait(0.05):
            opened.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(JobCancelled), opened:
            pass
    finally:
        done.set()
        thread.join()


def tables(section: str) -> list[list[dict[str, str]]]:
    """The Markdown tables of a section, without that of its keys."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines()]
        if lines[0] != ["key", "says"]:
            found.append([dict(zip(lines[0], values, strict=True)) for values in lines[2:]])
    return found


SECTIONS = DOCS.read_text(encoding="utf-8").split("\n## ")[1:]
each_kind = pytest.mark.parametrize("section", SECTIONS, ids=[s.splitlines()[0] for s in SECTIONS])


@each_kind
def test_the_examples_of_the_docs_are_true(tmp_path: Path, section: str) -> None:
    transform = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)[0])
    given, made = tables(section)
    content = "\n".join([",".join(given[0]), *(",".join(row.values()) for row in given)]) + "\n"
    report = definition(transform, sql=f"SELECT * FROM {transform['name']}")
    with source(tmp_path, report, content) as opened:
        found = [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows(opened)]
    assert found == made


@each_kind
def test_a_report_of_each_kind_is_printed(tmp_path: Path, section: str) -> None:
    transform = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)[0])
    given, made = tables(section)
    data = tmp_path / "rows.csv"
    lines = [",".join(given[0]), *(",".join(row.values()) for row in given)]
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = {
        "name": "made",
        "title": "Made",
        "data": {"transforms": [transform], "sql": f"SELECT * FROM {transform['name']}"},
        "columns": [{"field": field} for field in made[0]],
    }
    (tmp_path / "report.yaml").write_text(yaml.safe_dump(report), encoding="utf-8")
    (tmp_path / "work").mkdir()
    built = build(
        Report(tmp_path, load_definition(tmp_path / "report.yaml")),
        [Dataset("dataset", data, "csv")],
        {},
        ["pdf", "xlsx"],
        tmp_path / "work",
        control=rust_core.JobControl(2),
        memory_limit_bytes=MEMORY,
        weasyprint_rows=100,
    )
    assert built.rows == len(made)
    sheet = CalamineWorkbook.from_path(built.files[1].path).get_sheet_by_index(0).to_python()
    body = [row for row in sheet if any(str(cell) for cell in row)][-len(made) :]
    for row, expected in zip(body, made, strict=True):
        for cell, text in zip(row, expected.values(), strict=True):
            assert str(cell) == text or float(cell) == float(text)
