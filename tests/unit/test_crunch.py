"""Plans that fit and do not, the clock, cancelling, formats; the figures are in `test_crunch_agrees`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

import rust_core
from tests.unit.crunch_runs import crunch
from tests.unit.endless import assert_stops_soon

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Row = dict[str, Any]
TYPES = {
    "g": "VARCHAR",
    "h": "INTEGER",
    "n": "BIGINT",
    "m": "DECIMAL(18,2)",
    "f": "DOUBLE",
    "t": "VARCHAR",
    "d": "DATE",
    "b": "BOOLEAN",
}
KINDS = ("sum", "avg", "min", "max", "count", "distinct", "median", "p90", "first", "last")


def table(rows: Sequence[Row], types: dict[str, str] | None = None) -> duckdb.DuckDBPyRelation:
    """The rows as a DuckDB table: its Arrow types are those that reports get."""
    types = types or TYPES
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE t ({', '.join(f'{name} {kind}' for name, kind in types.items())})")
    if rows:
        marks = ", ".join("?" for _ in types)
        connection.executemany(
            f"INSERT INTO t VALUES ({marks})", [[row[name] for name in types] for row in rows]
        )
    return connection.table("t")


def make_plan(groups: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    columns = [{"name": name, "source": name, "format": ""} for name in TYPES]
    return {"columns": columns, "groups": [{"source": g} for g in groups], **more}


def large(rows: int = 300_000) -> duckdb.DuckDBPyRelation:
    return duckdb.connect().sql(
        f"""SELECT 'g' || lpad((i // 70000)::VARCHAR, 2, '0') AS g, (i // 900)::INTEGER AS h, i AS n,
            (i * 7919 % 1000003 / 100)::DECIMAL(18, 2) AS m, sin(i) * pow(10, i % 20) AS f,
            'text ' || i % 77777 AS t, DATE '2000-01-01' + (i % 5000)::INTEGER AS d, i % 3 = 0 AS b
            FROM range({rows}) r(i)"""
    )


def test_float_sums_are_the_same_bit_for_bit_for_any_number_of_threads(tmp_path: Path) -> None:
    totals = [{"column": 4, "kind": kind} for kind in ("sum", "avg", "median")]
    plan = make_plan(
        ["g", "h"],
        totals=totals,
        crosstabs=[{"name": "ct", "rows": "g", "columns": "b", "value": "f", "total": "sum"}],
    )
    relation = large()
    seen = set()
    for threads in (1, 2, 5):
        crunched = crunch(relation, plan, tmp_path, threads)
        seen.add(repr((crunched.summary(), crunched.groups(0, 10), crunched.groups(1, 1_000))))
    assert len(seen) == 1


def test_many_chunks_combine_to_what_sql_says(tmp_path: Path) -> None:
    relation = large()
    plan = make_plan(
        ["g", "h"],
        totals=[{"column": 3, "kind": kind} for kind in KINDS],
        tops=[{"name": "top", "by": "m", "n": 25}],
    )
    crunched = crunch(relation, plan, tmp_path, 2)
    expected = relation.query(
        "t",
        "SELECT sum(m), avg(m), min(m), max(m), count(m), count(DISTINCT m), median(m::DOUBLE),"
        "quantile_cont(m::DOUBLE, 0.9), first(m ORDER BY n), last(m ORDER BY n) FROM t",
    ).fetchall()
    figures = crunched.summary()["totals"]
    assert [float(v) for v in figures] == pytest.approx([float(v) for v in expected[0]], rel=1e-12)
    assert figures[0] == expected[0][0]
    best = [row[4] for row in crunched.summary()["tops"]["top"]["rows"]]
    order = "SELECT n FROM t ORDER BY m DESC, n LIMIT 25"
    assert best == [n for (n,) in relation.query("t", order).fetchall()]
    for number, (level, count) in enumerate(zip(crunched.summary()["levels"], (5, 338), strict=True)):
        groups = crunched.groups(number, 1000)
        assert level["groups"] == len(groups) == count
        sums = [group["totals"][0] for group in groups]
        assert (level["lowest"][0], level["highest"][0]) == (min(sums), max(sums))
        keys = [str(group["key"]) for group in groups]
        assert level["longest"] == max(keys, key=len)


def test_nan_counts_nowhere(tmp_path: Path) -> None:
    rows = [{**dict.fromkeys(TYPES), "f": f} for f in (1.5, float("nan"), None, 2.5)]
    plan = make_plan(totals=[{"column": 4, "kind": kind} for kind in KINDS])
    figures = crunch(table(rows), plan, tmp_path).summary()["totals"]
    assert figures == [4.0, 2.0, 1.5, 2.5, 2, 2, 2.0, pytest.approx(2.4), 1.5, 2.5]


@pytest.mark.parametrize("keys", [["a", "b", "a"], ["b", "a", "c", "b"], [None, "a", None]])
def test_a_group_that_comes_again_is_an_error_with_its_row(tmp_path: Path, keys: list[str | None]) -> None:
    rows = [{**dict.fromkeys(TYPES), "g": key} for key in keys]
    with pytest.raises(rust_core.DataError, match=rf"row {len(keys)}: .* of group field \"g\" comes again"):
        crunch(table(rows), make_plan(["g"]), tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_inner_key_may_come_again_in_another_group(tmp_path: Path) -> None:
    rows = [{**dict.fromkeys(TYPES), "g": g, "h": h} for g, h in (("b", 2), ("b", 1), ("a", 2), ("a", 1))]
    crunched = crunch(table(rows), make_plan(["g", "h"]), tmp_path)
    assert [g["key"] for g in crunched.groups(1, 9)] == [2, 1, 2, 1]
    with pytest.raises(IndexError):
        crunched.groups(2, 1)


@pytest.mark.parametrize("kind", ["sum", "avg", "median", "p90"])
def test_a_total_that_text_does_not_have_names_the_column(tmp_path: Path, kind: str) -> None:
    plan = make_plan(totals=[{"column": 5, "kind": kind}])
    with pytest.raises(rust_core.DataError, match=f'column "t" holds text values, which have no {kind}'):
        crunch(table([]), plan, tmp_path)


def test_an_exact_sum_that_does_not_fit_names_the_column(tmp_path: Path) -> None:
    types = {"big": "DECIMAL(38,0)"}
    rows = [{"big": Decimal(10**38 - 1)}] * 2
    plan = {"columns": [{"name": "big", "source": "big"}], "totals": [{"column": 0, "kind": "sum"}]}
    with pytest.raises(rust_core.DataError, match='column "big" has more digits than 128 bits'):
        crunch(table(rows, types), plan, tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": [{"name": "x", "source": "x"}]}, 'unknown field "x"; the rows have: g, h'),
        ({"columns": [{"name": "n", "source": "n", "format": "0.00 Q"}]}, "number format"),
        ({"time_zone": "Mars/Olympus", "columns": [{"name": "z", "source": "z"}]}, "unknown time zone"),
        ({"nonsense": 1}, "the plan can't be read"),
    ],
)
def test_a_plan_that_does_not_fit_is_an_error(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(rust_core.PlanError, match=message):
        crunch(table([], {**TYPES, "z": "TIMESTAMPTZ"}), make_plan() | change, tmp_path)


def test_instants_are_shown_on_the_wall_clock_of_the_reports_zone(tmp_path: Path) -> None:
    relation = duckdb.sql(
        "SELECT make_timestamptz(i) AS z FROM (VALUES (1364691599000000), (1364691600000000)) v(i)"
    )
    plan = {"columns": [{"name": "z", "source": "z"}], "time_zone": "Europe/Berlin"}
    column = crunch(relation, plan, tmp_path).summary()["columns"][0]
    assert column["type"] == "timestamp"
    # At 02:00 the clock goes to 03:00: an hour apart in UTC, 01:59 and 03:00 on the wall.
    assert [str(column["min"]), str(column["max"])] == ["2013-03-31 01:59:59", "2013-03-31 03:00:00"]


def test_every_type_that_sql_gives_is_read(tmp_path: Path) -> None:
    relation = duckdb.sql(
        "SELECT 1::TINYINT AS a, 2::UBIGINT AS b, 3::HUGEINT AS c, 1.5::FLOAT AS d, TIME '08:05:01' AS e,"
        "TIMESTAMP_S '2013-01-01 00:00:01' AS f, 'x'::ENUM ('x', 'y') AS g,"
        "NULL AS h, 1.25::DECIMAL(4, 2) AS i"
    )
    plan = {"columns": [{"name": n, "source": n} for n in "abcdefghi"]}
    columns = crunch(relation, plan, tmp_path).summary()["columns"]
    assert [c["min"] for c in columns] == [
        1,
        2,
        Decimal(3),
        1.5,
        dt.time(8, 5, 1),
        dt.datetime(2013, 1, 1, 0, 0, 1),  # noqa: DTZ001 - a wall clock
        "x",
        None,
        Decimal("1.25"),
    ]
    relation = duckdb.sql("SELECT [1, 2] AS a")
    with pytest.raises(rust_core.DataError, match='field "a" is of type List'):
        crunch(relation, {"columns": [{"name": "a", "source": "a"}]}, tmp_path)


def test_a_stream_that_fails_half_way_is_a_stream_error(tmp_path: Path) -> None:
    relation = duckdb.connect().sql(
        "SELECT CASE WHEN i < 200000 THEN 'x' ELSE error('row ' || i) END AS a FROM range(300000) t(i)"
    )
    with pytest.raises(rust_core.StreamError, match="row 2"):
        crunch(relation, {"columns": [{"name": "a", "source": "a"}]}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_cancelled_crunch_stops_soon_and_leaves_no_spool(tmp_path: Path) -> None:
    plan = make_plan(totals=[{"column": 3, "kind": "sum"}])
    assert_stops_soon(large(20_000), lambda stream, control: crunch(stream, plan, tmp_path, control=control))
    assert not list(tmp_path.iterdir())


def test_a_passed_deadline_stops_the_crunch(tmp_path: Path) -> None:
    with pytest.raises(rust_core.DeadlineExceeded):
        crunch(large(10), make_plan(), tmp_path, control=rust_core.JobControl(1, 0.0))
    with pytest.raises(ValueError, match="deadline_seconds"):
        rust_core.JobControl(1, -1.0)


def test_progress_counts_the_rows_read(tmp_path: Path) -> None:
    control = rust_core.JobControl(1)
    crunch(large(50_000), make_plan(), tmp_path, control=control)
    assert control.progress() == (50_000, 0)


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("#,##0.00", Decimal("1234.565"), "1,234.57"),
        ("0.0", 2.25, "2.3"),
        ("#,##0", 10**30, "1" + ",000" * 10),
        ("yyyy-mm-dd", dt.date(2013, 1, 31), "2013-01-31"),
        ("hh:mm", dt.time(8, 5), "08:05"),
        ("d.m.yyyy h:mm", dt.datetime(2013, 1, 31, 8, 5), "31.1.2013 8:05"),  # noqa: DTZ001 - a wall clock
        ("", True, "TRUE"),
        ("", None, ""),
        ("", "ü", "ü"),
        ("0E+00", Decimal("1E+3"), "1E+03"),
    ],
)
def test_values_are_formatted_as_excel_shows_them(code: str, value: object, text: str) -> None:
    assert rust_core.format_value(code, value) == text


def test_what_can_not_be_formatted_is_an_error() -> None:
    with pytest.raises(rust_core.PlanError, match="character 3"):
        rust_core.format_value("0 Q", 1)
    with pytest.raises(TypeError, match="list is no type of a report"):
        rust_core.format_value("0", [])
    with pytest.raises(rust_core.DataError, match="128 bits"):
        rust_core.format_value("0", 2**130)
