"""Rows of the few types that reports have most, drawn at random, and cut into batches of any size."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from arro3.core import RecordBatchReader
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

Row = dict[str, Any]
NUMBERS = ("n", "m", "f")

values = st.fixed_dictionaries(
    {
        "g": st.none() | st.sampled_from(["a", "ä", "b", "", "東京"]),
        "h": st.none() | st.integers(-2, 2),
        "n": st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5),
        "m": st.none() | st.decimals(-(10**15), 10**15, places=2),
        # Multiples of a quarter: their sums are exact in any order.
        "f": st.none() | st.integers(-(10**6), 10**6).map(lambda i: i / 4),
        "t": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
        "d": st.none() | st.dates(),
        "b": st.none() | st.booleans(),
    }
)


def batches(relation: duckdb.DuckDBPyRelation, size: int) -> RecordBatchReader:
    reader = RecordBatchReader.from_stream(relation)
    cut = [
        batch.slice(start, min(size, batch.num_rows - start))
        for batch in reader
        for start in range(0, batch.num_rows, size)
    ]
    return RecordBatchReader.from_batches(reader.schema, cut)


def runs(rows: Sequence[Row], groups: Sequence[str]) -> Iterator[list[Row]]:
    """The rows of each group of the innermost of `groups`, in order."""
    for _, run in groupby(rows, key=lambda row: [row[group] for group in groups]):
        yield list(run)


def nulls_last(value: Any) -> tuple[bool, Any]:
    return (value is None, 0 if value is None else value)
