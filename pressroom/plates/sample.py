"""Real rows for a proof: few enough for WeasyPrint, chosen so that every kind of band and value occurs."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from arro3.core import Array, DataType, RecordBatchReader, Table

import rust_core
from pressroom.plates.whole_table import PrintedRows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pressroom.plan import Plan
    from rust_core._rust_core import ArrowStream

ROWS = 120
"""Rows of a sample: three or four pages of most designs."""

_LOOKED_AT = 20_000
"""Rows that are looked at for unusual values: the first of the report."""
_EDGES = 4
"""Ends of groups that are taken along for each level."""


def pick_rows(plan: Plan, crunched: rust_core.Crunched) -> list[int]:
    """Numbers of at most `ROWS` rows, ascending.

    The first and last rows, the rows around ends of groups, and of each column the longest, the shortest,
    missing and negative values and other scripts; then as many of the first rows as there is room for.
    """
    count = crunched.rows
    wanted: dict[int, None] = {}

    def want(*numbers: int) -> None:
        wanted.update(dict.fromkeys(n for n in numbers if 0 <= n < count))

    want(*range(6), *range(count - 4, count))
    for level in range(len(plan.definition.groups)):
        for group in crunched.groups(level, _EDGES + 1)[1:]:
            want(*range(group["first_row"] - 2, group["first_row"] + 2))
    for numbers in zip_longest(*_unusual(plan, crunched)):
        want(*(n for n in numbers if n is not None))
    want(*range(ROWS))
    return sorted(list(wanted)[:ROWS])


def take_rows(stream: ArrowStream, numbers: Sequence[int]) -> Table:
    """The rows of `stream` with these numbers, which ascend."""
    reader = RecordBatchReader.from_arrow(stream)
    batches, start, left = [], 0, list(numbers)
    for batch in reader:
        end = start + batch.num_rows
        here = [n - start for n in left if n < end]
        left = left[len(here) :]
        if here:
            batches.append(batch.take(Array(here, DataType.uint32())))
        start = end
        if not left:
            break
    return Table.from_batches(batches, schema=reader.schema)


def _unusual(plan: Plan, crunched: rust_core.Crunched) -> Iterator[tuple[int, ...]]:
    """Rows for each column, the most telling first."""
    columns: list[list[tuple[int, str, object]]] = [[] for _ in plan.columns]
    for number, row in enumerate(PrintedRows(crunched)):
        if number == _LOOKED_AT:
            break
        for column, value, seen in zip(plan.columns, row, columns, strict=True):
            seen.append((number, rust_core.format_value(column.format, value), value))
    for seen in columns:
        by_length = sorted(seen, key=lambda one: len(one[1]))
        chosen = [
            *by_length[-2:],
            *[one for one in seen if one[2] is None][:2],
            *[one for one in seen if one[1].startswith("-")][:2],
            *[one for one in seen if not one[1].isascii()][:3],
            *by_length[:1],
        ]
        yield tuple(one[0] for one in chosen)
