"""What the transforms refuse, with which words, and how they stop."""

from __future__ import annotations

import datetime as dt
import json
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

import rust_core
from tests.unit.endless import assert_stops_soon
from tests.unit.transform_runs import made, ordered, parse, read, run

if TYPE_CHECKING:
    from pathlib import Path

    from pressroom.transforms import Transform

LOTS = {"quantity": "q", "price": "p"}
AGING = {"as_of": "2024-04-01", "due": "d", "amount": "q"}
LOAN = {"principal": "p", "rate": "r", "term": "n", "start": "d"}
LEDGERS = {"key": ["k"], "side": "s", "date": "d", "amount": "q"}
TREE = {"id": "i", "parent": "u"}


def sql(text: str) -> duckdb.DuckDBPyRelation:
    return duckdb.connect().sql(text)


def refused(folder: Path, transform: Transform, text: str) -> str:
    path = folder / "table.arrow"
    with pytest.raises(rust_core.CoreError) as caught:
        run(transform, sql(text), path)
    assert not path.exists()
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "keys", "rows", "message"),
    [
        (
            "fifo_lots",
            LOTS | {"partition": ["k"]},
            "FROM (VALUES ('a', 5, 1.0), ('b', 2, 1.0), ('b', -3, 1.0)) t(k, q, p)",
            'transform "made": row 3 (k "b"): sells 1 more than was bought before; '
            "correct the rows, or say short: zero_cost or short: open",
        ),
        (
            "fifo_lots",
            LOTS,
            "FROM (VALUES (1.5, NULL::DECIMAL(9, 2))) t(q, p)",
            'transform "made": row 1: has no price for its quantity of 1.5',
        ),
        (
            "fifo_lots",
            LOTS,
            "SELECT 1::DECIMAL(38, 20) AS q, 1::DECIMAL(38, 20) AS p",
            'transform "made": quantity and price have 40 digits after the point together; '
            "cast them in the SQL to fewer",
        ),
        (
            "running_balance",
            {"amount": "x"},
            f"SELECT {'9' * 38}::DECIMAL(38, 0) AS x FROM range(2)",
            'transform "made": row 2: a figure has more than 38 digits',
        ),
        (
            "running_balance",
            {"amount": "x"},
            "SELECT 1 AS x, 2 AS Balance",
            'transform "made": makes a column "balance", and its SQL gives one of that name; '
            "rename it there with AS",
        ),
        (
            "running_balance",
            {"amount": "x"},
            "SELECT 'one' AS x",
            'transform "made": amount: field "x" holds text values; numbers are needed: cast it in the SQL',
        ),
        (
            "running_balance",
            {"amount": "y"},
            "SELECT 1 AS x, 2 AS z",
            'transform "made": amount: unknown field "y"; its SQL gives: x, z',
        ),
        (
            "aging",
            AGING,
            "SELECT NULL::DATE AS d, 1 AS q",
            'transform "made": row 1: has an amount but no due date',
        ),
        (
            "aging",
            AGING,
            "SELECT '1 May' AS d, 1 AS q",
            'transform "made": due: field "d" holds text values; dates are needed: cast it in the SQL',
        ),
        (
            "amortise",
            LOAN,
            "SELECT 100.5 AS p, 0.05 AS r, 0 AS n, DATE '2024-01-31' AS d",
            'transform "made": row 1: has a term of 0 payments; from 1 to 1200 are possible',
        ),
        (
            "amortise",
            LOAN,
            "SELECT 100.505 AS p, 0.05 AS r, 9 AS n, DATE '2024-01-31' AS d",
            'transform "made": row 1: has a principal of more than 2 digits after the point; '
            "round it in the SQL, or raise decimals",
        ),
        (
            "amortise",
            LOAN,
            "SELECT 100.5 AS p, 0.05::DOUBLE AS r, 9 AS n, DATE '2024-01-31' AS d",
            'transform "made": rate: field "r" holds float values; decimals are needed: cast it in the SQL',
        ),
        (
            "amortise",
            LOAN,
            "SELECT -1 AS p, 0.05 AS r, 9 AS n, DATE '2024-01-31' AS d",
            'transform "made": row 1: has a negative principal or rate',
        ),
        (
            "amortise",
            LOAN,
            "SELECT 1 AS p, 0.05 AS r, NULL::INTEGER AS n, DATE '2024-01-31' AS d",
            'transform "made": row 1: has no term',
        ),
        (
            "roll_up",
            TREE,
            "FROM (VALUES ('a', 'b'), ('b', 'c'), ('c', 'a'), ('d', 'a'), ('e', NULL)) t(i, u)",
            'transform "made": a cycle: each is below the next: "a" → "b" → "c" → "a"',
        ),
        (
            "roll_up",
            TREE,
            "SELECT i, (i + 1) % 40 AS u FROM range(40) t(i)",
            'transform "made": a cycle: each is below the next: '
            "0 → 1 → 2 → 3 → 4 → 5 → 6 → 7 → 8 → 9 → 10 → 11 → … (40 in all) → 0",
        ),
        (
            "roll_up",
            TREE,
            "FROM (VALUES (1, NULL), (2, 7)) t(i, u)",
            'transform "made": the parent 7 of 2 is not there; correct the rows, or say orphans: root',
        ),
        (
            "roll_up",
            TREE,
            "FROM (VALUES (1, NULL), (2, 1), (1, 2)) t(i, u)",
            'transform "made": rows 1 and 3 have the same id, 1',
        ),
        (
            "roll_up",
            TREE | {"partition": ["k"]},
            "FROM (VALUES ('A', 1, NULL), ('B', 1, NULL), ('B', 2, NULL), ('B', 2, 1)) t(k, i, u)",
            'transform "made": k "B": rows 2 and 3 have the same id, 2',
        ),
        (
            "roll_up",
            TREE,
            "FROM (VALUES (1, 'one')) t(i, u)",
            'transform "made": parent: field "u" holds text values; as "i", integer values are needed: '
            "cast it in the SQL",
        ),
        (
            "roll_up",
            TREE | {"values": ["x"]},
            f"SELECT i, nullif(i - 1, -1) AS u, {'9' * 38}::DECIMAL(38, 0) AS x FROM range(2) t(i)",
            'transform "made": the row 0: a figure has more than 38 digits',
        ),
        (
            "reconcile",
            LEDGERS,
            "SELECT 'k' AS k, 'centre' AS s, DATE '2024-01-01' AS d, 1 AS q",
            'transform "made": row 1 (k "k"): its side is "centre", neither "left" nor "right"',
        ),
        (
            "reconcile",
            LEDGERS | {"amount_tolerance": "0.005"},
            "SELECT 'k' AS k, 'left' AS s, DATE '2024-01-01' AS d, 1.25 AS q",
            'transform "made": amount_tolerance: "0.005" is no number of at most 2 digits after the point, '
            "as the amounts have",
        ),
    ],
)
def test_rows_that_do_not_fit_are_named(
    tmp_path: Path, kind: str, keys: dict[str, Any], rows: str, message: str
) -> None:
    assert refused(tmp_path, parse(kind, **keys), rows) == message


