"""Which bands a sheet has, and what stands in their cells (`rust_core::xlsx::plate::SheetBands`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pressroom.definition import TotalKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pressroom.plan import Plan

Cell = list[Any]
"""Parts of a cell: `{"column": 0}`, `{"group": 1}`, `{"total": 2}`, `{"text": "Total"}`, `"rows"`."""

LABELS = {
    TotalKind.SUM: "Total",
    TotalKind.AVG: "Average",
    TotalKind.MIN: "Minimum",
    TotalKind.MAX: "Maximum",
    TotalKind.COUNT: "Count",
    TotalKind.DISTINCT: "Distinct",
    TotalKind.MEDIAN: "Median",
    TotalKind.P90: "90th percentile",
    TotalKind.FIRST: "First",
    TotalKind.LAST: "Last",
    TotalKind.WEIGHTED_AVG: "Weighted average",
}
WHOLE = (TotalKind.COUNT, TotalKind.DISTINCT)
"""Totals that count rows, whatever the column holds."""


@dataclass(slots=True)
class Band:
    """A template row: its kind (`group_header`, `detail`, `subtotal`, `grand_total`), level and cells."""

    kind: str
    level: int | None
    total: TotalKind | None
    cells: list[Cell]


LIVE = (TotalKind.SUM, TotalKind.AVG, TotalKind.MIN, TotalKind.MAX, TotalKind.COUNT)
"""Totals that go with the rows that a filter shows."""


def bands(plan: Plan, *, filtered: bool = False) -> list[Band]:
    """The template rows from top to bottom: headers, detail, subtotals (inner first), grand total."""
    groups = plan.definition.groups
    headers = [Band("group_header", level, None, _header(plan, level)) for level in range(len(groups))]
    detail = Band("detail", None, None, [[{"column": column}] for column in range(len(plan.columns))])
    subtotals = [
        Band("subtotal", level, kind, _totals(plan, level, kind))
        for level in reversed(range(len(groups)))
        if groups[level].subtotals
        for kind in plan.total_kinds
    ]
    grand = [
        Band("grand_total", None, kind, _totals(plan, None, kind, filtered=filtered))
        for kind in plan.total_kinds
    ]
    return [*headers, detail, *subtotals, *grand]


def to_json(rows: list[Band], first_row: int, levels: int) -> dict[str, Any]:
    """The `bands` of a plate whose template rows start at `first_row`."""

    def of(kind: str, level: int | None = None) -> Iterator[dict[str, Any]]:
        for row, band in enumerate(rows, first_row):
            if band.kind == kind and (level is None or band.level == level):
                yield {"row": row, "cells": band.cells}

    return {
        "group_headers": list(of("group_header")),
        "detail": next(of("detail")),
        "subtotals": [list(of("subtotal", level)) for level in range(levels)],
        "grand_total": list(of("grand_total")),
    }


def roomiest(cells: list[Cell]) -> int | None:
    """The first empty cell whose text may reach over an empty one at its right; else the first empty one.

    A label stands before what it names, where there is room.
    """
    empty = [column for column, cell in enumerate(cells) if not cell]
    first = next((column for column, cell in enumerate(cells) if cell), len(cells))
    before = [column for column in empty if column < first] or empty
    return next((column for column in before if column + 1 in before), before[0] if before else None)


def _header(plan: Plan, level: int) -> list[Cell]:
    heading = plan.definition.groups[level].heading
    # With a text, though an empty one, the key is shown as its format says, whatever the column's is.
    label: Cell = [{"text": f"{heading}: " if heading else ""}]
    return [[*label, {"group": level}], *([] for _ in plan.columns[1:])]


def _totals(plan: Plan, level: int | None, kind: TotalKind, *, filtered: bool = False) -> list[Cell]:
    cells: list[Cell] = []
    for column in range(len(plan.columns)):
        index = plan.total_index(column, kind, level)
        cells.append([] if index is None else [{"total": index}])
    label = LABELS[kind]
    free = roomiest(cells)
    if free is not None:
        if level is None:
            text = "Grand total" if kind is TotalKind.SUM and not filtered else f"{label}, all rows"
            cells[free] = [{"text": f"{label}, shown rows" if filtered and kind in LIVE else text}]
        else:
            heading = plan.definition.groups[level].heading
            # Where levels close one after the other, each says which it is.
            which = f"{heading}: " if heading and len(plan.definition.groups) > 1 else ""
            cells[free] = [{"text": f"{label} {which}"}, {"group": level}]
    return cells
