"""Databases as sources, against real ones: what comes out of them, and how they refuse."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from pressroom.errors import (
    BadData,
    DatabaseRefused,
    DefinitionError,
    JobCancelled,
    LimitExceeded,
    PressroomError,
    QueryFailed,
    Unavailable,
)
from pressroom.reports import Report
from pressroom.sources.database import Databases
from pressroom.sources.source import Source
from tests.integration.test_source import MEMORY, dataset, definition, rows
from tests.postgres import OWNER_PASSWORD, Postgres, running_postgres
from tests.services import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pressroom.definition import ReportDefinition
    from pressroom.sources.dataset import Dataset

TABLES = """
CREATE TABLE entries (id int PRIMARY KEY, day date, amount numeric(20, 4), who text);
INSERT INTO entries VALUES (1, '2024-01-31', 12345678901234.5678, 'ada'), (2, NULL, NULL, NULL),
  (3, '2024-03-01', -0.5, 'o''neill; DROP TABLE entries');
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        server.sql(TABLES)
        yield server


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    """URL of an SQLite database."""
    path = tmp_path / "led ger.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "CREATE TABLE entries (id INTEGER PRIMARY KEY, day DATE, amount DECIMAL(20, 4), who TEXT);"
            "INSERT INTO entries VALUES (1, '2024-01-31', 12.5, 'ada'), (2, NULL, NULL, NULL),"
            "(3, '2024-03-01', -3, 'o''neill');"
        )
    connection.close()
    return f"sqlite:///{path}"


def reading(sql: str, main: str = "FROM entries ORDER BY ALL", **more: Any) -> ReportDefinition:
    return definition(data={"sql": main, "sources": {"entries": {"database": "books", "sql": sql}}}, **more)


def source(
    folder: Path,
    url: str,
    report: ReportDefinition,
    *data: Dataset,
    seconds: float = 60,
    memory: int = MEMORY,
    **parameters: Any,
) -> Source:
    return Source(
        Report(folder, report),
        data,
        parameters,
        threads=1,
        memory_limit_bytes=memory,
        spill=folder / "spill",
        databases=Databases({"books": SecretStr(url)}, seconds),
    )


def refused(
    folder: Path, url: str, report: ReportDefinition, *, seconds: float = 60, **parameters: Any
) -> PressroomError:
    opened = source(folder, url, report, seconds=seconds, **parameters)
    with pytest.raises(PressroomError) as caught, opened:
        rows(opened)
    assert "horse" not in f"{caught.value} {caught.value.hint}"
    return caught.value


def test_postgres_keeps_numerics_exact_and_nulls_null(tmp_path: Path, postgres: Postgres) -> None:
    with source(tmp_path, postgres.url(), reading("SELECT * FROM entries;")) as opened:
        assert rows(opened) == [
            (1, dt.date(2024, 1, 31), Decimal("12345678901234.5678"), "ada"),
            (2, None, None, None),
            (3, dt.date(2024, 3, 1), Decimal("-0.5000"), "o'neill; DROP TABLE entries"),
        ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("12345678901234567890.12::numeric", Decimal("12345678901234567890.12")),
        ("'NaN'::numeric", "nan"),
        ("timestamptz '2024-01-31 10:00+02'", dt.datetime(2024, 1, 31, 8, tzinfo=dt.UTC)),
        ("timestamp '2024-01-31 10:00'", dt.datetime(2024, 1, 31, 10)),  # noqa: DTZ001 - as it is there
        ("time '10:00'", dt.time(10)),
        ("true", True),
        ("9223372036854775807::bigint", 2**63 - 1),
        ("1.5::float8", 1.5),
        ("'東京'::varchar(9)", "東京"),
        ("NULL::numeric", None),
        ("ARRAY[1, 2]", [1, 2]),
    ],
)
def test_postgres_types_arrive_as_they_are(
    tmp_path: Path, postgres: Postgres, expression: str, expected: object
) -> None:
    with source(tmp_path, postgres.url(), reading(f"SELECT {expression} AS a")) as opened:
        ((found,),) = rows(opened)
    assert str(found) == "nan" if expected == "nan" else found == expected