def test_the_first_faulty_row_is_named_whatever_the_threads(tmp_path: Path) -> None:
    text = "SELECT i // 10 AS k, CASE WHEN i % 10 = 9 AND i > 50000 THEN -99 ELSE 1 END AS q, 1 AS p"
    for threads in (1, 2, 4):
        with pytest.raises(rust_core.DataError, match=r"row 50010 \(k 5000\): sells 90 more"):
            run(
                parse("fifo_lots", partition=["k"], **LOTS),
                sql(f"{text} FROM range(100000) t(i)"),
                tmp_path / "table.arrow",
                threads=threads,
            )


def test_ledgers_without_a_telling_key_are_refused(tmp_path: Path) -> None:
    text = (
        "SELECT 'all' AS k, CASE WHEN i % 2 = 0 THEN 'left' ELSE 'right' END AS s,"
        " DATE '2024-01-01' AS d, i AS q FROM range(8000) t(i)"
    )
    message = refused(tmp_path, parse("reconcile", **LEDGERS), text)
    assert message == (
        'transform "made": k "all": more than 4194304 pairs could be amount_differs: '
        "4000 rows on the left and 4000 on the right; add fields to key, or narrow the tolerances"
    )


def test_equal_rows_are_no_flood_of_pairs() -> None:
    text = (
        "SELECT 'fee' AS k, CASE WHEN i % 2 = 0 THEN 'left' ELSE 'right' END AS s,"
        " DATE '2024-01-01' AS d, 1.5 AS q FROM range(40001) t(i)"
    )
    table = made(parse("reconcile", **LEDGERS), sql(text))
    assert [row["status"] for row in table] == ["matched"] * 20_000 + ["left_only"]


