"""The transforms in plain Python, the slow and obvious way: what the core is compared with.

Each takes rows as dictionaries, ordered as the core gets them, and gives the rows of the table.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Row = dict[str, Any]


class Refused(Exception):
    """The rows can't be transformed by the rules given."""


def partitions(rows: Sequence[Row], fields: Sequence[str]) -> Iterator[list[Row]]:
    """Rows that stand together and have the same values in `fields`."""
    for _, run in groupby(rows, key=lambda row: [row[field] for field in fields]):
        yield list(run)


def exact(value: Any) -> Any:
    """A decimal or an integer as a fraction; floats and None as they are."""
    return value if value is None or isinstance(value, float) else Fraction(value)


def rounded(value: Fraction, digits: int) -> Fraction:
    """Half to even, `digits` after the point."""
    return Fraction(round(value * 10**digits), 10**digits)