@pytest.mark.parametrize(
    ("expression", "kind", "cast"),
    [("inet '127.0.0.1'", "inet", "a::text AS a"), ("1::money", "money", "a::numeric AS a")],
)
def test_postgres_types_that_would_lose_their_meaning_are_refused(
    tmp_path: Path, postgres: Postgres, expression: str, kind: str, cast: str
) -> None:
    error = refused(tmp_path, postgres.url(), reading(f"SELECT {expression} AS a"))
    assert str(error).endswith(f"column 'a' is of PostgreSQL's type {kind}")
    assert error.hint == f"write {cast}"


EVERY_KIND = """
SELECT id, '$text' AS t, "id" AS "$id" -- $comment
FROM entries WHERE ($who IS NULL OR who = $who) AND (day >= $since OR day IS NULL) AND id <= $most
"""


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_parameters_are_bound_and_never_pasted(
    tmp_path: Path, database: str, postgres: Postgres, ledger: str
) -> None:
    url = postgres.url() if database == "postgres" else ledger
    given = {"since": dt.date(2024, 1, 1), "most": 3}
    with source(tmp_path, url, reading(EVERY_KIND), who=None, **given) as opened:
        assert rows(opened) == [(1, "$text", 1), (2, "$text", 2), (3, "$text", 3)]
    with source(tmp_path, url, reading(EVERY_KIND), who="ada' OR true --", **given) as opened:
        assert rows(opened) == []
    error = refused(tmp_path, url, reading("SELECT 1\n  + $x AS a"), y=1)
    assert str(error) == "report.yaml: data.sources.entries.sql line 2: $x is no parameter of the report"


def test_every_kind_of_parameter_reaches_postgres_in_its_type(tmp_path: Path, postgres: Postgres) -> None:
    given = {
        "i": 2**40,
        "n": 0.5,
        "b": True,
        "s": "a\\'b$$",
        "at": dt.datetime(2024, 1, 1, 10, tzinfo=dt.UTC),
        "local": dt.datetime(2024, 1, 1, 10),  # noqa: DTZ001 - one without zone
    }
    kinds = ", ".join(f"pg_typeof(${name})::text AS {name}" for name in given)
    with source(
        tmp_path, postgres.url(), reading(f"SELECT $s AS a, $i + 1 AS j, {kinds}"), **given
    ) as opened:
        assert rows(opened) == [
            (
                "a\\'b$$",
                2**40 + 1,
                "bigint",
                "numeric",
                "boolean",
                "text",
                "timestamp with time zone",
                "timestamp without time zone",
            )
        ]


def test_tables_of_databases_and_datasets_are_joined_and_ordered(tmp_path: Path, ledger: str) -> None:
    data = dataset(tmp_path, "who,a\nada,Lovelace\n")
    report = reading(
        "SELECT id, who FROM entries",
        "SELECT id, a FROM entries LEFT JOIN dataset USING (who)",
        groups=[{"field": "a"}],
        order=["id"],
    )
    with source(tmp_path, ledger, report, data) as opened:
        assert rows(opened) == [(1, "Lovelace"), (2, None), (3, None)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["12.5", "-3", "NULL"], [Decimal("12.5"), Decimal("-3.0"), None]),
        (["1", "2"], [1, 2]),
        (["1", "'x'", "2.5"], ["1", "x", "2.5"]),
        (["NULL", "NULL"], [None, None]),
        (["x'00ff'", "NULL"], [b"\x00\xff", None]),
        (["''", "'東京'"], ["", "東京"]),
        (["9223372036854775807"], [2**63 - 1]),
    ],
)
def test_a_column_of_sqlite_has_the_type_of_all_its_values(
    tmp_path: Path, ledger: str, values: list[str], expected: list[Any]
) -> None:
    sql = " UNION ALL ".join(f"SELECT {value} AS a" for value in values)
    with source(tmp_path, ledger, reading(sql, "FROM entries")) as opened:
        assert [row[0] for row in rows(opened)] == expected


