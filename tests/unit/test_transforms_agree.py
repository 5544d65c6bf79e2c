"""Each transform against its plain-Python twin, over random rows, types, batch sizes and thread counts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rust_core
from tests.oracles import Refused, Row
from tests.oracles.aging import aging
from tests.oracles.amortise import amortise
from tests.oracles.fifo_lots import fifo_lots
from tests.oracles.reconcile import reconcile
from tests.oracles.roll_up import roll_up
from tests.oracles.running_balance import running_balance
from tests.unit.transform_runs import as_rows, assert_alike, made, ordered, parse

DIGITS = {"BIGINT": 0, "DECIMAL(18,2)": 2, "DECIMAL(12,5)": 5, "DOUBLE": 0}
DAYS = {"DATE": dt.date, "TIMESTAMP": dt.datetime}
SIZES = st.sampled_from([1, 3, 20, None])
sometimes = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def money(kind: str, low: int = -2_000, high: int = 2_000) -> st.SearchStrategy[Any]:
    """Values of the type; floats are quarters, whose sums are exact."""
    units = st.integers(low, high)
    if kind == "DOUBLE":
        return units.map(lambda unit: unit / 4)
    return units.map(lambda unit: Decimal(unit).scaleb(-DIGITS[kind]) if DIGITS[kind] else unit)


def days(kind: str, first: dt.date = dt.date(2024, 1, 1), span: int = 200) -> st.SearchStrategy[Any]:
    day = st.integers(0, span).map(lambda n: first + dt.timedelta(n))
    if kind == "DATE":
        return day
    time = st.sampled_from([dt.time(0), dt.time(13, 30), dt.time(23, 59, 59)])
    return st.builds(dt.datetime.combine, day, time)


def rows_of(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.fixed_dictionaries(fields), max_size=40)


keys = st.sampled_from(["a", "b", "Ü", None])
kinds = st.sampled_from(list(DIGITS))


@sometimes
@given(st.data(), kinds, kinds, st.booleans(), SIZES)
def test_balances_run(data: st.DataObject, kind: str, other: str, two: bool, size: int | None) -> None:
    types = {"k": "VARCHAR", "d": "DATE", "x": kind, "y": other, "o": "DECIMAL(9,3)"}
    opening = st.none() | st.integers(-99, 99).map(lambda n: Decimal(n).scaleb(-3))
    values = st.none() | money(kind), st.none() | money(other)
    rows = data.draw(rows_of(k=keys, d=days("DATE"), x=values[0], y=values[1], o=opening))
    what: dict[str, Any] = {"debit": "x", "credit": "y", "opening": "o"} if two else {"amount": "x"}
    transform = parse("running_balance", partition=["k"], order=["d"], **what)
    relation = ordered(transform, types, rows)
    assert_alike(
        made(transform, relation, size),
        list(running_balance(as_rows(relation), partition=["k"], **what)),
    )


@sometimes
@given(st.data(), kinds, kinds, st.booleans(), SIZES)
def test_lots_are_matched(data: st.DataObject, kind: str, price: str, fee: bool, size: int | None) -> None:
    types = {"k": "VARCHAR", "t": "DATE", "q": kind, "p": price, "n": "INTEGER"}
    fields = {"k": keys, "t": days("DATE"), "q": st.none() | money(kind, -9, 12), "p": money(price, 1)}
    what: dict[str, Any] = {"quantity": "q", "price": "p", "date": "t", "fee": "f" if fee else None}
    if fee:
        types["f"] = "DECIMAL(12,5)"
        fields["f"] = st.none() | money("DECIMAL(12,5)")
    what["method"] = data.draw(st.sampled_from(["fifo", "lifo", "average"]))
    shorts = ["error", "zero_cost"] if what["method"] == "average" else ["error", "zero_cost", "open"]
    what["short"] = data.draw(st.sampled_from(shorts))
    rows = data.draw(rows_of(**fields, n=st.integers(0, 9)))
    transform = parse("fifo_lots", partition=["k"], order=["t"], **what)
    relation = ordered(transform, types, rows)
    digits = max(DIGITS[kind] + DIGITS[price], 5 if fee else 0)
    floats = "DOUBLE" in (kind, price)
    given_rows = as_rows(relation)
    if floats:
        given_rows = [
            {f: float(v) if isinstance(v, Decimal | int) and f in "qpf" else v for f, v in row.items()}
            for row in given_rows
        ]
    try:
        expected = list(fifo_lots(given_rows, partition=["k"], digits=digits, **what))
    except Refused:
        with pytest.raises(rust_core.DataError, match=r'transform "made": row \d+ \(k .*\): sells'):
            made(transform, relation, size)
        return
    assert_alike(made(transform, relation, size), expected)
    if not floats and what["short"] == "open":
        bought = sum(r["quantity"] for r in expected if r["status"] in ("closed", "open"))
        assert bought == sum(Decimal(r["q"]) for r in rows if r["q"] and r["q"] > 0)


@sometimes
@given(st.data(), kinds, st.sampled_from(list(DAYS)), st.booleans(), SIZES)
def test_items_age(data: st.DataObject, kind: str, day: str, allocate: bool, size: int | None) -> None:
    types = {"k": "VARCHAR", "due": day, "x": kind, "t": "VARCHAR"}
    rows = data.draw(
        rows_of(k=keys, due=days(day), x=st.none() | money(kind, -60, 40), t=st.text(max_size=3))
    )
    rows = [row for row in rows if "\0" not in row["t"]]
    what: dict[str, Any] = {
        "as_of": dt.date(2024, 4, 1),
        "due": "due",
        "amount": "x",
        "buckets": [0, 30, 60],
        "labels": ["early", "1-30", "31-60", "late"],
        "allocate": allocate,
    }
    transform = parse("aging", partition=["k"], **what)
    relation = ordered(transform, types, rows)
    table = made(transform, relation, size)
    assert_alike(table, list(aging(as_rows(relation), partition=["k"], **what)))
    assert sum(row["open"] for row in table) == sum(row["x"] or 0 for row in rows)


@sometimes
@given(
    rows_of(
        id=st.integers(0, 99),
        p=money("DECIMAL(18,2)", 0, 10**12) | money("DECIMAL(18,2)", 0, 200),
        r=st.integers(0, 400_000).map(lambda n: Decimal(n).scaleb(-6)),
        n=st.integers(1, 60),
        d=days("DATE", dt.date(2023, 12, 1), 800),
    ),
    st.sampled_from([("monthly", 12), ("quarterly", 4), ("yearly", 1)]),
    st.sampled_from(["annuity", "linear", "bullet"]),
    st.sampled_from([2, 4]),
    st.sampled_from(["half_even", "half_up"]),
    SIZES,
)
def test_loans_are_repaid(
    rows: list[Row], period: tuple[str, int], method: str, decimals: int, rounding: str, size: int | None
) -> None:
    what: dict[str, Any] = {
        "principal": "p",
        "rate": "r",
        "term": "n",
        "start": "d",
        "method": method,
        "decimals": decimals,
        "rounding": rounding,
    }
    transform = parse("amortise", period=period[0], **what)
    types = {"id": "INTEGER", "p": "DECIMAL(18,2)", "r": "DECIMAL(9,6)", "n": "INTEGER", "d": "DATE"}
    relation = ordered(transform, types, rows)
    table = made(transform, relation, size)
    assert_alike(table, list(amortise(as_rows(relation), payments_a_year=period[1], **what)))
    assert sum(row["principal"] for row in table) == sum(row["p"] for row in rows)
    assert all(row["balance"] == 0 for row in table if row["principal"] + row["balance"] == 0)


@sometimes
@given(st.data(), st.sampled_from(["BIGINT", "VARCHAR", "DATE"]), kinds, kinds, st.booleans(), SIZES)
def test_trees_roll_up(
    data: st.DataObject, id_type: str, kind: str, other: str, strict: bool, size: int | None
) -> None:
    def name(n: int) -> Any:
        return {"BIGINT": n, "VARCHAR": f"node {n}", "DATE": dt.date(2024, 1, 1) + dt.timedelta(n)}[id_type]

    count = data.draw(st.integers(0, 40))
    sound = data.draw(st.booleans())
    parents = [
        data.draw(st.none() | st.integers(-1, n - 1 if sound else count - 1)) if n else None
        for n in range(count)
    ]
    order = data.draw(st.permutations(range(count)))
    rows = [
        {
            "k": data.draw(keys) if not sound else None,
            "id": name(n),
            "up": None if parents[n] is None or (sound and parents[n] == -1) else name(parents[n] or 0),
            "x": data.draw(st.none() | money(kind)),
            "y": data.draw(st.none() | money(other)),
        }
        for n in order
    ]
    what: dict[str, Any] = {"id": "id", "parent": "up", "values": ["x", "y"]}
    what["orphans"] = "error" if strict else "root"
    transform = parse("roll_up", partition=["k"], **what)
    types = {"k": "VARCHAR", "id": id_type, "up": id_type, "x": kind, "y": other}
    relation = ordered(transform, types, rows)
    try:
        expected = list(roll_up(as_rows(relation), partition=["k"], **what))
    except Refused:
        with pytest.raises(rust_core.DataError, match=r"a cycle: |is not there|same id|have no id"):
            made(transform, relation, size)
        return
    assert_alike(made(transform, relation, size), expected)


@sometimes
@given(st.data(), kinds, st.sampled_from(list(DAYS)), st.integers(0, 3), st.integers(0, 3), SIZES)
def test_ledgers_are_matched(
    data: st.DataObject, kind: str, day: str, near: int, apart: int, size: int | None
) -> None:
    rows = data.draw(
        rows_of(
            k=keys,
            s=st.sampled_from(["bank", "book"]),
            d=st.none() | days(day, span=6),
            x=st.none() | money(kind, 0, 8),
            n=st.integers(0, 9),
        )
    )
    tolerance = Decimal(apart) / 4 if kind == "DOUBLE" else Decimal(apart).scaleb(-DIGITS[kind])
    what: dict[str, Any] = {"key": ["k"], "side": "s", "sides": ["bank", "book"], "date": "d", "amount": "x"}
    what |= {"amount_tolerance": tolerance, "date_tolerance": near}
    transform = parse("reconcile", **what)
    types = {"k": "VARCHAR", "s": "VARCHAR", "d": day, "x": kind, "n": "INTEGER"}
    relation = ordered(transform, types, rows)
    assert_alike(made(transform, relation, size), list(reconcile(as_rows(relation), **what)))
