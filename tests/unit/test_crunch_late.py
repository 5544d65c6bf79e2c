"""Shares and ranks against plain Python: of all rows, and of each group by itself."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from arro3.core import RecordBatchReader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rust_core
from tests.unit.crunch_runs import crunch
from tests.unit.plain_rows import Row, batches, runs
from tests.unit.test_crunch import TYPES, make_plan, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GROUPS = ("g", "h")
SHARED, RANKED = ("n", "m", "f"), ("n", "m", "f", "d")
WHOLES = (None, 0, 1)


rows_of = st.lists(
    st.fixed_dictionaries(
        {
            "g": st.sampled_from(["a", "b", None]),
            "h": st.sampled_from([1, 2]),
            "n": st.none() | st.integers(-3, 10),
            "m": st.none() | st.decimals(-5, 9, places=2),
            "f": st.none() | st.sampled_from([0.0, -0.0, 1.5, -2.25, -7.5, 8.0, 1e9]),
            "t": st.just("text"),
            "d": st.none() | st.dates(dt.date(2024, 1, 1), dt.date(2024, 1, 9)),
            "b": st.booleans(),
        }
    ),
    max_size=60,
)


def late_plan(levels: int) -> dict[str, Any]:
    """A share and a rank of every column that has one, within every whole; each share is totalled."""
    plan = make_plan(GROUPS[:levels], totals=[])
    for within in WHOLES[: levels + 1]:
        for field in SHARED:
            plan["totals"].append({"column": len(plan["columns"]), "kind": "sum"})
            plan["columns"].append(
                {"name": f"share {within} {field}", "source": field, "share": {"level": within}}
            )
        for field in RANKED:
            plan["columns"].append(
                {"name": f"rank {within} {field}", "source": field, "rank": {"level": within}}
            )
    return plan


def exact(values: Sequence[Any]) -> Fraction | None:
    there = [Fraction(value) for value in values if value is not None]
    return sum(there, Fraction(0)) if there else None


def part(value: Any, of: Fraction | None) -> Any:
    return None if value is None or not of else pytest.approx(float(Fraction(value) / of), rel=1e-12)


def wholes(rows: Sequence[Row], within: int | None) -> list[list[Row]]:
    if within is None:
        return [list(rows)] if rows else []
    return [list(run) for run in runs(list(rows), GROUPS[: within + 1])]


@given(rows=rows_of, levels=st.integers(0, 2), size=st.integers(1, 30))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_shares_and_ranks_are_those_of_plain_python(
    tmp_path: Path, rows: list[Row], levels: int, size: int
) -> None:
    rows.sort(key=lambda row: [(row[g] is None, row[g] or "") for g in GROUPS[:levels]])
    plan = late_plan(levels)
    found, summaries = [], []
    for threads in (1, 2):
        crunched = crunch(batches(table(rows), size), plan, tmp_path, threads)
        found.append(
            [row for batch in RecordBatchReader.from_stream(crunched.stream()) for row in dicts(batch)]
        )
        summaries.append((crunched.summary(), [crunched.groups(level, 100) for level in range(levels)]))
    assert repr(found[0]) == repr(found[1])
    assert repr(summaries[0]) == repr(summaries[1])
    assert [path.name for path in tmp_path.iterdir()] == ["spool.arrow"]
    for within in WHOLES[: levels + 1]:
        at = 0
        for whole in wholes(rows, within):
            for field in SHARED:
                of = exact([row[field] for row in whole])
                for i, row in enumerate(whole):
                    assert found[0][at + i][f"share {within} {field}"] == part(row[field], of)
            for field in RANKED:
                for i, row in enumerate(whole):
                    larger = [r for r in whole if r[field] is not None and row[field] is not None]
                    rank = 1 + sum(r[field] > row[field] for r in larger)
                    expected = None if row[field] is None else rank
                    assert found[0][at + i][f"rank {within} {field}"] == expected
            at += len(whole)
    check_totals(rows, levels, plan, *summaries[0])
    for column in summaries[0][0]["columns"]:
        there = [row[column["name"]] for row in found[0] if row[column["name"]] is not None]
        assert column["nulls"] == len(rows) - len(there)
        assert (column["min"], column["max"]) == ((min(there), max(there)) if there else (None, None))


def check_totals(
    rows: list[Row], levels: int, plan: dict[str, Any], summary: dict[str, Any], groups: list[Any]
) -> None:
    """The total of a share is the part that a group is of the whole around it; outside there is none."""
    shares = [plan["columns"][asked["column"]] for asked in plan["totals"]]
    for number, share in enumerate(shares):
        within, field = share["share"]["level"], share["source"]
        of_all = exact([row[field] for row in rows])
        expected = part(of_all, of_all) if within is None else None
        assert summary["totals"][number] == expected
        assert len(summary["totals"]) == len(shares)
        for level in range(levels):
            for group, run in zip(groups[level], runs(rows, GROUPS[: level + 1]), strict=True):
                around = next(whole for whole in wholes(rows, within) if any(row is run[0] for row in whole))
                own = exact([row[field] for row in run])
                inside = within is None or level >= within
                expected = part(own, exact([row[field] for row in around])) if inside else None
                assert group["totals"][number] == expected


def dicts(batch: Any) -> list[Row]:
    columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize(("seed", "size"), [(1, 16_384), (2, 40_000), (3, 20_011)])
def test_wholes_that_lie_across_batches_are_those_of_sql(tmp_path: Path, seed: int, size: int) -> None:
    """Groups of one row to 30,000, cut anywhere: `size` rows and more stay a batch of their own."""
    connection = duckdb.connect()
    connection.execute(f"SELECT setseed(0.{seed})")
    connection.execute(
        """
        CREATE TABLE t AS
        SELECT row_number() OVER (ORDER BY g, h, i) - 1 AS place, * FROM (
            SELECT i, floor(80000 * random() * random() / 20000)::INTEGER AS g,
                floor(pow(random(), 6) * 5000)::INTEGER AS h,
                nullif(floor(random() * 1000)::BIGINT, 7) AS n, ((random() - 0.4) * 1e6)::DECIMAL(18, 2) AS m
            FROM range(80000) r(i))
        ORDER BY place
        """
    )
    columns = [{"name": "n", "source": "n"}, {"name": "m", "source": "m"}]
    over = {None: "", 0: "PARTITION BY g", 1: "PARTITION BY g, h"}
    asked = []
    for level, part in over.items():
        for field in ("n", "m"):
            columns.append({"name": f"rank{level}{field}", "source": field, "rank": {"level": level}})
            ranked = f"rank() OVER ({part} ORDER BY {field} DESC NULLS LAST)"
            asked.append(f"CASE WHEN {field} IS NOT NULL THEN {ranked} END")
            columns.append({"name": f"share{level}{field}", "source": field, "share": {"level": level}})
            asked.append(f"{field}::DOUBLE / nullif(sum({field}) OVER ({part}), 0)::DOUBLE")
    plan = {"columns": columns, "groups": [{"source": "g"}, {"source": "h"}]}
    expected = connection.sql(f"SELECT {', '.join(asked)} FROM t ORDER BY place").fetchall()
    seen = set()
    for threads in (1, 3):
        crunched = crunch(batches(connection.sql("FROM t ORDER BY place"), size), plan, tmp_path, threads)
        stream = RecordBatchReader.from_stream(crunched.stream())
        cut = [[batch.column(i).to_pylist() for i in range(batch.num_columns)] for batch in stream]
        seen.add(repr(cut))
    assert len(seen) == 1
    assert len(cut) > 1
    found = [row[2:] for batch in cut for row in zip(*batch, strict=True)]
    assert len(found) == len(expected) == 80_000
    for ours, theirs in zip(found, expected, strict=True):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if number % 2 == 0 or other is None:
                assert one == other
            else:
                assert abs(one - other) <= 1e-12 * max(1.0, abs(other))


def test_what_has_no_share_or_no_rank_is_refused(tmp_path: Path) -> None:
    def refused(column: dict[str, Any], totals: list[Any] | None = None) -> str:
        plan = make_plan(["g"], totals=totals or [])
        plan["columns"].append(column)
        with pytest.raises(rust_core.CoreError) as error:
            crunch(table([]), plan, tmp_path)
        return str(error.value)

    text = refused({"name": "share:t", "source": "t", "share": {"level": None}})
    assert text.startswith('column "share:t": "t" holds text values, which have no shares; leave it out')
    text = refused({"name": "rank:t", "source": "t", "rank": {"level": None}})
    assert text.startswith('column "rank:t": "t" holds text values, which have no ranks; leave it out')
    text = refused({"name": "r", "source": "n", "rank": {"level": 1}})
    assert text == 'column "r" is a rank within group level 1, but there are 1 levels'
    both = {"name": "r", "source": "n", "rank": {"level": None}, "running": {"level": None}}
    assert refused(both) == 'column "r" is a running sum and a rank'
    share = {"name": "share:n", "source": "n", "share": {"level": None}}
    text = refused(share, [{"column": len(TYPES), "kind": "avg"}])
    assert text.startswith('column "share:n" is a share, which has no avg; total "n" instead')
    assert list(tmp_path.iterdir()) == []


def test_a_share_of_nothing_is_empty(tmp_path: Path) -> None:
    values = [Decimal("5.00"), Decimal("-5.00"), None]
    rows = [dict.fromkeys(TYPES) | {"g": "a", "m": value} for value in values]
    plan = make_plan(totals=[{"column": len(TYPES), "kind": "sum"}])
    plan["columns"].append({"name": "share:m", "source": "m", "share": {"level": None}})
    crunched = crunch(table(rows), plan, tmp_path)
    (batch,) = RecordBatchReader.from_stream(crunched.stream())
    assert batch.column("share:m").to_pylist() == [None, None, None]
    assert crunched.summary()["totals"] == [None]


def test_a_list_of_rows_shows_what_is_made_before_all_rows_are_known(tmp_path: Path) -> None:
    rows = [dict.fromkeys(TYPES) | {"g": "a", "n": n, "m": Decimal(n)} for n in (3, 9, 4)]
    columns = [
        {"name": "share:n", "source": "n", "share": {"level": None}},
        {"name": "n", "source": "n"},
        {"name": "rank:n", "source": "n", "rank": {"level": None}},
        {"name": "m", "source": "m"},
    ]
    totals = [{"column": 1, "kind": "sum"}, {"column": 3, "kind": "sum"}]
    tops = [{"name": "best", "by": "n", "n": 1}]
    plan = {"columns": columns, "groups": [{"source": "g"}], "totals": totals, "tops": tops}
    best = crunch(table(rows), plan, tmp_path).summary()["tops"]["best"]
    assert best["fields"] == ["g", "n", "m"]
    assert best["rows"] == [["a", 9, Decimal(9)]]
    assert best["others"] == {"count": 2, "values": [None, 7, Decimal(7)]}