def test_an_integer_of_sqlite_that_a_float_would_round_is_refused_beside_floats(
    tmp_path: Path, ledger: str
) -> None:
    error = refused(tmp_path, ledger, reading("SELECT 9007199254740993 AS a UNION ALL SELECT 0.5"))
    assert isinstance(error, BadData)
    assert str(error) == (
        "report.yaml: data.sources.entries.sql: column 'a' holds floats and integers that a float would round"
    )
    assert error.hint == "write CAST(a AS TEXT) AS a, which keeps every digit, or CAST(a AS REAL) AS a"
    for sql, expected in (
        ("SELECT 9007199254740992 AS a UNION ALL SELECT 0.5", [2.0**53, 0.5]),
        ("SELECT -9007199254740993 AS a UNION ALL SELECT 'x'", ["-9007199254740993", "x"]),
        ("SELECT CAST(9007199254740993 AS TEXT) AS a", ["9007199254740993"]),
    ):
        with source(tmp_path, ledger, reading(sql, "FROM entries")) as opened:
            assert [row[0] for row in rows(opened)] == expected


def test_as_many_columns_as_sqlite_has_are_read(tmp_path: Path, ledger: str) -> None:
    columns = ", ".join(f"id + {n} AS a{n}" for n in range(2000))
    with source(tmp_path, ledger, reading(f"SELECT {columns} FROM entries")) as opened:
        assert [(row[0], row[-1]) for row in rows(opened)] == [(1, 2000), (2, 2001), (3, 2002)]


def test_a_late_text_in_sqlite_types_the_column_from_its_first_row(tmp_path: Path, ledger: str) -> None:
    count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
    sql = f"{count} SELECT CASE WHEN i < 4000 THEN NULL WHEN i < 4500 THEN i ELSE 'x' END AS a FROM n"
    with source(tmp_path, ledger, reading(sql, "FROM entries")) as opened:
        found = [row[0] for row in rows(opened)]
    assert (len(found), found[0], found[4000], found[-1]) == (5000, None, "4001", "x")


@pytest.mark.parametrize("sql", ["SELECT * FROM entries WHERE false", "SELECT NULL AS a WHERE false"])
@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_no_rows_are_an_empty_stream(
    tmp_path: Path, database: str, sql: str, postgres: Postgres, ledger: str
) -> None:
    with source(tmp_path, postgres.url() if database == "postgres" else ledger, reading(sql)) as opened:
        assert rows(opened) == []


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO entries VALUES (9) RETURNING *",
        "UPDATE entries SET id = id + 10 RETURNING *",
        "DELETE FROM entries RETURNING *",
        "DROP TABLE entries",
        "CREATE TABLE x (a int)",
        "SELECT 1 AS a; SELECT 2 AS a",
        "WITH gone AS (DELETE FROM entries RETURNING *) SELECT * FROM gone",
        "COMMIT",
        "ATTACH '/tmp/x.db' AS x",
    ],
)
@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_nothing_but_reading_is_possible(
    tmp_path: Path, database: str, sql: str, postgres: Postgres, ledger: str
) -> None:
    # Even as the owner, who could.
    url = postgres.url("owner", OWNER_PASSWORD) if database == "postgres" else ledger
    error = refused(tmp_path, url, reading(sql))
    assert isinstance(error, QueryFailed)
    assert str(error).startswith("report.yaml: data.sources.entries.sql")
    with source(tmp_path, url, reading("SELECT id FROM entries")) as opened:
        assert rows(opened) == [(1,), (2,), (3,)]


