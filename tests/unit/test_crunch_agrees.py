"""The crunch against its plain-Python twin, over random schemas, rows, questions, batches and threads."""

from __future__ import annotations

import dataclasses
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from arro3.core import Array
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rust_core
from tests.oracles import Refused, Row
from tests.oracles.crunch import Kind
from tests.oracles.crunch import crunch as plain
from tests.oracles.totals import key, unscaled
from tests.unit.crunch_runs import answered, assert_alike, crunch, cut, stream
from tests.unit.crunch_types import TYPES, ColumnType

if TYPE_CHECKING:
    from collections.abc import Sequence

BY_NAME = {kind.name: kind for kind in TYPES}
ANY = ("count", "distinct", "min", "max", "first", "last")
NUMBERS = (*ANY, "sum", "avg", "median", "p90")
slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@dataclasses.dataclass(frozen=True)
class Table:
    """Columns of some types: what Arrow stores, row for row."""

    types: dict[str, ColumnType]
    stored: list[Row]

    def rows(self, zone: str | None) -> list[Row]:
        return [
            {
                name: None if value is None else self.types[name].read(value, zone)
                for name, value in row.items()
            }
            for row in self.stored
        ]

    def arrays(self) -> dict[str, Array]:
        return {name: kind.build([row[name] for row in self.stored]) for name, kind in self.types.items()}

    @property
    def kinds(self) -> dict[str, Kind]:
        return {name: kind.kind for name, kind in self.types.items()}


@st.composite
def tables(draw: st.DrawFn, columns: int = 6, rows: int = 40) -> Table:
    # Sizes are drawn first: lists of hypothesis's own are mostly short.
    width, count = draw(st.integers(1, columns)), draw(st.integers(0, rows))
    types = draw(st.lists(st.sampled_from(TYPES), min_size=width, max_size=width))
    sides = []
    for kind in types:
        # Few different values: keys come again, and so do the ends of what is ranked.
        many = draw(st.integers(1, 8))
        pool = draw(st.lists(st.none() | kind.values, min_size=many, max_size=many))
        sides.append(draw(st.lists(st.sampled_from(pool), min_size=count, max_size=count)))
    names = [f"c{number}" for number in range(len(types))]
    return Table(
        dict(zip(names, types, strict=True)),
        [dict(zip(names, values, strict=True)) for values in zip(*sides, strict=True)],
    )


@st.composite
def plans(
    draw: st.DrawFn, table: Table, axes: list[str], most_levels: int = 4, most_totals: int = 99
) -> dict[str, Any]:
    """All that can be asked of the rows; `axes` are the fields that may group them."""
    names = list(table.types)
    field, axis = st.sampled_from(names), st.sampled_from(axes)
    groups = draw(st.permutations(axes))[: draw(st.integers(0, most_levels))]
    columns: list[dict[str, Any]] = [{"name": name, "source": name} for name in names]
    totals: list[dict[str, Any]] = []
    numbers = [name for name, kind in table.types.items() if kind.numeric]
    for number, name in enumerate(names):
        totals += [{"column": number, "kind": kind} for kind in (NUMBERS if name in numbers else ANY)]
        if name in numbers:
            totals.append({"column": number, "kind": "weighted_avg", "by": draw(st.sampled_from(numbers))})
            level = draw(st.none() | st.integers(0, len(groups) - 1)) if groups else None
            columns.append({"name": f"running:{name}", "source": name, "running": {"level": level}})

    def pivot(value: str) -> dict[str, Any]:
        return {"name": f"of {value}", "total": draw(st.sampled_from(NUMBERS if value in numbers else ANY))}

    crossed, charted = draw(field), draw(field)
    return {
        "columns": columns,
        "groups": [{"source": group} for group in groups],
        "totals": draw(st.permutations([t for t in totals if _has_room(table, t)]))[:most_totals],
        "crosstabs": [{**pivot(crossed), "rows": draw(axis), "columns": draw(axis), "value": crossed}],
        "series": [{**pivot(charted), "x": draw(axis), "y": charted}],
        "tops": [
            {"name": name, "by": draw(field), "n": draw(st.integers(1, 9)), "ascending": name == "least"}
            for name in ("most", "least")
        ],
        "time_zone": draw(st.sampled_from([None, "Europe/Berlin", "America/St_Johns"])),
    }


