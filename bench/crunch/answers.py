"""Answers: what everybody computes of the ledger, in one form, so that they can be compared.

All figures are floats here, also those that were computed exactly; keys are texts.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FIGURES = (
    "customers",
    "quantity",
    "price by quantity",
    "sum",
    "average",
    "least",
    "most",
    "count",
    "median",
)
"""What is computed of each group and of all rows, in the order of the report's totals."""

LIKE = 1e-9
"""How far floats may differ, of the larger one: pandas has no decimals and sums 10,000,000 floats."""

Table = dict[str, list[float]]


@dataclass(slots=True)
class Answers:
    """One contender's answers.

    `cities` and `accounts` (by city and account) have `FIGURES` by key, as has `report`; `kinds` the sums by
    city and kind, by city, by kind and of all; `largest` the entries of the largest amounts; `days` the sums
    by day; `columns` count, least and most of each column, of texts their longest (in characters); `running`
    how many running sums there are and what they add up to.
    """

    report: list[float]
    cities: Table
    accounts: Table
    kinds: Table
    largest: list[int]
    days: Table
    columns: dict[str, list[Any]]
    running: list[float] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write them as JSON."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Answers:
        """Read what `save` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def difference(self, other: Answers) -> str | None:
        """Where the other's differ first, or None."""
        for name, mine in asdict(self).items():
            for place, a, b in _pairs(name, mine, getattr(other, name)):
                if not _like(a, b):
                    return f"{place} is {b}, not {a}"
        return None


def table(rows: Iterable[tuple[Any, ...]], keys: int) -> Table:
    """Rows of `keys` keys and figures as a table."""
    return {key(*row[:keys]): [number(value) for value in row[keys:]] for row in rows}


def key(*parts: Any) -> str:
    """The key of a group: its own after those around it; what is left empty stands for all."""
    return " | ".join("" if part is None else str(part) for part in parts)


def extent(count: int, least: Any, most: Any, chars: int | None) -> list[Any]:
    """A column: how many values, the least and the most, of texts the characters of the longest."""
    ends = [
        end if isinstance(end, str) else str(end) if isinstance(end, dt.date) else number(end)
        for end in (least, most)
    ]
    return [count, *ends, chars]


def number(value: Any) -> float:
    """A figure as a float; nothing is NaN."""
    return math.nan if value is None else float(value)


def _pairs(place: str, a: Any, b: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted(a.keys() | b.keys()):
            yield from _pairs(f"{place}, {name!r}", a.get(name), b.get(name))
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for number_, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _pairs(f"{place} [{number_}]", x, y)
    else:
        yield place, a, b


def _like(a: Any, b: Any) -> bool:
    if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
        return bool(a == b)
    return math.isclose(a, b, rel_tol=LIKE, abs_tol=1e-6)