def test_an_error_in_a_databases_sql_has_its_line_and_a_hint(
    tmp_path: Path, postgres: Postgres, ledger: str
) -> None:
    error = refused(tmp_path, postgres.url(), reading("SELECT id\nFROM nowhere"))
    assert isinstance(error, QueryFailed)
    assert str(error) == (
        "report.yaml: data.sources.entries.sql line 2: database 'books': relation \"nowhere\" does not exist"
    )
    error = refused(tmp_path, postgres.url(), reading("SELECT nosuch(1) AS a"))
    assert error.hint
    assert "type casts" in error.hint
    error = refused(tmp_path, ledger, reading("SELECT id FROM nowhere"))
    assert str(error) == ("report.yaml: data.sources.entries.sql: database 'books': no such table: nowhere")


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_a_statement_may_end_in_a_semicolon_and_a_comment(
    tmp_path: Path, database: str, postgres: Postgres, ledger: str
) -> None:
    url = postgres.url() if database == "postgres" else ledger
    with source(tmp_path, url, reading("SELECT ';' AS a; -- that's it;")) as opened:
        assert rows(opened) == [(";",)]


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_two_columns_of_one_name_are_refused(
    tmp_path: Path, database: str, postgres: Postgres, ledger: str
) -> None:
    url = postgres.url() if database == "postgres" else ledger
    error = refused(tmp_path, url, reading('SELECT 1 AS a, 2 AS b, 3 AS "A"'))
    assert isinstance(error, QueryFailed)
    assert str(error) == "report.yaml: data.sources.entries.sql: gives more than one column named a"
    assert error.hint == "name each with AS"


def test_a_column_of_sqlite_may_be_called_as_sqlite_calls_a_second_one(tmp_path: Path, ledger: str) -> None:
    with source(tmp_path, ledger, reading('SELECT 1 AS a, 2 AS "a:1"')) as opened:
        assert opened.fields == ["a", "a:1"]
        assert rows(opened) == [(1, 2)]


def test_an_error_that_comes_half_way_fails_the_source(tmp_path: Path, postgres: Postgres) -> None:
    sql = "SELECT 1 / (3000000 - g) AS a FROM generate_series(1, 4000000) g"
    error = refused(tmp_path, postgres.url(), reading(sql))
    assert isinstance(error, QueryFailed)
    assert str(error).endswith("database 'books': division by zero")


@pytest.mark.parametrize(
    ("role", "password", "database", "reason"),
    [
        ("reader", "wrong horse", "books", 'password authentication failed for user "reader"'),
        ("nobody", "horse", "books", 'password authentication failed for user "nobody"'),
        ("reader", "correct horse", "films", 'database "films" does not exist'),
    ],
)
def test_who_is_not_let_in_is_told_why_and_never_the_password(
    tmp_path: Path, postgres: Postgres, role: str, password: str, database: str, reason: str
) -> None:
    error = refused(tmp_path, postgres.url(role, password, database), reading("SELECT 1 AS a"))
    assert isinstance(error, DatabaseRefused)
    assert str(error) == f"database 'books' refuses Pressroom: {reason}"
    assert error.hint == "PRESSROOM_DATABASES__BOOKS says where and as whom"
    assert not error.retryable


def test_a_password_in_a_url_that_can_not_be_read_is_not_shown(tmp_path: Path) -> None:
    error = refused(tmp_path, "postgresql://reader:horse%zz@/books", reading("SELECT 1 AS a"))
    assert isinstance(error, DatabaseRefused)


def test_a_database_that_is_not_there_may_be_tried_again(tmp_path: Path, ledger: str) -> None:
    error = refused(tmp_path, "postgresql://a:horse@127.0.0.1:1/b", reading("SELECT 1 AS a"))
    assert isinstance(error, Unavailable)
    assert error.retryable
    assert "Connection refused" in str(error)
    error = refused(tmp_path, f"{ledger}.gone", reading("SELECT 1 AS a"))
    assert isinstance(error, DatabaseRefused)
    assert str(tmp_path) not in str(error)


@pytest.mark.parametrize("url", ["mysql://a@b/c", "ledger.db", ""])
def test_a_url_of_another_kind_is_refused(tmp_path: Path, url: str) -> None:
    assert isinstance(refused(tmp_path, url, reading("SELECT 1 AS a")), DatabaseRefused)


