"""Shares and ranks against plain Python: of all rows, and of each group by itself."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from arro3.core import RecordBatchReader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rust_core
from tests.unit.crunch_runs import crunch
from tests.unit.test_crunch import TYPES, Row, make_plan, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

GROUPS = ("g", "h")
SHARED, RANKED = ("n", "m", "f"), ("n", "m", "f", "d")
WHOLES = (None, 0, 1)


def runs(rows: Sequence[Row], groups: Sequence[str]) -> Iterator[list[Row]]:
    """The rows of each group of the innermost of `groups`, in order."""
    for _, run in groupby(rows, key=lambda row: [row[group] for group in groups]):
        yield list(run)


def batches(relation: duckdb.DuckDBPyRelation, size: int) -> RecordBatchReader:
    reader = RecordBatchReader.from_stream(relation)
    cut = [
        batch.slice(start, min(size, batch.num_rows - start))
        for batch in reader
        for start in range(0, batch.num_rows, size)
    ]
    return RecordBatchReader.from_batches(reader.schema, cut)


rows_of = st.lists(
    st.fixed_dictionaries(
        {
            "g": st.sampled_from(["a", "b", None]),
            "h": st.sampled_from([1, 2]),
            "n": st.none() | st.integers(-3, 10),
            "m": st.none() | st.decimals(-5, 9, places=2),
            "f": st.none() | st.sampled_from([0.0, -0.0, 1.5, -2.25, 8.0, 1e9]),
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


def test_a_group_over_many_batches_is_one_whole(tmp_path: Path) -> None:
    rows = duckdb.connect().sql("SELECT 'one' AS g, i AS h, (i * 7919) % 100003 AS n FROM range(100003) r(i)")
    columns = [
        {"name": "n", "source": "n"},
        {"name": "rank:n", "source": "n", "rank": {"level": 0}},
        {"name": "share:n", "source": "n", "share": {"level": 0}},
    ]
    plan = {"columns": columns, "groups": [{"source": "g"}]}
    crunched = crunch(batches(rows, 20_000), plan, tmp_path, 2)
    total = 100_002 * 100_003 // 2
    seen = 0
    for batch in RecordBatchReader.from_stream(crunched.stream()):
        for row in dicts(batch):
            assert row["rank:n"] == 100_003 - row["n"]
            assert row["share:n"] == pytest.approx(row["n"] / total, rel=1e-15)
            seen += 1
    assert seen == 100_003


def test_what_has_no_share_or_no_rank_is_refused(tmp_path: Path) -> None:
    def refused(column: dict[str, Any], totals: list[Any] | None = None) -> str:
        plan = make_plan(["g"], totals=totals or [])
        plan["columns"].append(column)
        with pytest.raises(rust_core.CoreError) as error:
            crunch(table([]), plan, tmp_path)
        return str(error.value)

    text = refused({"name": "share:t", "source": "t", "share": {"level": None}})
    assert text == 'column "share:t" holds text values, which have no shares'
    text = refused({"name": "rank:t", "source": "t", "rank": {"level": None}})
    assert text == 'column "rank:t" holds text values, which have no ranks'
    assert "within group level" in refused({"name": "r", "source": "n", "rank": {"level": 1}})
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
