"""The specimen table: what `{{ table() }}` puts into the page for WeasyPrint to lay out.

```
page 1   header, sample rows                       where the table starts
page 2   header, one short row of every band       measured: heights, baselines, paddings, colours
page 3   header, sample rows                       widths: the longest values there are
```
Every text that Rust will fill in is marked with `data-part`, JSON of `rust_core::band::Part`.
Stable classes:

| element | classes |
|---|---|
| `table` | `rows` |
| `col`, `th`, `td` | `number`, `date` or `text`; `col-<field>`; `align-<side>` when the column says so |
| `tr` of the head | `header` |
| `tr` that opens a group | `group level-<n>`, cells `key` (spans `name`, `value`) and `count` |
| `tr` of a row | `detail odd`, `detail even` |
| `tr` that closes a group | `subtotal level-<n> <kind>`, cells `label` (`name`, `value`) and totals |
| `tr` that closes the table | `total <kind>`, likewise |
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pressroom.definition import TotalKind
    from pressroom.plan import Plan

MARK = "data-pressroom"
"""Attribute of the specimen's table, rows and texts; the layout finds them by it."""

LABELS: Mapping[str, str] = {
    "sum": "Total",
    "avg": "Average",
    "min": "Minimum",
    "max": "Maximum",
    "count": "Count",
    "distinct": "Distinct",
    "median": "Median",
    "p90": "90th percentile",
    "first": "First",
    "last": "Last",
    "weighted_avg": "Weighted average",
    "all": "all rows",
    "rows": "rows",
    "row": "row",
}
"""Words of the table; `table(labels={...})` replaces them."""

_NUMBERS = frozenset({"integer", "decimal", "float"})
_DATES = frozenset({"date", "timestamp", "time"})
_COUNTS = frozenset({"count", "distinct"})
_SAMPLE_CHARS = 240
_SAMPLES = 8


