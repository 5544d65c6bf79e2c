"""Rows that the crunch can't answer for, and rows that are all but nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from arro3.core import Array, DataType, RecordBatch, RecordBatchReader

import rust_core
from tests.unit.crunch_runs import crunch, stream
from tests.unit.crunch_types import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LARGEST = 10**38 - 1
# More than two chunks of the core.
MANY = 20_000


def decimals(values: Sequence[int | None]) -> Array:
    texts = [None if value is None else str(value) for value in values]
    return Array(texts, DataType.string()).cast(DataType.decimal128(38, 0))


def integers(values: Sequence[int | None] | range) -> Array:
    return Array(list(values), DataType.int64())


def floats(values: Sequence[float | None]) -> Array:
    return Array(values, DataType.float64())


def asked(*columns: str, **more: Any) -> dict[str, Any]:
    return {"columns": [{"name": name, "source": name} for name in columns], **more}


def figures(folder: Path, plan: dict[str, Any], **columns: Array) -> dict[str, Any]:
    return crunch(stream([RecordBatch.from_pydict(columns)]), plan, folder).summary()


def refused(folder: Path, plan: dict[str, Any], **columns: Array) -> str:
    folder.mkdir(exist_ok=True)
    with pytest.raises(rust_core.DataError) as caught:
        figures(folder, plan, **columns)
    assert not list(folder.iterdir())
    return str(caught.value)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (
            {"totals": [{"column": 1, "kind": "weighted_avg", "by": "n"}]},
            'column "t" holds text values, which have no weighted_avg; they have count, distinct, min, max',
        ),
        (
            {"totals": [{"column": 0, "kind": "weighted_avg", "by": "t"}]},
            'weighted_avg of "n": the weights "t" hold text values, not numbers',
        ),
        (
            {"crosstabs": [{"name": "c", "rows": "n", "columns": "n", "value": "t", "total": "sum"}]},
            'column "t" holds text values, which have no sum',
        ),
        (
            {"series": [{"name": "s", "x": "n", "y": "t", "total": "avg"}]},
            'column "t" holds text values, which have no avg',
        ),
        (
            {"columns": [{"name": "running:t", "source": "t", "running": {"level": None}}]},
            'column "running:t" holds text values, which have no running sum',
        ),
    ],
)
def test_what_text_does_not_have_names_the_column(tmp_path: Path, what: dict[str, Any], message: str) -> None:
    columns = {"n": integers([1]), "t": Array(["x"], DataType.string())}
    assert message in refused(tmp_path, asked("n", "t") | what, **columns)


@pytest.mark.parametrize("name", ["bool", "date32", "timestamp(us,None)", "time(us)"])
@pytest.mark.parametrize("kind", ["sum", "avg", "median", "p90", "weighted_avg"])
def test_what_is_no_number_has_no_arithmetic(tmp_path: Path, name: str, kind: str) -> None:
    (of,) = (kind for kind in TYPES if kind.name == name)
    totals = [{"column": 0, "kind": kind, "by": "n" if kind == "weighted_avg" else None}]
    message = refused(tmp_path, asked("x", totals=totals), x=of.build([None]), n=integers([1]))
    assert message.startswith(f'column "x" holds {of.kind.name} values, which have no {kind}')


TOO_LARGE = [
    # In one chunk of rows, in two that are combined, and in two batches.
    pytest.param([LARGEST, LARGEST], id="rows"),
    pytest.param([LARGEST // MANY * 3] * MANY, id="chunks"),
    pytest.param([LARGEST // MANY] * 3 * MANY, id="batches"),
]


@pytest.mark.parametrize("values", TOO_LARGE)
@pytest.mark.parametrize(
    "what",
    [
        {"totals": [{"column": 1, "kind": "sum"}]},
        {"totals": [{"column": 1, "kind": "avg"}], "groups": [{"source": "k"}]},
        {"totals": [{"column": 1, "kind": "weighted_avg", "by": "k"}]},
        {"totals": [{"column": 0, "kind": "weighted_avg", "by": "big"}]},
        {"crosstabs": [{"name": "c", "rows": "k", "columns": "k", "value": "big", "total": "sum"}]},
        {"series": [{"name": "s", "x": "k", "y": "big", "total": "avg"}]},
    ],
    ids=["sum", "group", "value", "weight", "crosstab", "series"],
)
def test_a_total_with_more_digits_than_there_is_room_names_its_column(
    tmp_path: Path, what: dict[str, Any], values: list[int]
) -> None:
    columns = {"k": integers([1] * len(values)), "big": decimals(values)}
    # Where no column is to be printed, only the total itself is there to overflow.
    plan = asked("k", *(["big"] if "totals" in what else []), **what)
    named = 'column "k" has' if what.get("totals", [{}])[0].get("by") == "big" else 'column "big" has'
    message = refused(tmp_path, plan, **columns)
    assert "has more digits than 128 bits hold; cast it to DOUBLE in the SQL" in message
    assert named in message or 'the sum of column "big"' in message


def test_a_product_of_a_weighted_average_that_is_too_large_names_the_column(tmp_path: Path) -> None:
    columns = {"big": decimals([10**30]), "by": decimals([10**30])}
    plan = asked("big", totals=[{"column": 0, "kind": "weighted_avg", "by": "by"}])
    assert 'a total of column "big" has more digits than 128 bits' in refused(tmp_path, plan, **columns)


def test_a_median_with_a_digit_more_than_there_is_room_names_the_column(tmp_path: Path) -> None:
    plan = asked("big", totals=[{"column": 0, "kind": "median"}])
    assert 'a total of column "big" has more digits than 128 bits' in refused(
        tmp_path, plan, big=decimals([LARGEST])
    )


@pytest.mark.parametrize("rows", [2, MANY])
def test_a_running_sum_of_more_than_38_digits_names_column_and_row(tmp_path: Path, rows: int) -> None:
    """There is room for it in 128 bits, but not in the decimals of the spool."""
    values = [1] * (rows - 2) + [9 * 10**37, 10**37]
    plan = {"columns": [{"name": "running:big", "source": "big", "running": {"level": None}}]}
    message = f'row {rows}: the running sum of column "running:big" has more than 38 digits'
    assert message in refused(tmp_path, plan, big=decimals(values))


def test_a_number_of_76_digits_names_the_field(tmp_path: Path) -> None:
    wide = Array([str(10**50)], DataType.string()).cast(DataType.decimal256(76, 0))
    message = refused(tmp_path, asked("wide"), wide=wide)
    assert message.startswith('field "wide" has a value of Decimal256(76, 0) that is too large')


def test_a_decimal_of_38_digits_that_no_total_is_made_of_is_kept(tmp_path: Path) -> None:
    column = figures(tmp_path, asked("big"), big=decimals([LARGEST, -LARGEST]))["columns"][0]
    assert (int(column["min"]), int(column["max"])) == (-LARGEST, LARGEST)


def test_percentiles_lie_between_floats_that_are_far_apart(tmp_path: Path) -> None:
    totals = [{"column": 0, "kind": kind} for kind in ("median", "p90")]
    plan = asked("f", totals=totals)
    assert figures(tmp_path, plan, f=floats([-1e308, 1e308]))["totals"] == [0.0, pytest.approx(8e307)]
    assert figures(tmp_path, plan, f=floats([-math.inf, 5.0]))["totals"] == [-math.inf, -math.inf]


@pytest.mark.parametrize("order", [(0.0, -0.0), (-0.0, 0.0)])
def test_the_smallest_and_the_largest_zero_do_not_hang_on_the_order(
    tmp_path: Path, order: tuple[float, float]
) -> None:
    column = figures(tmp_path, asked("f"), f=floats(order))["columns"][0]
    assert (repr(column["min"]), repr(column["max"])) == ("-0.0", "0.0")


def test_weights_that_are_nothing_together_give_no_average(tmp_path: Path) -> None:
    totals = [{"column": 0, "kind": "weighted_avg", "by": by} for by in ("i", "f")]
    plan = asked("n", totals=totals)
    columns = {"n": integers([1, 2]), "i": integers([3, -3]), "f": floats([0.5, -0.5])}
    assert figures(tmp_path, plan, **columns)["totals"] == [None, None]


def test_weights_of_thirty_digits_give_the_average_that_small_ones_give(tmp_path: Path) -> None:
    """Their sum, brought to the scale of the values, has more digits than 128 bits hold."""
    plan = asked("v", totals=[{"column": 0, "kind": "weighted_avg", "by": by} for by in ("large", "small")])
    values = Array(["0.0015", "0.0025"], DataType.string()).cast(DataType.decimal128(38, 10))
    columns = {"v": values, "large": decimals([10**30, 3 * 10**30]), "small": integers([1, 3])}
    assert figures(tmp_path, plan, **columns)["totals"] == [pytest.approx(0.00225, rel=1e-15), 0.00225]


def test_a_million_groups_are_each_there_once(tmp_path: Path) -> None:
    """Ascending, descending, and last of all the first key again."""
    count = 1_000_000
    plan = asked("k", groups=[{"source": "k"}], totals=[{"column": 0, "kind": "sum"}])
    for keys in (range(count), range(count, 0, -1)):
        crunched = crunch(stream([RecordBatch.from_pydict({"k": integers(keys)})]), plan, tmp_path, 2)
        (level,) = crunched.summary()["levels"]
        assert (level["groups"], level["most_rows"]) == (count, 1)
        assert (level["lowest"], level["highest"]) == ([min(keys)], [max(keys)])
        assert crunched.summary()["totals"] == [sum(keys)]
        assert crunched.summary()["columns"][0]["distinct"] is None
    again = refused(tmp_path / "again", plan, k=integers([*range(count), 0]))
    assert again.startswith(f'row {count + 1}: 0 of group field "k" comes again')


@pytest.mark.parametrize("keys", [[-math.nan, 1.0, math.nan], [math.nan, 1.0, -math.nan], [0.0, 1.0, -0.0]])
def test_a_group_of_the_same_float_with_another_sign_comes_again(tmp_path: Path, keys: list[float]) -> None:
    message = refused(tmp_path, asked("f", groups=[{"source": "f"}]), f=floats(keys))
    assert message.startswith("row 3: ")
    assert 'of group field "f" comes again' in message


@pytest.mark.parametrize("batches", [0, 1, 9])
@pytest.mark.parametrize("error", [OSError("the line is cut"), ValueError("no such day")])
def test_a_python_generator_that_fails_half_way_names_the_cause_and_leaves_no_spool(
    tmp_path: Path, batches: int, error: Exception
) -> None:
    # Each batch is large enough to be crunched by itself: the spool has begun.
    batch = RecordBatch.from_pydict({"n": integers(range(MANY))})

    def fails() -> Iterator[RecordBatch]:
        for _ in range(batches):
            yield batch
        raise error

    class Stream:
        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            return RecordBatchReader.from_batches(batch.schema, fails()).__arrow_c_stream__()

    plan = asked("n", totals=[{"column": 0, "kind": "sum"}])
    with pytest.raises(rust_core.StreamError, match=f"{type(error).__name__}: {error}"):
        crunch(Stream(), plan, tmp_path, 2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("rows", "distinct"), [(65_536, 65_536), (65_537, None)])
def test_different_values_are_counted_up_to_a_limit(tmp_path: Path, rows: int, distinct: int | None) -> None:
    columns = figures(tmp_path, asked("n"), n=integers(range(rows)))["columns"]
    assert [column["distinct"] for column in columns] == [distinct]


def test_a_crosstab_has_at_most_a_million_cells(tmp_path: Path) -> None:
    """Counted when they may all be there: a thousand heads on both sides, of a row each."""
    plan = asked("n", crosstabs=[{"name": "c", "rows": "n", "columns": "n", "value": "n", "total": "sum"}])
    table = figures(tmp_path, plan, n=integers(range(1_000)))["crosstabs"]["c"]
    assert [table["cells"][n][n] for n in range(1_000)] == list(range(1_000))
    with pytest.raises(rust_core.LimitError, match='"c" has 1001 rows and 1001 columns; more than 1000000'):
        figures(tmp_path, plan, n=integers(range(1_001)))
    assert not list(tmp_path.iterdir())
