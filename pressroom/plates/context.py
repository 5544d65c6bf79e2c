"""What report.html can use: the names of its template, and the helpers that draw tables and charts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from pressroom.charts import ChartText, Look, draw_chart
from pressroom.definition import TotalKind
from pressroom.plates.specimen import LABELS, Specimen
from pressroom.plates.template import Misused
from pressroom.plates.top_list import make_top_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pressroom.plan import Plan
    from pressroom.plates.template import Templates


class TemplateContext:
    """The names of report.html; remembers the specimen that `{{ table() }}` made."""

    def __init__(
        self,
        plan: Plan,
        crunched: Any,  # noqa: ANN401 - rust_core.Crunched
        parameters: Mapping[str, Any],
        format_value: Callable[[str, object], str],
        now: dt.datetime,
        write_table: Callable[[Specimen], Markup] = Specimen.html,
    ) -> None:
        self._plan = plan
        self._crunched = crunched
        self._summary: Mapping[str, Any] = crunched.summary()
        self._parameters = parameters
        self._format = format_value
        zone = plan.definition.time_zone
        self._now = now.astimezone(ZoneInfo(zone) if zone else dt.UTC).replace(tzinfo=None)
        self._templates: Templates | None = None
        self._write_table = write_table
        self.specimen: Specimen | None = None

    def names(self, templates: Templates) -> dict[str, Any]:
        """Everything that a template may name."""
        self._templates = templates
        d = self._plan.definition
        return {
            "report": {
                "name": d.name,
                "title": d.title,
                "description": d.description,
                "author": d.author,
                "language": d.language,
                "page": d.pdf.page,
            },
            "parameters": dict(self._parameters),
            "columns": [
                {"name": c.name, "field": c.source, "heading": c.heading, "format": c.format}
                for c in self._plan.columns
            ],
            "crosstabs": [{"name": c.name, "title": c.title} for c in d.crosstabs],
            "tops": [{"name": t.name, "title": t.title} for t in d.tops],
            "charts": [{"name": c.name, "title": c.title, "kind": c.kind} for c in d.charts],
            "totals": self._totals(),
            "summary": self._summary,
            "rows": self._summary["rows"],
            "now": self._now,
            "today": self._now.date(),
            "table": self._table,
            "groups": self._groups,
            "total": self._total,
            "crosstab": self._crosstab,
            "top": self._top,
            "chart": self._chart,
        }

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters that Jinja lacks: `fmt(code)` writes a value as the number-format code says."""
        return {"fmt": lambda value, code="": self._format(code, value)}

    def _table(self, labels: Mapping[str, str] | None = None) -> Markup:
        if self.specimen is not None:
            raise Misused("{{ table() }} is called twice", hint="the rows can go to one place only")
        if unknown := sorted(set(labels or {}) - set(LABELS)):
            raise Misused(f"table(labels): unknown {', '.join(unknown)}", hint=f"known: {', '.join(LABELS)}")
        self.specimen = Specimen(
            self._plan, self._summary, self._crunched.groups, self._format, {**LABELS, **(labels or {})}
        )
        return self._write_table(self.specimen)

    def _groups(self, level: int = 0, limit: int = 1000) -> Sequence[Mapping[str, Any]]:
        if not 0 <= level < len(self._plan.definition.groups):
            raise Misused(f"groups({level}): the report has {len(self._plan.definition.groups)} group levels")
        groups: Sequence[Mapping[str, Any]] = self._crunched.groups(level, limit)
        return groups

    def _totals(self) -> list[dict[str, Any]]:
        out = []
        for total, value in zip(self._plan.totals, self._summary["totals"], strict=True):
            column = self._plan.columns[total.column]
            if self._plan.total_index(total.column, total.kind, None) is None:
                continue
            code = "#,##0" if total.kind in (TotalKind.COUNT, TotalKind.DISTINCT) else column.format
            out.append(
                {
                    "field": column.name,
                    "heading": column.heading,
                    "kind": total.kind.value,
                    "label": LABELS[total.kind.value],
                    "value": value,
                    "text": self._format(code, value),
                }
            )
        return out

    def _total(self, field: str, kind: str = "sum") -> Any:  # noqa: ANN401 - whatever type the column has
        for total, value in zip(self._plan.totals, self._summary["totals"], strict=True):
            if self._plan.columns[total.column].name == field and total.kind.value == kind:
                return value
        raise Misused(
            f"total({field!r}, {kind!r}): the report has no such total", hint="add it to the column's total"
        )

    def _crosstab(self, name: str) -> Markup:
        crosstab = _named("crosstab", self._plan.definition.crosstabs, name)
        data = self._summary["crosstabs"][name]
        value = crosstab.format or self._plan.format_of(crosstab.value)

        def write(v: object) -> str:
            return "" if v is None else self._format(value, v)

        return self._fill(
            "crosstab.html",
            corner=self._plan.heading_of(crosstab.rows),
            columns=[self._key(crosstab.columns, key) for key in data["column_keys"]],
            rows=[
                {
                    "key": self._key(crosstab.rows, key),
                    "cells": [write(v) for v in cells],
                    "total": write(total),
                }
                for key, cells, total in zip(data["row_keys"], data["cells"], data["row_totals"], strict=True)
            ],
            totals=[write(v) for v in data["column_totals"]],
            total=write(data["total"]),
            label=LABELS[crosstab.total.value],
        )

    def _top(self, name: str, columns: Sequence[str] | None = None) -> Markup:
        top = _named("top", self._plan.definition.tops, name)
        if top.of is not None and columns is not None:
            raise Misused(f"top({name!r}, columns): a list of a field's values has columns of its own")
        made = make_top_list(top, self._plan, self._summary["tops"][name])
        fields = [column.field for column in made.columns]
        shown = [f for f in fields if not f.startswith("running:")] if columns is None else list(columns)
        if unknown := [f for f in shown if f not in fields]:
            raise Misused(
                f"top({name!r}): no field {', '.join(unknown)}", hint=f"fields: {', '.join(fields)}"
            )
        # A field may stand among rows twice, as a group and as a column: one of them is enough.
        places = range(len(fields)) if top.of else dict.fromkeys(fields.index(field) for field in shown)
        numbers = {i for i in places if made.has_numbers(i)}

        def write(values: Sequence[Any], nothing: str) -> list[str]:
            return [
                nothing if values[i] is None else self._format(made.columns[i].format, values[i])
                for i in places
            ]

        others = None if made.others is None else write(made.others, "")
        return self._fill(
            "top.html",
            keys=top.of is not None,
            columns=[
                {"heading": made.columns[i].heading, "kind": "number" if i in numbers else "text"}
                for i in places
            ],
            rows=[write(row, "–") for row in made.rows],
            others=others,
            label=made.label,
            # The label stands in the cells before the first figure, or in that of the rank.
            span=next((i for i, text in enumerate(others or ()) if text), len(places)),
        )

    def _chart(
        self,
        name: str,
        width: float = 520,
        height: float = 240,
        color: str | None = None,
        font: str | None = None,
        size: float | None = None,
    ) -> Markup:
        chart = _named("chart", self._plan.definition.charts, name)
        changed = {"accent": color, "font": font, "size": size}
        look = Look(**{key: value for key, value in changed.items() if value is not None})  # type: ignore[arg-type]
        code = chart.format or self._plan.format_of(chart.y.field)
        text = ChartText(value=lambda v: self._format(code, v), key=lambda v: self._key(chart.x, v))
        chart = chart.model_copy(update={"format": code})
        svg = draw_chart(chart, self._summary["series"][name], text, width=width, height=height, look=look)
        return Markup(svg)  # noqa: S704 - Vega escapes what it writes

    def _fill(self, template: str, **names: object) -> Markup:
        if self._templates is None:
            raise Misused("helpers belong to a template")
        return Markup(self._templates.render(f"pressroom/{template}", names))  # noqa: S704 - it escapes its values

    def _key(self, field: str, value: object) -> str:
        return "–" if value is None else self._format(self._plan.format_of(field), value)


def _named(noun: str, things: Sequence[Any], name: str) -> Any:  # noqa: ANN401 - a part of the definition
    for thing in things:
        if thing.name == name:
            return thing
    known = ", ".join(thing.name for thing in things) or "none"
    raise Misused(f"{noun}({name!r}): report.yaml has no such {noun}", hint=f"it has: {known}")