def _has_room(table: Table, total: dict[str, Any]) -> bool:
    """Whether the sums of a weighted average of integers and decimals have room in 128 bits, if it is one."""
    value, by = list(table.types)[total["column"]], total.get("by")
    if by is None or "float" in (table.kinds[value].name, table.kinds[by].name):
        return True
    largest = [
        max(
            (abs(unscaled(row[name], table.kinds[name].scale)) for row in table.rows(None) if row[name]),
            default=0,
        )
        for name in (value, by)
    ]
    # The numbers that a tiled table gets have five digits.
    return largest[0] * max(largest[1], 10**5) * 10**5 < 2**127


def grouped(data: st.DataObject, table: Table, plan: dict[str, Any]) -> Table:
    """The rows so that each group stands together, its keys in any order."""
    order = list(zip(table.rows(plan["time_zone"]), table.stored, strict=True))
    for group in reversed(plan["groups"]):
        field = group["source"]
        keys = data.draw(st.permutations(list(dict.fromkeys(key(row[field]) for row, _ in order))))
        places = {value: place for place, value in enumerate(keys)}
        order.sort(key=lambda pair, f=field, p=places: p[key(pair[0][f])])
    return dataclasses.replace(table, stored=[stored for _, stored in order])


def shown(value: object) -> str:
    return rust_core.format_value("", value)


@settings(max_examples=250, deadline=None, suppress_health_check=slow)
@given(st.data())
def test_all_that_the_core_answers_is_what_the_twin_says(data: st.DataObject) -> None:
    table = data.draw(tables())
    plan = data.draw(plans(table, list(table.types)))
    if data.draw(st.integers(0, 4)):
        table = grouped(data, table, plan)
    batches = cut(table.arrays(), len(table.stored), data.draw(st.lists(st.integers(0, 40), max_size=4)))
    try:
        expected = plain(table.rows(plan["time_zone"]), table.kinds, plan, shown)
    except Refused as refused:
        row, field = refused.args
        again = rf'row {row}: .* of group field "{field}" comes again after its group was closed'
        with TemporaryDirectory() as folder:
            with pytest.raises(rust_core.DataError, match=again):
                crunch(stream(batches), plan, Path(folder), 2)
            assert not list(Path(folder).iterdir())
        return
    ours = answered(batches, plan, [1, data.draw(st.integers(2, 4))])
    assert_alike(ours, expected)


def all_of(of: ColumnType) -> dict[str, Any]:
    """All that can be asked of the one column `x`, which needs not be in order."""
    kinds = (*NUMBERS, "weighted_avg") if of.numeric else ANY
    by = {"weighted_avg": "x"}
    running = {"name": "running:x", "source": "x", "running": {"level": None}}
    return {
        "columns": [{"name": "x", "source": "x"}, *([running] if of.numeric else [])],
        "groups": [],
        "totals": [{"column": 0, "kind": kind, "by": by.get(kind)} for kind in kinds],
        "crosstabs": [{"name": "c", "rows": "x", "columns": "x", "value": "x", "total": "max"}],
        "series": [{"name": "s", "x": "x", "y": "x", "total": "count"}],
        "tops": [{"name": "t", "by": "x", "n": 3, "ascending": True}],
    }


@pytest.mark.parametrize("of", TYPES, ids=[kind.name for kind in TYPES])
@settings(max_examples=12, deadline=None, suppress_health_check=slow)
@given(st.data())
def test_every_type_is_read_for_what_it_stands_for(of: ColumnType, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | of.values, min_size=5, max_size=20))
    table = Table({"x": of}, [{"x": value} for value in values])
    plan = all_of(of)
    plan["totals"] = [total for total in plan["totals"] if _has_room(table, total)]
    expected = plain(table.rows(None), table.kinds, plan, shown)
    assert_alike(answered(cut(table.arrays(), len(values), [3]), plan, [1, 2]), expected)


