"""The plan: a definition reduced to what the Rust crunch must know (`rust_core::crunch::Plan`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pressroom.definition import TotalKind
from pressroom.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pressroom.definition import Column, Made, ReportDefinition

_FORMATS = {"share": "0.0%", "rank": "#,##0"}
"""Number formats of what is not of its column's kind."""


@dataclass(frozen=True, slots=True)
class PlanColumn:
    """A printed column: a field, or what is made of one, by whose name its own begins."""

    name: str
    source: str
    heading: str
    format: str
    definition: Column
    made: Made | None = None


@dataclass(frozen=True, slots=True)
class PlanTotal:
    """Total number N of the plan: which column (by number) and what is made of it."""

    column: int
    kind: TotalKind
    by: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A definition with its columns expanded; designers place bands with its numbers."""

    definition: ReportDefinition
    columns: tuple[PlanColumn, ...]
    totals: tuple[PlanTotal, ...]

    @property
    def total_kinds(self) -> tuple[TotalKind, ...]:
        """The kinds of total in the order they first appear: one subtotal row each."""
        return tuple(dict.fromkeys(total.kind for total in self.totals))

    def total_index(self, column: int, kind: TotalKind, level: int | None) -> int | None:
        """Number of the total of this kind of column number `column`, if groups of `level` have it.

        `level` None is the whole report. A share has none where several wholes come together.
        """
        over = self._level(self.columns[column])
        if over is not None and (level is None or level < over):
            return None
        return next((i for i, t in enumerate(self.totals) if t.column == column and t.kind is kind), None)

    def heading_of(self, field: str) -> str:
        """What people read of a field: the heading of its column or group, or its name made readable."""
        found = [column.heading for column in self.columns if column.name == field]
        found += [group.heading for group in self.definition.groups if group.field == field]
        return next((heading for heading in found if heading), field.replace("_", " ").capitalize())

    def format_of(self, field: str) -> str:
        """The number-format code of a field's column or group; `""` where neither has one, or General."""
        found = [column.format for column in self.columns if column.name == field]
        found += [group.format for group in self.definition.groups if group.field == field]
        return next((code for code in found if code and code.casefold() != "general"), "")

    def _level(self, column: PlanColumn) -> int | None:
        """The level of the groups that a made column is made in, each by itself; None: all rows."""
        over = getattr(column.definition, column.made) if column.made else None
        fields = [group.field for group in self.definition.groups]
        return fields.index(over) if isinstance(over, str) else None

    def to_json(self) -> str:
        """The JSON that `rust_core.crunch` reads; a change here is a change of `crunch/plan.rs`."""
        d = self.definition

        def column(c: PlanColumn) -> dict[str, Any]:
            out: dict[str, Any] = {"name": c.name, "source": c.source, "format": c.format}
            if c.made:
                out[c.made] = {"level": self._level(c)}
            return out

        return json.dumps(
            {
                "columns": [column(c) for c in self.columns],
                "groups": [{"source": g.field, "format": g.format} for g in d.groups],
                "totals": [{"column": t.column, "kind": t.kind, "by": t.by} for t in self.totals],
                "crosstabs": [
                    {"name": c.name, "rows": c.rows, "columns": c.columns, "value": c.value, "total": c.total}
                    for c in d.crosstabs
                ],
                "tops": [
                    {
                        "name": t.name,
                        "by": t.by,
                        "n": t.n,
                        "ascending": t.ascending,
                        "of": {"field": t.of, "total": t.total} if t.of is not None else None,
                    }
                    for t in d.tops
                ],
                "series": [{"name": c.name, "x": c.x, "y": c.y.field, "total": c.y.total} for c in d.charts],
                "time_zone": d.time_zone,
            }
        )


def make_plan(definition: ReportDefinition, fields: Sequence[str]) -> Plan:
    """Expand `definition` over the SQL's `fields`; one that the SQL does not give is a `DefinitionError`."""
    _check_fields(definition, fields)
    columns: list[PlanColumn] = []
    totals: list[PlanTotal] = []
    for column in definition.columns:
        totals += [PlanTotal(len(columns), total.kind, total.by) for total in column.total]
        columns.append(PlanColumn(column.field, column.field, column.heading, column.format, column))
        for made, heading in column.made.items():
            if made == "share" and any(total.kind is TotalKind.SUM for total in column.total):
                totals.append(PlanTotal(len(columns), TotalKind.SUM, None))
            code = _FORMATS.get(made, column.format)
            columns.append(PlanColumn(f"{made}:{column.field}", column.field, heading, code, column, made))
    return Plan(definition, tuple(columns), tuple(totals))


def _check_fields(definition: ReportDefinition, fields: Sequence[str]) -> None:
    asked: list[tuple[str, str]] = []
    for i, column in enumerate(definition.columns):
        asked.append((f"columns.{i}.field", column.field))
        asked += [(f"columns.{i}.total", total.by) for total in column.total if total.by is not None]
    asked += [(f"groups.{i}.field", group.field) for i, group in enumerate(definition.groups)]
    asked += [(f"order.{i}", field) for i, field in enumerate(definition.order)]
    for i, crosstab in enumerate(definition.crosstabs):
        asked += [(f"crosstabs.{i}.{key}", getattr(crosstab, key)) for key in ("rows", "columns", "value")]
    for i, top in enumerate(definition.tops):
        asked += [(f"tops.{i}.of", top.of)] if top.of is not None else []
        asked.append((f"tops.{i}.by", top.by))
    for i, chart in enumerate(definition.charts):
        asked += [(f"charts.{i}.x", chart.x), (f"charts.{i}.y.field", chart.y.field)]
    known = set(fields)
    for key, field in asked:
        if field not in known:
            raise DefinitionError(
                f"report.yaml: {key}: unknown field {field!r}", hint=f"the SQL gives: {', '.join(fields)}"
            )