@dataclass(frozen=True)
class Specimen:
    """Makes the specimen table of one plan from what the crunch knows of the rows."""

    plan: Plan
    summary: Mapping[str, Any]
    groups: Callable[[int, int], Sequence[Mapping[str, Any]]]
    format_value: Callable[[str, object], str]
    labels: Mapping[str, str] = field(default_factory=lambda: LABELS)

    def html(self) -> Markup:
        """The table; the page break after it keeps the pages that follow apart."""
        return Markup(  # noqa: S704 - every value was escaped on its way in
            f'<table class="rows" {MARK}="table" style="break-after: page !important">'
            f"{self._columns()}<thead>{self._header()}</thead>"
            f"<tbody>{''.join(self._samples(1))}</tbody>"
            f'<tbody style="break-before: page !important">{"".join(self._measured())}</tbody>'
            f'<tbody style="break-before: page !important">{"".join(self._samples(_SAMPLES))}</tbody></table>'
        )

    def texts(self) -> Iterator[str]:
        """Samples of what will be printed, for finding fonts."""
        for column, stats in zip(self.plan.columns, self.summary["columns"], strict=True):
            yield column.heading
            yield from stats["longest"]
        for level, group in enumerate(self.plan.definition.groups):
            for member in self.groups(level, 200):
                yield self.format_value(group.format, member["key"])

    def format_of(self, total: int) -> str | None:
        """Number format of total number `total`; None for its column's own."""
        return "#,##0" if self.plan.totals[total].kind.value in _COUNTS else None

    def _classes(self, number: int) -> str:
        column = self.plan.columns[number]
        kind = self.summary["columns"][number]["type"]
        classes = ["number" if kind in _NUMBERS else "date" if kind in _DATES else "text"]
        classes.append("col-" + re.sub(r"[^a-z0-9_]+", "-", column.name.lower()))
        if column.definition.align:
            classes.append(f"align-{column.definition.align}")
        return " ".join(classes)

    def _columns(self) -> str:
        return (
            "<colgroup>"
            + "".join(f'<col class="{self._classes(i)}">' for i in range(len(self.plan.columns)))
            + "</colgroup>"
        )

    def _header(self) -> str:
        cells = "".join(
            f'<th class="{self._classes(i)}" scope="col">{escape(c.heading)}</th>'
            for i, c in enumerate(self.plan.columns)
        )
        return f'<tr class="header" {MARK}="header">{cells}</tr>'

    def _measured(self) -> Iterator[str]:
        """One row of each band in the order in which they meet, each text as short as can be."""
        levels = range(len(self.plan.definition.groups))
        for level in levels:
            yield self._group(level, f"group:{level}", "0", "0")
        for number, parity in enumerate(("odd", "even", "odd")):
            # The third only stands there so that the second has a neighbour of the usual kind.
            mark = f"detail:{number}" if number < 2 else "sample"
            cells = "".join(self._cell(i, "0", {"column": i}) for i in range(len(self.plan.columns)))
            yield f'<tr class="detail {parity}" {MARK}="{mark}">{cells}</tr>'
        for level in reversed(levels):
            if self.plan.definition.groups[level].subtotals:
                for kind in self.plan.total_kinds:
                    yield self._totals(kind, level, f"subtotal:{level}", None)
        for kind in self.plan.total_kinds:
            yield self._totals(kind, None, "total", None)

    def _samples(self, count: int) -> Iterator[str]:
        """Rows with the longest values of each column, group headers and totals of real groups."""
        keys = {}
        for level, group in enumerate(self.plan.definition.groups):
            members = self.groups(level, 200)
            texts = [self.format_value(group.format, member["key"]) for member in members]
            keys[level] = max(texts, key=len, default="")[:_SAMPLE_CHARS]
            most = max((member["rows"] for member in members), default=0)
            yield self._group(level, "sample", keys[level], self.format_value("#,##0", most))
        longest = [stats["longest"] for stats in self.summary["columns"]]
        for row in range(count):
            cells = "".join(
                self._cell(i, texts[row % len(texts)][:_SAMPLE_CHARS] if texts else "")
                for i, texts in enumerate(longest)
            )
            yield f'<tr class="detail {"even" if row % 2 else "odd"}" {MARK}="sample">{cells}</tr>'
        if count > 1:
            for kind in self.plan.total_kinds:
                for level in reversed(range(len(self.plan.definition.groups))):
                    yield self._totals(kind, level, "sample", keys[level])
                yield self._totals(kind, None, "sample", "")

    def _cell(self, number: int, text: str, part: Mapping[str, Any] | None = None) -> str:
        return f'<td class="{self._classes(number)}"{_part(part)}>{escape(text)}</td>'

    def _group(self, level: int, mark: str, key: str, rows: str) -> str:
        group = self.plan.definition.groups[level]
        count = len(self.plan.columns)
        wide = 2 if count > 2 else 1
        span = count if count == 1 else count - wide
        name = f'<span class="name">{escape(group.heading)}</span> ' if group.heading else ""
        cells = (
            f'<td class="key" colspan="{span}">{name}'
            f'<span class="value"{_part({"group": level})}>{escape(key)}</span></td>'
        )
        if count > 1:
            cells += (
                f'<td class="count" colspan="{wide}"><span class="value"{_part("rows")}>{rows}</span>'
                f" {escape(self.labels['rows'])}</td>"
            )
        return f'<tr class="group level-{level}" {MARK}="{mark}">{cells}</tr>'

    def _totals(self, kind: TotalKind, level: int | None, mark: str, key: str | None) -> str:
        """A row of totals; `key` None makes the measured row, else a sample with that key."""
        count = len(self.plan.columns)
        totals = [self.plan.total_index(i, kind) for i in range(count)]
        free = next((i for i in range(count) if totals[i] is None), None)
        cells, i = [], 0
        while i < count:
            if i == free:
                span = 1
                while i + span < count and totals[i + span] is None:
                    span += 1
                # A label may reach over the empty cells to its right, but not swallow the whole row's grid.
                cells.append(self._label(kind, level, key, span))
                i += span
                continue
            total = totals[i]
            if total is None:
                cells.append(f'<td class="{self._classes(i)}"></td>')
            elif key is None:
                cells.append(self._cell(i, "0", {"total": total}))
            else:
                code = self.format_of(total) or self.plan.columns[i].format
                cells.append(self._cell(i, self.format_value(code, self.summary["totals"][total])))
            i += 1
        row = f"subtotal level-{level}" if level is not None else "total"
        return f'<tr class="{row} {kind.value}" {MARK}="{mark}">{"".join(cells)}</tr>'

    def _label(self, kind: TotalKind, level: int | None, key: str | None, span: int) -> str:
        name = f'<span class="name">{escape(self.labels[kind.value])}</span>'
        if level is None:
            value = f'<span class="value">{escape(self.labels["all"])}</span>'
        else:
            value = (
                f'<span class="value"{_part({"group": level})}>{escape("0" if key is None else key)}</span>'
            )
        return f'<td class="label" colspan="{span}">{name} {value}</td>'


def _part(part: object) -> str:
    return f" data-part='{escape(json.dumps(part))}'" if part is not None else ""
