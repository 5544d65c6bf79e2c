"""The source: what it reads, what it refuses, and that its SQL stays in the sandbox."""

from __future__ import annotations

import datetime as dt
import json
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from arro3.core import RecordBatchReader

import rust_core
from pressroom.definition import ReportDefinition
from pressroom.errors import (
    BadData,
    DefinitionError,
    JobCancelled,
    LimitExceeded,
    PressroomError,
    QueryFailed,
)
from pressroom.reports import Report
from pressroom.sources.dataset import Dataset, detect_format
from pressroom.sources.source import Source

if TYPE_CHECKING:
    from pathlib import Path

MEMORY = 256 * 2**20


def _at(*parts: int) -> dt.datetime:
    return dt.datetime(2020, 1, 2, *parts)  # type: ignore[arg-type]  # noqa: DTZ001 - as the file says it


def definition(sql: str = "SELECT * FROM dataset", **more: Any) -> ReportDefinition:
    raw: dict[str, Any] = {"name": "r", "title": "R", "data": {"sql": sql}, "columns": [{"field": "a"}]}
    return ReportDefinition.model_validate(raw | more)


def dataset(folder: Path, content: str | bytes, name: str = "rows.csv") -> Dataset:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Dataset("rows", path, detect_format(path))


def source(folder: Path, data: Dataset, report: ReportDefinition | None = None, **parameters: Any) -> Source:
    return Source(
        Report(folder, report or definition()),
        [data],
        parameters,
        threads=1,
        memory_limit_bytes=MEMORY,
        spill=folder / "spill",
    )


def rows(opened: Source) -> list[tuple[Any, ...]]:
    out: list[tuple[Any, ...]] = []
    try:
        for batch in RecordBatchReader.from_stream(opened.stream()):
            out += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    except PressroomError:
        raise
    except Exception as error:
        # As `build` does with what comes out of the core.
        raise opened.failure(error) from error
    return out


def refused(
    folder: Path, data: Dataset, report: ReportDefinition | None = None, **parameters: Any
) -> PressroomError:
    with pytest.raises(PressroomError) as caught, source(folder, data, report, **parameters) as opened:
        rows(opened)
    return caught.value


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM dataset", "FROM rows;", "SELECT * FROM rows -- all\n; -- of them"]
)
def test_rows_come_ordered_by_groups_then_order_with_nulls_last(tmp_path: Path, sql: str) -> None:
    data = dataset(tmp_path, 'a,"b c"\n2,ü\n1,z\n,x\n1,"a, ""b"""\n')
    report = definition(sql, groups=[{"field": "a"}], order=["b c"])
    with source(tmp_path, data, report) as opened:
        assert opened.fields == ["a", "b c"]
        assert rows(opened) == [(1, 'a, "b"'), (1, "z"), (2, "ü"), (None, "x")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a;b\n1;x,y\n", [(1, "x,y")]),
        ("a\tb\n1\tx\n", [(1, "x")]),
        ("\ufeffa,b\r\n1,東京\r\n", [(1, "東京")]),
        ("a,b\n1,one row", [(1, "one row")]),
    ],
)
def test_csv_of_every_habit_is_read(tmp_path: Path, content: str, expected: list[tuple[Any, ...]]) -> None:
    with source(tmp_path, dataset(tmp_path, content)) as opened:
        assert rows(opened) == expected


def test_a_column_that_turns_out_to_be_text_is_text_from_its_first_row(tmp_path: Path) -> None:
    lines = "".join(f"{i}\n" for i in range(250_000))
    with source(tmp_path, dataset(tmp_path, f"a\n{lines}n/a\n")) as opened:
        assert rows(opened)[-1] == ("n/a",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n3\n", "rows.csv:3: Expected Number of Columns: 2 Found: 1"),
        ("a,b\n1,2\n3,4,5\n", "rows.csv:3: Expected Number of Columns: 2 Found: 3"),
        (b"a,b\n1,x\n2,\xff\xfe\n", "rows.csv:3: Invalid unicode"),
        ("a,b\n", "rows.csv: has column names but no rows"),
        ("", "rows.csv: is empty"),
        (" \n\n", "rows.csv: is empty"),
        ("a,A\n1,2\n", "rows.csv:1: more than one column is named A, a"),
        ("a,,c\n1,2,3\n", "rows.csv:1: column 2 has no name"),
        (b"PK\x03\x04", "rows.csv: an XLSX workbook or ZIP archive that is cut short"),
        (b"\xff\xfea\0,\0", "rows.csv: is UTF-16 text"),
        (b"a,b\n1,\x00\n", "rows.csv: is binary"),
        ('{"a": 1}\n', "rows.csv: is named as CSV, but its content is JSON lines"),
        ('[{"a": 1}]\n', "rows.csv: is a JSON array"),
    ],
)
def test_bad_data_is_named_with_file_and_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(BadData) as caught, source(tmp_path, dataset(tmp_path, content)):
        pass
    assert str(caught.value).startswith(message)