def test_a_tree_deeper_than_any_stack_rolls_up() -> None:
    text = "SELECT i, nullif(i - 1, -1) AS u, 1 AS x FROM range(200000) t(i)"
    table = made(parse("roll_up", values=["x"], **TREE), sql(text))
    assert [table[0]["total_x"], table[-1]["depth"]] == [200_000, 199_999]


def test_what_is_open_is_carried_from_batch_to_batch() -> None:
    """One partition over several batches: its lots wait while others come and go."""
    text = (
        "SELECT i, CASE WHEN i = 0 THEN 7 WHEN i % 2 = 1 THEN 3 ELSE -3 END AS q, 2 AS p"
        " FROM range(400001) t(i)"
    )
    table = made(parse("fifo_lots", order=["i"], method="lifo", **LOTS), sql(text), 100_000)
    assert len(table) == 200_001
    assert [(row["bought_i"], row["sold_i"], row["quantity"]) for row in table[-2:]] == [
        (399_999, 400_000, 3),
        (0, None, 7),
    ]


def test_no_rows_make_an_empty_table(tmp_path: Path) -> None:
    for kind, keys in (("fifo_lots", LOTS), ("roll_up", {"id": "q", "parent": "p"})):
        transform = parse(kind, **keys)
        relation = ordered(transform, {"q": "INTEGER", "p": "INTEGER"}, [])
        assert made(transform, relation) == []


def test_instants_are_days_on_the_clock_of_the_report(tmp_path: Path) -> None:
    relation = sql("SELECT make_timestamptz(1711929600000000) AS d, 5 AS q")  # 2024-04-01T00:00Z
    kind = {
        "aging": {
            "as_of": "2024-04-01",
            "due": "d",
            "amount": "q",
            "buckets": [0],
            "labels": ["early", "late"],
            "unapplied": "",
            "allocate": True,
        }
    }
    plan = {"name": "made", "time_zone": "America/New_York", "kind": kind}
    rust_core.transform(relation, json.dumps(plan), str(tmp_path / "t"), rust_core.JobControl(1))
    assert [(row["days"], row["bucket"]) for row in read(tmp_path / "t")] == [(1, "late")]


ONE_PARTITION = """
SELECT 'k' AS k, 1 AS q, 2 AS p, DATE '2024-01-01' + (i % 999)::INTEGER AS d, 0.05 AS r,
  900 AS n, i AS id, NULL::BIGINT AS up, CASE WHEN i % 2 = 0 THEN 'left' ELSE 'right' END AS s
FROM range(20000) t(i)
"""
STOPPED: dict[str, dict[str, Any]] = {
    "running_balance": {"amount": "q"},
    "fifo_lots": LOTS,
    "aging": AGING,
    "amortise": LOAN,
    "roll_up": {"id": "id", "parent": "up"},
    "reconcile": LEDGERS,
}