@pytest.mark.parametrize("rows", [0, 3, 9_000])
@pytest.mark.parametrize("of", TYPES, ids=[kind.name for kind in TYPES])
def test_no_rows_and_nothing_but_nulls_have_no_figures(of: ColumnType, rows: int) -> None:
    table = Table({"x": of}, [{"x": None}] * rows)
    plan = all_of(of) | {"groups": [{"source": "x"}]}
    expected = plain(table.rows(None), table.kinds, plan, shown)
    assert_alike(answered(cut(table.arrays(), rows, [0]), plan, [1, 2]), expected)
    assert expected.summary["columns"][0]["nulls"] == rows


def tiled(table: Table, groups: Sequence[str], count: int) -> Table:
    """Each innermost group's few rows over and over, numbered: segments end within groups."""
    runs = groupby(table.stored, key=lambda row: [repr(row[group]) for group in groups])
    stored = [row for _, run in runs for row in list(run) * (count // len(table.stored))]
    return dataclasses.replace(
        table, stored=[row | {"number": i * 7919 % 10_007} for i, row in enumerate(stored)]
    )


@settings(max_examples=10, deadline=None, suppress_health_check=slow)
@given(st.data(), st.sampled_from([8_192, 8_193, 17_000, 20_000]))
def test_segments_combine_to_what_the_twin_says(data: st.DataObject, count: int) -> None:
    table = data.draw(tables(columns=2, rows=12).filter(lambda table: table.stored))
    table = Table(table.types | {"number": BY_NAME["int32"]}, [row | {"number": 0} for row in table.stored])
    plan = data.draw(plans(table, list(table.types)[:-1], most_levels=2, most_totals=8))
    table = tiled(grouped(data, table, plan), [group["source"] for group in plan["groups"]], count)
    batches = cut(table.arrays(), len(table.stored), data.draw(st.lists(st.integers(0, count), max_size=3)))
    expected = plain(table.rows(plan["time_zone"]), table.kinds, plan, shown)
    assert_alike(answered(batches, plan, [1, 2, 3]), expected)


def test_what_rounding_loses_in_one_segment_is_still_in_the_sum_of_all() -> None:
    floats = [0.0] * 8_192 + [2.0**60] + [1.0] * 8_191 + [-(2.0**60)] + [1.0] * 9
    table = Table(
        {"f": BY_NAME["float64"], "one": BY_NAME["int8"]}, [{"f": value, "one": 1} for value in floats]
    )
    totals = [("sum", None), ("avg", None), ("weighted_avg", "one")]
    plan = {
        "columns": [{"name": "f", "source": "f"}, {"name": "all", "source": "f", "running": {"level": None}}],
        "groups": [{"source": "one"}],
        "totals": [{"column": 0, "kind": kind, "by": by} for kind, by in totals],
        "crosstabs": [{"name": "c", "rows": "one", "columns": "f", "value": "f", "total": "sum"}],
        "series": [{"name": "s", "x": "one", "y": "f", "total": "avg"}],
        "tops": [],
    }
    expected = plain(table.rows(None), table.kinds, plan, shown)
    assert expected.summary["totals"][0].value == 8_200.0
    for cuts in ([], [16_384], [5, 16_390]):
        assert_alike(answered(cut(table.arrays(), len(floats), cuts), plan, [1, 2]), expected)


@pytest.mark.parametrize("inner", [[1, 2, 3, 4, 5], [1, 1, 1, 2, 2], [None, 1, 1, None, 1]])
def test_groups_may_start_where_a_segment_or_a_batch_does(inner: list[int | None]) -> None:
    outer = ["a", "a", None, None, "b"]
    stored = [{"g": g, "h": h, "n": n % 97} for g, h in zip(outer, inner, strict=True) for n in range(8_192)]
    table = Table({"g": BY_NAME["utf8"], "h": BY_NAME["int8"], "n": BY_NAME["int32"]}, stored)
    running = [{"name": f"running:{level}", "source": "n", "running": {"level": level}} for level in (0, 1)]
    plan = {
        "columns": [{"name": "n", "source": "n"}, *running],
        "groups": [{"source": "g"}, {"source": "h"}],
        "totals": [{"column": 0, "kind": kind} for kind in ("sum", "first", "last", "count")],
        "crosstabs": [],
        "series": [],
        "tops": [],
    }
    expected = plain(table.rows(None), table.kinds, plan, shown)
    for cuts in ([16_384], [16_384, 32_768]):
        assert_alike(answered(cut(table.arrays(), len(stored), cuts), plan, [1, 2]), expected)