def test_more_columns_than_a_worksheet_has_are_refused(tmp_path: Path) -> None:
    line = ",".join(f"c{i}" for i in range(16_385))
    with (
        pytest.raises(LimitExceeded, match="16,385 columns"),
        source(tmp_path, dataset(tmp_path, f"{line}\n{line}\n")),
    ):
        pass


def test_parquet_and_json_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    duckdb.sql("SELECT 1 AS a, 'ß' AS b").write_parquet(str(path))
    assert detect_format(path) == "parquet"
    with source(tmp_path, Dataset("rows", path, "parquet")) as opened:
        assert rows(opened) == [(1, "ß")]
    (tmp_path / "cut.parquet").write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadData, match=r"cut\.parquet: a Parquet file that is cut short"):
        detect_format(tmp_path / "cut.parquet")
    data = dataset(tmp_path, '{"a": 1, "b": "ß"}\n{"a": 2}\n', "rows.jsonl")
    with source(tmp_path, data) as opened:
        assert rows(opened) == [(1, "ß"), (2, None)]
    error = refused(tmp_path, dataset(tmp_path, '{"a": 1}\n{"a": x}\n{"a": 3}\n', "rows.jsonl"))
    assert str(error).startswith("rows.jsonl:2: Malformed JSON at byte")


def arrow_file(path: Path, rows: str) -> bytes:
    """The content of an Arrow IPC file: the rows of the SQL with a running balance of their `n`."""
    kind = {"running_balance": dict.fromkeys(("amount", "debit", "credit", "opening")) | {"amount": "n"}}
    plan = json.dumps({"name": "rows", "time_zone": None, "kind": kind})
    rust_core.transform(duckdb.sql(rows), plan, str(path), rust_core.JobControl(1))
    return path.read_bytes()


