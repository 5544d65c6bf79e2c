"""Python functions as sources: what they may return, and errors that name their file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pressroom.errors import BadRequest, PressroomError, SourceFailed
from pressroom.reports import Report
from pressroom.sources.source import Source
from tests.integration.test_source import MEMORY, dataset, definition, rows

if TYPE_CHECKING:
    from pathlib import Path

    from pressroom.definition import ReportDefinition
    from pressroom.sources.dataset import Dataset

HEAD = """\
from arro3.core import Array, DataType, RecordBatch, RecordBatchReader, Schema, Table

def batch(*numbers):
    return RecordBatch.from_pydict({"a": Array(list(numbers), DataType.int64())})

def entries(parameters):
"""
LINES = HEAD.count("\n")
SHORT = {"python": "books:entries"}


def source(
    folder: Path, body: str, report: ReportDefinition | None = None, *data: Dataset, **parameters: Any
) -> Source:
    (folder / "report").mkdir(exist_ok=True)
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    (folder / "report" / "books.py").write_text(HEAD + indented)
    return Source(
        Report(folder / "report", report or definition(data=SHORT)),
        data,
        parameters,
        threads=1,
        memory_limit_bytes=MEMORY,
        spill=folder / "spill",
    )


def refused(folder: Path, body: str, report: ReportDefinition | None = None) -> PressroomError:
    with pytest.raises(PressroomError) as caught, source(folder, body, report) as opened:
        rows(opened)
    assert str(folder) not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        "return batch(3, 1, 2)",
        "return Table.from_batches([batch(3), batch(1, 2)])",
        "return RecordBatchReader.from_batches(batch(1).schema, [batch(3, 1), batch(2)])",
        "return [batch(3, 1), batch(2)]",
        "yield batch(3, 1)\nyield batch(2)",
        "yield batch()\nyield Table.from_batches([batch(3), batch(1, 2)])",
        "import duckdb\nreturn duckdb.sql('SELECT unnest([3, 1, 2])::BIGINT AS a')",
        "return batch(3, 1, parameters['n'])",
    ],
)
def test_whatever_speaks_arrow_is_a_source_and_is_ordered(tmp_path: Path, body: str) -> None:
    with source(tmp_path, body, definition(data=SHORT, order=["a"]), n=2) as opened:
        assert opened.fields == ["a"]
        assert rows(opened) == [(1,), (2,), (3,)]


def test_the_sql_joins_a_function_with_a_dataset(tmp_path: Path) -> None:
    data = dataset(tmp_path, "a,b\n1,x\n2,y\n")
    raw = {
        "sql": "SELECT a, b FROM dataset JOIN books USING (a)",
        "sources": {"books": {"python": "books:entries"}},
    }
    with source(tmp_path, "return batch(2)", definition(data=raw), data) as opened:
        assert rows(opened) == [(2, "y")]


def test_the_function_can_not_change_the_parameters_of_the_job(tmp_path: Path) -> None:
    body = "parameters.clear()\nreturn batch(1)"
    raw = {"sql": "SELECT $n AS a", "sources": {"books": {"python": "books:entries"}}}
    with source(tmp_path, body, definition(data=raw), n=7) as opened:
        assert rows(opened) == [(7,)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x = 1\nreturn 1 / 0", f"report/books.py:{LINES + 2}: ZeroDivisionError: division by zero"),
        (
            "yield batch(1)\nyield batch(2)\nraise OSError('gone')",
            f"report/books.py:{LINES + 3}: OSError: gone",
        ),
        ("return batch('x')", "report/books.py:4: "),
        (
            "import duckdb\nrows = duckdb.sql('SELECT nope')\nreturn rows",
            f"report/books.py:{LINES + 2}: Binder Error: ",
        ),
        (
            "import duckdb\nreturn duckdb.sql(\"SELECT CAST(i || 'x' AS INTEGER) AS a FROM range(1) t(i)\")",
            "report/books.py: entries: Conversion Error: Could not convert string '0x'",
        ),
        ("import sys\nsys.exit('bye')", f"report/books.py:{LINES + 2}: SystemExit: bye"),
        ("return (", f"report/books.py:{LINES + 1}: '(' was never closed"),
        ("return None", "report/books.py: entries: returned None, which is no Arrow stream"),
        ("return {'a': 1}", "report/books.py: entries: returned a dict, which is no Arrow stream"),
        ("return 7", "report/books.py: entries: returned a int, which is no Arrow stream"),
        ("yield (1, 2)", "report/books.py: entries: gave a tuple where a batch was expected"),
        ("return []", "report/books.py: entries: yielded no batch"),
        (
            "yield batch(1)\nyield RecordBatch.from_pydict({'b': Array(['x'], DataType.utf8())})",
            "report/books.py: entries: a batch has b Utf8 after one with a Int64",
        ),
    ],
)
def test_a_function_that_fails_is_named_with_its_line(tmp_path: Path, body: str, message: str) -> None:
    error = refused(tmp_path, body)
    assert isinstance(error, SourceFailed)
    assert str(error).startswith(message)
    assert len(str(error).splitlines()) == 1
    assert error.__cause__ is not error
    assert not error.retryable


TWICE = """\
one = batch(1)
fields = Schema([one.schema.field(0), one.schema.field(0).with_name("A")])
yield RecordBatch.from_arrays([one.column(0), one.column(0)], schema=fields)
"""


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, TWICE)
    assert isinstance(error, SourceFailed)
    assert str(error) == "report/books.py: entries: gives more than one column named a"
    assert error.hint == "name each differently"


@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("books:nothing", "report/books.py:1: it defines no nothing(parameters)"),
        ("films:entries", "report/films.py: no such file"),
    ],
)
def test_a_function_that_is_not_there_is_named(tmp_path: Path, python: str, message: str) -> None:
    error = refused(tmp_path, "return batch(1)", definition(data={"python": python}))
    assert isinstance(error, SourceFailed)
    assert str(error) == message


def test_rows_are_read_as_they_are_yielded(tmp_path: Path) -> None:
    body = "for n in range(1000):\n    yield batch(*range(n * 1000, n * 1000 + 1000))"
    report = definition(data={"sql": "SELECT count(*) AS a, sum(a) FROM books", "sources": {"books": SHORT}})
    with source(tmp_path, body, report) as opened:
        assert rows(opened) == [(1_000_000, sum(range(1_000_000)))]


def test_a_report_without_rows_from_anywhere_asks_for_a_dataset(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="at least one dataset"):
        source(tmp_path, "", definition("SELECT 1 AS a"))


def test_a_dataset_that_nobody_would_read_is_refused(tmp_path: Path) -> None:
    data = dataset(tmp_path, "a\n1\n")
    with pytest.raises(BadRequest, match="takes no dataset: its rows come from books:entries"):
        source(tmp_path, "", None, data)
    raw = {"sql": "FROM rows", "sources": {"rows": SHORT}}
    with pytest.raises(BadRequest, match="'rows' is a source of the report itself"):
        source(tmp_path, "", definition(data=raw), data)
