"""Top-N lists of keys, and the others of both kinds, against the slow and obvious way."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rust_core
from tests.oracles.totals import Near, total
from tests.unit.crunch_runs import assert_alike, crunch
from tests.unit.plain_rows import NUMBERS, Row, batches, nulls_last, values
from tests.unit.test_crunch import KINDS, large, make_plan, table

if TYPE_CHECKING:
    from pathlib import Path


def middle(figure: Any) -> Any:
    """The twin's own figure, where it also tells how near ours must be."""
    return figure.value if isinstance(figure, Near) else figure


def best_keys(rows: list[Row], top: dict[str, Any]) -> tuple[list[tuple[Any, Any]], list[Any]]:
    """The keys that rank and their figures, and all other keys."""
    of, kind = top["of"]["field"], top["of"]["total"]
    keys = sorted({row[of] for row in rows}, key=nulls_last)
    figures = [(key, middle(total(kind, [row[top["by"]] for row in rows if row[of] == key]))) for key in keys]
    ranked = [figure for figure in figures if figure[1] is not None]
    # Python's sort keeps the order of ties, in reverse too.
    ranked.sort(key=lambda figure: figure[1], reverse=not top.get("ascending", False))
    best = ranked[: top["n"]]
    listed = {key for key, _ in best}
    return best, [key for key in keys if key not in listed]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), rows=st.lists(values, max_size=40), size=st.integers(1, 50))
def test_the_best_keys_and_all_others_are_those_of_the_plain_twin(
    tmp_path: Path, data: st.DataObject, rows: list[Row], size: int
) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    by = data.draw(
        st.sampled_from(NUMBERS if kind in ("sum", "avg", "median", "p90") else [*NUMBERS, "t", "d"])
    )
    top = {
        "name": "top",
        "of": {"field": data.draw(st.sampled_from(["g", "h", "d", "b"])), "total": kind},
        "by": by,
        "n": data.draw(st.integers(1, 6)),
        "ascending": data.draw(st.booleans()),
    }
    relation = table(rows)
    found = [
        crunch(batches(relation, size), make_plan(tops=[top]), tmp_path, threads).summary()["tops"]["top"]
        for threads in (1, 2, 3, 4)
    ]
    assert len({repr(each) for each in found}) == 1
    found_top = found[0]
    best, others = best_keys(rows, top)
    keys = [key for key, _ in found_top["rows"]]
    assert found_top["fields"] == [top["of"]["field"], by]
    assert len(keys) == len(best) == len(set(keys))
    if kind not in ("avg", "median", "p90"):
        # Figures that round to one float tie, whatever the exact ones say.
        assert keys == [key for key, _ in best]

    def check(figure: Any, of: list[Row]) -> None:
        assert_alike(figure, total(kind, [row[by] for row in of]))

    for (key, figure), (_, expected) in zip(found_top["rows"], best, strict=True):
        check(figure, [row for row in rows if row[top["of"]["field"]] == key])
        if not isinstance(figure, str | dt.date):
            assert float(figure) == pytest.approx(float(expected), rel=1e-12, abs=1e-6)
    assert (found_top["others"] or {"count": 0})["count"] == len(others)
    if others:
        assert found_top["others"]["values"][0] is None
        check(found_top["others"]["values"][1], [row for row in rows if row[top["of"]["field"]] not in keys])
    check(found_top["total"], rows)


def test_ties_keep_the_order_of_the_keys_and_keys_without_a_value_are_others(tmp_path: Path) -> None:
    rows = duckdb.sql(
        "SELECT * FROM (VALUES ('c', 2.0), ('b', 2.0), ('a', NULL), (NULL, 1.0), ('d', -0.0), ('e', 0.0),"
        " ('n', 'nan'::DOUBLE), ('i', 'inf'::DOUBLE), ('i', '-inf'::DOUBLE)) v(k, f)"
    )
    plan = {"columns": [{"name": "f", "source": "f"}]}

    def found(kind: str, n: int, **more: Any) -> dict[str, Any]:
        top = {"name": "top", "of": {"field": "k", "total": kind}, "by": "f", "n": n, **more}
        return crunch(rows, {**plan, "tops": [top]}, tmp_path).summary()["tops"]["top"]

    assert found("sum", 2)["rows"] == [["b", 2.0], ["c", 2.0]]
    assert found("sum", 9)["rows"] == [["b", 2.0], ["c", 2.0], [None, 1.0], ["d", -0.0], ["e", 0.0]]
    assert [key for key, _ in found("sum", 2, ascending=True)["rows"]] == ["d", "e"]
    assert found("sum", 9)["others"]["count"] == 3
    assert math.isnan(found("sum", 9)["others"]["values"][1])
    assert found("count", 2) == {
        "fields": ["k", "f"],
        "rows": [["i", 2], ["b", 1]],
        "others": {"count": 6, "values": [None, 4]},
        "total": 7,
    }
    assert found("count", 9)["others"] is None