def test_arrow_files_and_streams_are_read_unless_two_columns_have_one_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    content = arrow_file(path, "SELECT i AS n, 'x' AS o FROM range(3000) t(i)")
    for written in (content, content[64:]):
        data = dataset(tmp_path, written, "rows.arrow")
        with source(tmp_path, data, definition("SELECT n AS a FROM rows")) as opened:
            assert rows(opened)[-1] == (2999,)
    error = refused(tmp_path, dataset(tmp_path, content[64 : len(content) // 2], "rows.arrow"))
    assert isinstance(error, BadData)
    assert str(error) == "rows.arrow: Io error: failed to fill whole buffer"
    content = arrow_file(path, "SELECT 1 AS n, 2 AS sold, 3 AS gone").replace(b"gone", b"Sold")
    error = refused(tmp_path, dataset(tmp_path, content, "rows.arrow"))
    assert isinstance(error, BadData)
    assert str(error) == "rows.arrow: gives more than one column named sold"


def test_parameters_are_bound_and_never_pasted(tmp_path: Path) -> None:
    data = dataset(tmp_path, "a,b\n1,x\n2,'; DROP TABLE rows; --\n")
    report = definition("SELECT * FROM dataset WHERE $who IS NULL OR b = $who", columns=[{"field": "a"}])
    with source(tmp_path, data, report, who="'; DROP TABLE rows; --", unused=1) as opened:
        assert rows(opened) == [(2, "'; DROP TABLE rows; --")]
    with source(tmp_path, data, report, who=None) as opened:
        assert len(rows(opened)) == 2


def test_an_undeclared_parameter_in_the_sql_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, dataset(tmp_path, "a\n1\n"), definition("SELECT $x AS a"), y=1)
    assert isinstance(error, DefinitionError)
    assert "$x is no parameter" in str(error)
    assert error.hint == "declared: y"


def test_an_error_in_the_sql_has_its_line_and_a_hint(tmp_path: Path) -> None:
    error = refused(
        tmp_path, dataset(tmp_path, "amount,a\n1,2\n"), definition("SELECT a,\n  amt\nFROM dataset")
    )
    assert isinstance(error, QueryFailed)
    assert "amt" in str(error)
    assert error.hint
    assert "amount" in error.hint
    error = refused(tmp_path, dataset(tmp_path, "a\n1\n"), definition("SELECT a, a FROM dataset"))
    assert "more than one column named a" in str(error)


def test_no_rows_are_an_empty_stream(tmp_path: Path) -> None:
    with source(
        tmp_path, dataset(tmp_path, "a\n1\n"), definition("SELECT * FROM dataset WHERE false")
    ) as opened:
        assert rows(opened) == []


def test_several_datasets_go_by_their_names(tmp_path: Path) -> None:
    first, second = dataset(tmp_path, "a\n1\n"), dataset(tmp_path, "b\n7\n", "other.csv")
    second = Dataset('quo"ted näme', second.path, second.format)
    report = definition('SELECT dataset.a, b FROM dataset, "quo""ted näme"')
    with Source(
        Report(tmp_path, report),
        [first, second],
        {},
        threads=1,
        memory_limit_bytes=MEMORY,
        spill=tmp_path / "spill",
    ) as opened:
        assert rows(opened) == [(1, 7)]


def test_a_running_query_can_be_interrupted(tmp_path: Path) -> None:
    report = definition("SELECT sum(hash(x.i * y.i)) AS a FROM range(1000000) x(i), range(1000000) y(i)")
    with source(tmp_path, dataset(tmp_path, "a\n1\n"), report) as opened:
        stop = threading.Event()

        def interrupt() -> None:
            while not stop.wait(0.02):
                opened.interrupt()

        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            with pytest.raises(JobCancelled):
                rows(opened)
        finally:
            stop.set()
            thread.join()


def test_a_json_field_of_several_types_is_text_without_quotes(tmp_path: Path) -> None:
    lines = '{"a": "z"}\n{"a": 1}\n{"a": true}\n{"a": null}\n{"a": {"b": "ü"}}\n'
    with source(tmp_path, dataset(tmp_path, lines, "rows.jsonl")) as opened:
        assert rows(opened) == [("z",), ("1",), ("true",), (None,), ('{"b":"ü"}',)]


def test_an_error_names_the_file_as_its_owner_does(tmp_path: Path) -> None:
    stored = dataset(tmp_path, "a,b\n1,2\n3\n", "01jd3ptw5yk8.csv")
    error = refused(tmp_path, Dataset("rows", stored.path, "csv", "März sales.csv"))
    assert str(error).startswith("März sales.csv:3: ")
    assert "01jd3" not in str(error)


def test_an_odd_value_far_down_a_csv_types_its_whole_column(tmp_path: Path) -> None:
    lines = "".join(f"{n % 5},{n % 9}\n" for n in range(250_000))
    with source(tmp_path, dataset(tmp_path, f"a,code\n{lines}1.5,007\n2.5,9\n")) as opened:
        last = rows(opened)[-2:]
    assert last == [(Decimal("1.5"), "007"), (Decimal("2.5"), "9")]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["12345678901234567.89", "0.01"], [Decimal("12345678901234567.89"), Decimal("0.01")]),
        (["-.5", "2."], [Decimal("-0.5"), Decimal("2.0")]),
        (["123456789012345678901"], [Decimal(123456789012345678901)]),
        (["0.12345678901234567890123456789012345678901"], [0.12345678901234568]),
        (["1.5", "1e3"], [1.5, 1000.0]),
        (["01/02/2020"], ["01/02/2020"]),
        (["01/02/2020 10:00"], ["01/02/2020 10:00"]),
        (["2020-01-02"], [dt.date(2020, 1, 2)]),
        (["2020-01-02T10:00:00", "2020-01-02 10:00:00.5"], [_at(10, 0, 0), _at(10, 0, 0, 500_000)]),
        (["007", "12"], ["007", "12"]),
    ],
)
def test_csv_values_keep_what_is_written(tmp_path: Path, written: list[str], read: list[Any]) -> None:
    lines = "".join(f"{value},x\n" for value in written)
    with source(tmp_path, dataset(tmp_path, f"a,b\n{lines}")) as opened:
        found = [row[0] for row in rows(opened)]
    assert found == read
    assert [type(value) for value in found] == [type(value) for value in read]


