"""The crunch against DuckDB: the same questions in SQL, of every type of column that DuckDB gives."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from arro3.core import RecordBatchReader

import rust_core
from tests.unit.crunch_runs import crunch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROWS = 60_000
# More than the core gathers: each batch is crunched as a slice of DuckDB's.
BATCH = 17_000
LEVELS = ("region", "account", "day")
# Of the row number `n`; r(k) is one of the numbers from 0 to k - 1, by chance.
NUMBERS = {
    "tiny": "(r(250) - 125)::TINYINT",
    "small": "(r(60000) - 30000)::SMALLINT",
    "plain": "(r(4000000000) - 2000000000)::INTEGER",
    "big": "((r(9223372036854775807) - 4611686018427387904) * 2)::BIGINT",
    "utiny": "r(256)::UTINYINT",
    "usmall": "r(65536)::USMALLINT",
    "uplain": "r(4294967296)::UINTEGER",
    "ubig": "(18446744073709551615::UBIGINT - r(1000000000000)::UBIGINT)",
    "huge": "(r(9223372036854775807)::HUGEINT * 1000000000 - 77)",
    "single": "(r(1000000) / 7 - 70000)::FLOAT",
    "double": "CASE r(40) WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN -0.0 WHEN 2 THEN 0.0"
    " ELSE sin(n) * pow(10, n % 12) END",
    "money": "((r(2000000000) - 1000000000)::DECIMAL(18, 0) / 100)::DECIMAL(12, 2)",
    "rate": "(r(2000) / 10 - 150)::DECIMAL(4, 1)",
    "wide": "(r(9223372036854775807)::DECIMAL(38, 0) / 1000)::DECIMAL(38, 6)",
}
OTHERS = {
    "flag": "r(3) = 0",
    "text": "CASE r(7) WHEN 0 THEN '' WHEN 1 THEN 'Ü' || r(50) ELSE 'text ' || r(30000) END",
    "kind": "(['a', 'b', 'ä'])[1 + r(3)]::ENUM ('a', 'b', 'ä')",
    "date": "DATE '1960-01-01' + r(40000)::INTEGER",
    "second": "make_timestamp(r(3000000000) * 1000000)::TIMESTAMP_S",
    "milli": "make_timestamp(r(3000000000000) * 1000)::TIMESTAMP_MS",
    "micro": "make_timestamp(r(3000000000000000))",
    "nano": "make_timestamp_ns(r(3000000000000000) * 1000)",
    "clock": "TIME '00:00' + to_microseconds(r(86400000000))",
}
FIELDS = NUMBERS | OTHERS
ANY = {
    "count": "count({0})",
    "distinct": "count(DISTINCT {0})",
    "min": "min({0})",
    "max": "max({0})",
    "first": "arg_min({0}, n) FILTER ({0} IS NOT NULL)",
    "last": "arg_max({0}, n) FILTER ({0} IS NOT NULL)",
}
OF_NUMBERS = ANY | {
    "sum": "sum({0})",
    "avg": "avg({0})",
    "median": "quantile_cont({0}::DOUBLE, 0.5)",
    "p90": "quantile_cont({0}::DOUBLE, 0.9)",
    "weighted_avg": "sum({0}::{1} * utiny) / nullif(sum(utiny) FILTER ({0} IS NOT NULL), 0)",
}


@pytest.fixture(scope="module")
def table() -> duckdb.DuckDBPyConnection:
    """`rows`, ordered by LEVELS and then by `n`, which is their number; nulls in every other column."""
    connection = duckdb.connect()
    # Decimals of 32 and 64 bits, texts as views.
    connection.execute("SET arrow_output_version = '1.5'")

    def value(number: int, sql: str) -> str:
        chance = f"(hash(n * 31 + {number}) >> 1)::BIGINT"
        seeded = sql.replace("r(", f"r({chance}, ")
        # A null that stands over a value, as sums that look at it would show.
        return f"CASE WHEN hash(n * 37 + {number}) % 9 = 0 THEN NULL ELSE {seeded} END"

    connection.execute("CREATE MACRO r(chance, below) AS chance % below")
    fields = ", ".join(f"{value(i, sql)} AS {name}" for i, (name, sql) in enumerate(FIELDS.items()))
    keys = (
        "nullif(hash(n) % 5, 4)::INTEGER AS region, 'account ' || nullif(hash(n + 7) % 60, 3) AS account,"
        " nullif(DATE '2024-01-01' + (hash(n + 9) % 30)::INTEGER, DATE '2024-01-09') AS day"
    )
    connection.execute(
        "CREATE TABLE rows AS SELECT *, row_number() OVER (ORDER BY region, account, day, m) - 1 AS n"
        f" FROM (SELECT n AS m, {keys}, {fields} FROM range({ROWS}) t(n))"
    )
    return connection


def batches(relation: duckdb.DuckDBPyRelation, size: int) -> RecordBatchReader:
    reader = RecordBatchReader.from_stream(relation)
    schema = reader.schema
    cut = [
        batch.slice(start, min(size, batch.num_rows - start))
        for batch in reader
        for start in range(0, batch.num_rows, size)
    ]
    return RecordBatchReader.from_batches(schema, cut)


def plan(columns: Sequence[str], **more: Any) -> dict[str, Any]:
    return {"columns": [{"name": name, "source": name} for name in columns], **more}


def crunched(
    table: duckdb.DuckDBPyConnection, asked: dict[str, Any], folder: Path, threads: int = 2
) -> rust_core.Crunched:
    return crunch(batches(table.sql("FROM rows ORDER BY n"), BATCH), asked, folder, threads)


def counted(name: str) -> str:
    """The column as the crunch counts it: NaN is null, and -0.0 is 0.0."""
    return f"(CASE WHEN isnan({name}) THEN NULL ELSE {name} END)" if name in ("single", "double") else name


def alike(ours: Any, theirs: Any) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    if isinstance(ours, float) or isinstance(theirs, float):
        # DuckDB sums floats up without compensation, and some integers as floats.
        return math.isclose(float(ours), float(theirs), rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(ours, Decimal):
        return Fraction(ours) == Fraction(theirs)
    return bool(ours == theirs)


def assert_alike(ours: Sequence[Any], theirs: Sequence[Any], names: Sequence[str]) -> None:
    for name, one, other in zip(names, ours, theirs, strict=True):
        assert alike(one, other), (name, one, other)


@pytest.mark.parametrize("name", FIELDS)
def test_every_total_of_every_type_is_what_sql_says(
    tmp_path: Path, table: duckdb.DuckDBPyConnection, name: str
) -> None:
    kinds = OF_NUMBERS if name in NUMBERS else ANY
    totals = [
        {"column": 0, "kind": kind, "by": "utiny" if kind == "weighted_avg" else None} for kind in kinds
    ]
    made = crunched(table, plan([name], groups=[{"source": g} for g in LEVELS], totals=totals), tmp_path)
    wide = "DOUBLE" if name in ("single", "double", "wide", "huge") else "HUGEINT"
    wide = "DECIMAL(30, 2)" if name in ("money", "rate") else wide
    figures = ", ".join(sql.format(counted(name), wide) for sql in kinds.values())
    for level in range(len(LEVELS) + 1):
        by = ", ".join(LEVELS[:level])
        expected = table.execute(
            f"SELECT {by or 'NULL'}, min(n), count(*), {figures} FROM rows"
            f"{' GROUP BY ' + by if by else ''} ORDER BY min(n)"
        ).fetchall()
        if not by:
            assert_alike(made.summary()["totals"], expected[0][3:], list(kinds))
            continue
        groups = made.groups(level - 1, ROWS)
        assert len(groups) == len(expected)
        for group, row in zip(groups, expected, strict=True):
            key, first, rows, *values = row[level - 1 :]
            assert (group["key"], group["first_row"], group["rows"]) == (key, first, rows)
            assert_alike(group["totals"], values, list(kinds))


@pytest.mark.parametrize("level", [None, 0, 1, 2])
def test_running_sums_are_those_of_a_window(
    tmp_path: Path, table: duckdb.DuckDBPyConnection, level: int | None
) -> None:
    running = [{"name": f"running:{n}", "source": n, "running": {"level": level}} for n in NUMBERS]
    asked = plan(["n"], groups=[{"source": g} for g in LEVELS])
    asked["columns"] += running
    crunched(table, asked, tmp_path)
    by = "" if level is None else f"PARTITION BY {', '.join(LEVELS[: level + 1])}"
    window = f"OVER ({by} ORDER BY n ROWS UNBOUNDED PRECEDING)"
    table.register("spool", rust_core.read_ipc(str(tmp_path / "spool.arrow")))
    table.execute("CREATE OR REPLACE TEMP TABLE spooled AS FROM spool")
    for name in NUMBERS:
        sums = f"coalesce(sum({counted(name)}) {window}, 0)"
        near = (
            "abs(ours - theirs) <= 1e-9 * greatest(1, abs(theirs))"
            if name in ("single", "double")
            else "ours = theirs"
        )
        off = table.execute(
            f'SELECT n, ours, theirs FROM (SELECT n, "running:{name}" AS ours FROM spooled)'
            f" JOIN (SELECT n, {sums} AS theirs FROM rows) USING (n) WHERE NOT {near} LIMIT 3"
        ).fetchall()
        assert off == [], name


@pytest.mark.parametrize("kind", [kind for kind in OF_NUMBERS if kind != "weighted_avg"])
def test_crosstabs_are_those_of_a_cube(tmp_path: Path, table: duckdb.DuckDBPyConnection, kind: str) -> None:
    """The rows of a key stand all over the report, so that every segment adds to most cells."""
    names = {"of a few": ("kind", "flag"), "of many": ("rate", "utiny")}
    asked = plan(
        ["n"],
        crosstabs=[
            {"name": name, "rows": rows, "columns": columns, "value": "money", "total": kind}
            for name, (rows, columns) in names.items()
        ],
    )
    tabs = crunched(table, asked, tmp_path).summary()["crosstabs"]
    for name, (rows, columns) in names.items():
        figures = {
            (sides, row, column): value
            for sides, row, column, value in table.execute(
                f"SELECT grouping({rows}, {columns}), {rows}::VARCHAR, {columns}::VARCHAR,"
                f" {OF_NUMBERS[kind].format('money')} FROM rows GROUP BY CUBE ({rows}, {columns})"
            ).fetchall()
        }
        tab = tabs[name]
        keys = [
            table.execute(f"SELECT DISTINCT {of}::VARCHAR, {of} FROM rows ORDER BY 2").fetchall()
            for of in (rows, columns)
        ]
        assert [len(tab["row_keys"]), len(tab["column_keys"])] == list(map(len, keys))
        assert alike(tab["total"], figures[3, None, None])
        for (row, _), cells, of_row in zip(keys[0], tab["cells"], tab["row_totals"], strict=True):
            assert alike(of_row, figures[1, row, None]), (name, row)
            for (column, _), cell in zip(keys[1], cells, strict=True):
                assert alike(cell, figures.get((0, row, column))), (name, row, column)
        for (column, _), of_column in zip(keys[1], tab["column_totals"], strict=True):
            assert alike(of_column, figures[2, None, column]), (name, column)


@pytest.mark.parametrize("name", FIELDS)
def test_statistics_and_top_lists_are_those_of_sql(
    tmp_path: Path, table: duckdb.DuckDBPyConnection, name: str
) -> None:
    tops = [{"name": str(up), "by": name, "n": 25, "ascending": up} for up in (True, False)]
    made = crunched(table, plan([name, "n"], tops=tops), tmp_path)
    column = made.summary()["columns"][0]
    counts = counted(name)
    nulls, distinct, lowest, highest = table.execute(
        f"SELECT count(*) - count({name}), count(DISTINCT {counts}), min({counts}), max({counts}) FROM rows"
    ).fetchall()[0]
    assert column["nulls"] == nulls
    assert column["distinct"] == (distinct if distinct <= 65_536 else None)
    assert_alike([column["min"], column["max"]], [lowest, highest], ["min", "max"])
    assert made.control[name][0] == ROWS - nulls
    if name == "text":
        (longest,) = table.execute("SELECT max(length(text)) FROM rows").fetchall()[0]
        assert column["max_chars"] == longest
    for up, way in ((True, "ASC"), (False, "DESC")):
        best = table.execute(
            f"SELECT n FROM rows WHERE {counts} IS NOT NULL ORDER BY {counts} {way}, n LIMIT 25"
        ).fetchall()
        assert [row[1] for row in made.summary()["tops"][str(up)]["rows"]] == [n for (n,) in best]


@pytest.mark.parametrize("name", ["small", "ubig", "rate", "flag", "kind", "text", "date", "milli", "clock"])
def test_series_of_any_axis_are_those_of_sql(
    tmp_path: Path, table: duckdb.DuckDBPyConnection, name: str
) -> None:
    asked = plan(["n"], series=[{"name": "s", "x": name, "y": "money", "total": "sum"}])
    series = crunched(table, asked, tmp_path).summary()["series"]["s"]
    expected = table.execute(
        f"SELECT {name}, sum(money) FROM rows GROUP BY {name} ORDER BY {name} NULLS LAST"
    ).fetchall()
    assert len(series) == len(expected)
    assert all(
        alike(ours, theirs)
        for one, other in zip(series, expected, strict=True)
        for ours, theirs in zip(one, other, strict=True)
    )