def test_a_database_that_the_installation_does_not_name_is_a_fault_of_the_report(tmp_path: Path) -> None:
    raw = {"sql": "FROM x", "sources": {"x": {"database": "ledger", "sql": "SELECT 1"}}}
    error = refused(tmp_path, "sqlite:////x", definition(data=raw))
    assert isinstance(error, DefinitionError)
    assert str(error) == "report.yaml: data.sources.x.database: no database is named 'ledger' here"
    assert error.hint == "set PRESSROOM_DATABASES__LEDGER; there are: books"


def test_a_connection_that_is_lost_may_be_tried_again(tmp_path: Path, postgres: Postgres) -> None:
    opened = source(tmp_path, postgres.url(), reading("SELECT pg_sleep(20)::text AS a"))
    caught = _in_thread(opened)
    wait_for(lambda: _sleeping(postgres) == "1", "the query runs")
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'")
    (error,) = caught()
    assert isinstance(error, Unavailable)
    assert error.retryable


def test_a_statement_has_an_end(tmp_path: Path, postgres: Postgres) -> None:
    error = refused(tmp_path, postgres.url(), reading("SELECT pg_sleep(20)::text AS a"), seconds=0.2)
    assert isinstance(error, LimitExceeded)
    assert str(error) == "report.yaml: data.sources.entries.sql: database 'books' took too long"
    assert error.hint
    assert "PRESSROOM_DATABASE_SECONDS" in error.hint


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_sleep(20)::text AS a",
        "SELECT pg_sleep(0.01)::text AS a FROM generate_series(1, 100000)",
    ],
)
def test_a_cancel_reaches_postgres(tmp_path: Path, postgres: Postgres, sql: str) -> None:
    opened = source(tmp_path, postgres.url(), reading(sql))
    caught = _in_thread(opened)
    wait_for(lambda: _sleeping(postgres) == "1", "the query runs")
    began = time.monotonic()
    opened.interrupt()
    (error,) = caught()
    assert isinstance(error, JobCancelled)
    assert time.monotonic() - began < 2
    wait_for(lambda: _sleeping(postgres) == "0", "the query has ended there too")


def test_a_cancel_ends_rows_of_sqlite(tmp_path: Path, ledger: str) -> None:
    count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000)"
    opened = source(tmp_path, ledger, reading(f"{count} SELECT i AS a FROM n"))
    opened.interrupt()
    (error,) = _in_thread(opened)()
    assert isinstance(error, JobCancelled)


def test_all_tables_of_a_database_show_one_moment(tmp_path: Path, postgres: Postgres) -> None:
    sources = {
        name: {"database": "books", "sql": "SELECT count(*) AS n, now() AS t FROM entries"}
        for name in ("first", "second")
    }
    report = definition(data={"sql": "FROM (FROM first UNION FROM second)", "sources": sources})
    with source(tmp_path, postgres.url(), report) as opened:
        assert len(rows(opened)) == 1


def test_more_rows_than_memory_are_spilled(tmp_path: Path, postgres: Postgres) -> None:
    text = " || ".join(f"md5((g + {i}000000)::text)" for i in range(8))
    sql = f"SELECT g AS a, {text} AS b FROM generate_series(1, 600000) g WHERE g > $n"
    report = reading(sql, "SELECT max(a), min(length(b)) FROM entries")
    with source(tmp_path, postgres.url(), report, memory=2**26, n=0) as opened:
        spilled = sum(path.stat().st_size for path in (tmp_path / "spill").rglob("*") if path.is_file())
        assert rows(opened) == [(600_000, 256)]
    assert spilled > 2**26


def _sleeping(postgres: Postgres) -> str:
    running = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader' AND query LIKE '%pg_sleep%'"
    return postgres.sql(f"{running} AND state = 'active'").strip()


def _in_thread(opened: Source) -> Any:
    """Enter the source in a thread; the call that comes back waits for its end, and gives the errors."""
    errors: list[Exception] = []

    def enter() -> None:
        try:
            with opened:
                pass
        except Exception as error:  # noqa: BLE001 - it is what the test is about
            errors.append(error)

    thread = threading.Thread(target=enter)
    thread.start()

    def ended() -> list[Exception]:
        thread.join(30)
        assert not thread.is_alive()
        return errors

    return ended
