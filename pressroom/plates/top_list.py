"""`TopList`: a top-N list as both outputs print it, with the shares of its keys and a line for all others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pressroom.definition import TotalKind
from pressroom.plates.sheet_bands import LABELS, WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pressroom.definition import Top
    from pressroom.plan import Plan

SHARED = (TotalKind.SUM, TotalKind.COUNT)
"""Totals of which the keys' figures are parts."""


@dataclass(frozen=True, slots=True)
class TopColumn:
    """One column: its field (`""` for shares), what people read, and its number-format code if it has one."""

    field: str
    heading: str
    format: str
    key: bool = False
    """Whether it holds the keys that rank: names, even if they are numbers."""


@dataclass(frozen=True, slots=True)
class TopList:
    """The list's columns and its rows, best first, a value per column."""

    columns: tuple[TopColumn, ...]
    rows: Sequence[Sequence[Any]]
    others: Sequence[Any] | None
    """A value per column, `None` where there is none; no line is printed without it."""
    label: str
    """What stands at the line of all others."""

    def has_numbers(self, number: int) -> bool:
        """Whether the values of column number `number` are numbers, and no names."""
        if self.columns[number].key:
            return False
        values = (row[number] for row in self.rows)
        return any(isinstance(v, int | float | Decimal) and not isinstance(v, bool) for v in values)


def make_top_list(top: Top, plan: Plan, found: Mapping[str, Any]) -> TopList:
    """The list `top` of the report over what the crunch found: its entry of `summary()["tops"]`."""
    rows = [list(row) for row in found["rows"]]
    left, others, label = found["others"], None, ""
    if left is not None and top.others_label is not None:
        others, label = list(left["values"]), f"{top.others_label} ({left['count']:,})"
    if top.of is None:
        columns = [
            TopColumn(field, plan.heading_of(field), plan.format_of(field)) for field in found["fields"]
        ]
    else:
        key = TopColumn(top.of, plan.heading_of(top.of), plan.format_of(top.of), key=True)
        columns = [key, _figure(top, plan)]
        figures = [row[1] for row in rows] + ([left["values"][1]] if left else [])
        if top.total in SHARED and _is_whole(found["total"], figures):
            columns.append(TopColumn("", "Share", "0.0%"))
            for row in rows if others is None else [*rows, others]:
                row.append(None if row[1] is None else float(row[1]) / float(found["total"]))
    return TopList(tuple(columns), rows, others, label)


def _is_whole(total: Any, figures: Sequence[Any]) -> bool:  # noqa: ANN401 - whatever type the field has
    """Whether the figures are parts of the total: with both signs, they are more than all of it."""
    if not total or not math.isfinite(total):
        return False
    return all(figure is None or figure == 0 or (figure > 0) == (total > 0) for figure in figures)


def _figure(top: Top, plan: Plan) -> TopColumn:
    heading, word = plan.heading_of(top.by), LABELS[top.total]
    if top.total is TotalKind.COUNT:
        heading = word
    elif top.total is not TotalKind.SUM:
        heading = f"{heading}, {word.lower()}"
    code = "#,##0" if top.total in WHOLE else plan.format_of(top.by)
    return TopColumn(top.by, top.label or heading, top.format or code)