def test_every_column_of_a_wide_csv_has_its_own_scale(tmp_path: Path) -> None:
    header = ",".join(["a", *(f"n{n}" for n in range(400))])
    values = ",".join(f"{n}.{'5' * (1 + n % 4)}" for n in range(400))
    empty = "," * 400
    with source(tmp_path, dataset(tmp_path, f"{header}\nx,{values}\ny{empty}\n")) as opened:
        first, second = rows(opened)
    assert first == ("x", *(Decimal(f"{n}.{'5' * (1 + n % 4)}") for n in range(400)))
    assert second == ("y", *[None] * 400)


def test_a_group_of_a_million_values_is_put_in_order(tmp_path: Path) -> None:
    lines = "".join(f"{n * 7_919 % 1_000_003}\n" for n in range(1_000_000))
    data = dataset(tmp_path, f"a\n{lines}")
    with source(tmp_path, data, definition(groups=[{"field": "a"}])) as opened:
        found = [row[0] for row in rows(opened)]
    assert len(set(found)) == 1_000_000
    assert found == sorted(found)


@pytest.mark.parametrize("content", ["a,b\n,\n,\n", '{"a": null, "b": null}\n{"a": null, "b": null}\n'])
def test_nothing_but_nulls_is_rows_of_nulls(tmp_path: Path, content: str) -> None:
    data = dataset(tmp_path, content, "rows.csv" if content.startswith("a") else "rows.jsonl")
    with source(tmp_path, data, definition(groups=[{"field": "a"}], order=["b"])) as opened:
        assert rows(opened) == [(None, None), (None, None)]


@pytest.mark.parametrize("order", [[], ["a"]])
def test_a_query_that_fails_half_way_or_while_it_is_sorted_fails_the_job(
    tmp_path: Path, order: list[str]
) -> None:
    data = dataset(tmp_path, "a\n" + "".join(f"{n}\n" for n in range(300_000)) + "x\n")
    error = refused(tmp_path, data, definition("SELECT CAST(a AS INTEGER) AS a FROM dataset", order=order))
    assert isinstance(error, QueryFailed)
    assert "Could not convert string 'x'" in str(error)


@pytest.mark.parametrize("order", [[], ["a"]], ids=["unsorted", "sorted"])
@pytest.mark.parametrize("good", [1, 300_000], ids=["at once", "half way"])
def test_an_error_while_the_sql_runs_has_its_line(tmp_path: Path, order: list[str], good: int) -> None:
    data = dataset(tmp_path, "v\n" + "".join(f"{n}\n" for n in range(good)) + "x\n")
    sql = "-- amounts\n\nSELECT 1 AS b,\n  CAST(v AS INTEGER) AS a\nFROM dataset"
    error = refused(tmp_path, data, definition(sql, order=order))
    assert isinstance(error, QueryFailed)
    assert str(error).startswith("report.yaml: data.sql line 4: Conversion Error: Could not convert")


def test_a_source_says_how_far_its_query_is(tmp_path: Path) -> None:
    """From the heartbeat's thread, while the run's own reads; closed it says nothing."""
    sql = "SELECT hash(r.range) AS a FROM dataset, range(3_000_000) r"
    report = definition(sql, order=["a"])
    src = source(tmp_path, dataset(tmp_path, "n\n1\n"), report)
    seen: list[float] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            if (part := src.progress()) is not None:
                seen.append(part)

    looking = threading.Thread(target=look)
    with src:
        looking.start()
        try:
            rows = sum(batch.num_rows for batch in RecordBatchReader.from_stream(src.stream()))
        finally:
            over.set()
            looking.join()
    assert rows == 3_000_000
    assert seen == sorted(seen)
    assert [part for part in seen if 0.1 < part < 0.9], seen[-5:]
    assert src.progress() is None