@pytest.mark.parametrize("kind", STOPPED)
def test_a_cancelled_transform_stops_soon_and_leaves_no_table(tmp_path: Path, kind: str) -> None:
    transform, path = parse(kind, **STOPPED[kind]), tmp_path / "table.arrow"
    assert_stops_soon(
        sql(ONE_PARTITION), lambda stream, control: run(transform, stream, path, control=control)
    )
    assert not list(tmp_path.iterdir())


def test_a_tree_that_is_being_built_stops(tmp_path: Path) -> None:
    """All of the work is done when the stream has ended: the deadline passes then."""
    rows = sql("SELECT i, nullif(i - 1, -1) AS u FROM range(3000000) t(i)")
    control = rust_core.JobControl(2)

    def cancel() -> None:
        while control.progress()[0] < 3_000_000:
            pass
        control.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(rust_core.Cancelled):
        run(parse("roll_up", **TREE), rows, tmp_path / "table.arrow", control=control)
    thread.join()
    assert not list(tmp_path.iterdir())


def test_progress_counts_the_rows_read(tmp_path: Path) -> None:
    control = rust_core.JobControl(1)
    rows = sql("SELECT i AS x FROM range(50000) t(i)")
    run(parse("running_balance", amount="x"), rows, tmp_path / "table.arrow", control=control)
    assert control.progress() == (50_000, 0)


def test_a_stream_that_fails_half_way_is_a_stream_error(tmp_path: Path) -> None:
    rows = sql("SELECT CASE WHEN i < 200000 THEN 1 ELSE error('row ' || i) END AS x FROM range(300000) t(i)")
    with pytest.raises(rust_core.StreamError, match="row 2"):
        run(parse("running_balance", amount="x"), rows, tmp_path / "table.arrow")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("plan", ["{}", '{"name": "x", "kind": {"magic": {}}}', "nonsense"])
def test_a_plan_that_is_none_is_an_error(tmp_path: Path, plan: str) -> None:
    with pytest.raises(rust_core.PlanError, match="the transform's plan can't be read"):
        rust_core.transform(sql("SELECT 1 AS x"), plan, str(tmp_path / "t"), rust_core.JobControl(1))


def test_a_month_end_stays_one() -> None:
    text = "SELECT 300.00 AS p, 0.06 AS r, 3 AS n, DATE '2024-01-31' AS d"
    table = made(parse("amortise", **LOAN), sql(text))
    assert [(row["due"], row["payment"], row["balance"]) for row in table] == [
        (dt.date(2024, 2, 29), Decimal("101.00"), Decimal("200.50")),
        (dt.date(2024, 3, 31), Decimal("101.00"), Decimal("100.50")),
        (dt.date(2024, 4, 30), Decimal("101.00"), Decimal("0.00")),
    ]


def test_what_rounding_leaves_of_floats_is_no_lot_and_no_open_item() -> None:
    text = "SELECT i, q, 10.0 AS p, DATE '2024-01-01' AS d FROM (VALUES {}) t(i, q)"
    trades = sql(text.format("(1, 0.1::DOUBLE), (2, 0.2), (3, -0.3)"))
    table = made(parse("fifo_lots", order=["i"], **LOTS), trades)
    assert [row["status"] for row in table] == ["closed", "closed"]
    assert sum(row["gain"] for row in table) == pytest.approx(0, abs=1e-12)
    amounts = [0.3, -0.1, -0.2, 1000.1, -1000.0, -0.1, 0.5]
    items = sql(text.format(", ".join(f"({i}, {x}::DOUBLE)" for i, x in enumerate(amounts))))
    table = made(parse("aging", order=["i"], **AGING), items)
    assert [(row["i"], row["open"]) for row in table] == [(6, 0.5)]


def test_floats_lose_nothing_on_the_way() -> None:
    text = "SELECT unnest([1e16, 1.0, -1e16]) AS x"
    assert [row["balance"] for row in made(parse("running_balance", amount="x"), sql(text))][-1] == 1.0