def test_the_others_of_floats_are_the_same_bit_for_bit_for_any_number_of_threads(tmp_path: Path) -> None:
    tops = [
        {"name": kind, "of": {"field": "h", "total": kind}, "by": "f", "n": 7}
        for kind in ("sum", "avg", "median", "max")
    ]
    rows = {"name": "rows", "by": "f", "n": 7}
    plan = make_plan(tops=[*tops, rows], totals=[{"column": 4, "kind": "sum"}])
    relation = large()
    seen = {repr(crunch(relation, plan, tmp_path, threads).summary()["tops"]) for threads in (1, 2, 3, 4)}
    assert len(seen) == 1


def test_keys_are_merged_in_their_order_whatever_rounding_loses(tmp_path: Path) -> None:
    # Large figures of two sizes cancel: what compensation keeps of the small ones depends on the order.
    relation = duckdb.sql(
        "SELECT i AS k, CASE WHEN i % 500 % 3 = 0 THEN sin(i) WHEN i < 500 THEN big ELSE -big END AS f"
        " FROM (SELECT i, sin(i % 500) * pow(10, 20 * (i % 500 % 3)) AS big FROM range(1000) t(i))"
    )
    tops = [{"name": "top", "of": {"field": "k", "total": "sum"}, "by": "f", "n": 7}]
    plan = {"columns": [{"name": "f", "source": "f"}], "tops": tops}
    seen = {repr(crunch(relation, plan, tmp_path, threads).summary()["tops"]) for threads in (1, 2, 3, 4)}
    assert len(seen) == 1


def test_the_others_of_many_keys_are_what_sql_says(tmp_path: Path) -> None:
    relation = large()
    tops = [{"name": "top", "of": {"field": "t", "total": "sum"}, "by": "m", "n": 100}]
    found = crunch(relation, make_plan(tops=tops), tmp_path, 2).summary()["tops"]["top"]
    sums = relation.query("t", "SELECT t, sum(m) AS s FROM t GROUP BY t ORDER BY s DESC, t").fetchall()
    assert [tuple(row) for row in found["rows"]] == sums[:100]
    assert found["others"] == {"count": len(sums) - 100, "values": [None, sum(s for _, s in sums[100:])]}
    assert found["total"] == sum(s for _, s in sums)


def test_without_rows_nothing_ranks_and_nothing_else_is_there(tmp_path: Path) -> None:
    tops = [
        {"name": "keys", "of": {"field": "g", "total": "sum"}, "by": "m", "n": 3},
        {"name": "rows", "by": "m", "n": 3},
    ]
    found = crunch(table([]), make_plan(tops=tops), tmp_path).summary()["tops"]
    assert found["keys"] == {"fields": ["g", "m"], "rows": [], "others": None, "total": None}
    assert (found["rows"]["rows"], found["rows"]["others"]) == ([], None)


def test_more_than_a_million_keys_are_refused(tmp_path: Path) -> None:
    relation = duckdb.sql("SELECT i, 1 AS one FROM range(1000001) t(i)")
    tops = [{"name": "many", "of": {"field": "i", "total": "sum"}, "by": "one", "n": 3}]
    plan = {"columns": [{"name": "one", "source": "one"}], "tops": tops}
    with pytest.raises(rust_core.LimitError, match=r'"many" has 100.* rows .* group its keys in the SQL'):
        crunch(relation, plan, tmp_path)


def test_what_can_not_rank_is_an_error(tmp_path: Path) -> None:
    def plan(**top: Any) -> dict[str, Any]:
        return make_plan(tops=[{"name": "top", "by": "m", "n": 1, **top}])

    with pytest.raises(rust_core.PlanError, match='unknown field "x"; the rows have: g'):
        crunch(table([]), plan(of={"field": "x", "total": "sum"}), tmp_path)
    with pytest.raises(rust_core.DataError, match='column "t" holds text values, which have no sum'):
        crunch(table([]), plan(of={"field": "g", "total": "sum"}, by="t"), tmp_path)
    with pytest.raises(rust_core.PlanError, match='top list "top" asks for 0 rows'):
        crunch(table([]), plan(of={"field": "g", "total": "sum"}, n=0), tmp_path)
