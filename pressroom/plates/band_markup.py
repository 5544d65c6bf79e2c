"""The HTML of the printed table's rows: what a specimen and a table of real rows have in common.

| element | classes |
|---|---|
| `table` | `rows` |
| `col`, `th`, `td` | `number`, `date` or `text`; `col-<field>`; `align-<side>` when the column says so |
| `tr` of the head | `header` |
| `tr` that opens a group | `group level-<n>`, cells `key` (spans `name`, `value`) and `count` |
| `tr` of a row | `detail odd`, `detail even` |
| `tr` that closes a group | `subtotal level-<n> <kind>`, cells `label` (`name`, `value`) and totals |
| `tr` that closes the table | `total <kind>`, likewise |

The `label` of a level with long keys is also `long`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pressroom.definition import TotalKind
    from pressroom.plan import Plan

MARK = "data-pressroom"
"""Attribute of the table and its rows; the layout finds them by it."""

_NUMBERS = frozenset({"integer", "decimal", "float"})
_DATES = frozenset({"date", "timestamp", "time"})
_LEVEL = Markup('<span style="line-height: 0 !important">{}</span>')
_COUNTS = frozenset({"count", "distinct"})


@dataclass(frozen=True, slots=True)
class Filling:
    """What stands in a cell: a text, the part of a plate that it stands for, a colour of its number format.

    Only a specimen's measured rows have parts, and only real rows have colours and the CSS of rules.
    """

    text: str
    part: object = None
    color: tuple[int, int, int] | None = None
    css: str = ""

    @property
    def html(self) -> Markup:
        """The text, escaped.

        A line is as high as the font of its row asks, whatever fonts its characters come from, so that rows
        are alike: WeasyPrint would make lines higher for fonts that it falls back to.
        """
        latin = max(self.text, default="") < "\u0250"
        return escape(self.text) if latin else _LEVEL.format(self.text)

    @property
    def attributes(self) -> str:
        """The HTML attributes of the element that holds the text."""
        out = f" data-part='{escape(json.dumps(self.part))}'" if self.part is not None else ""
        # Of two colours the format's wins, as in Excel.
        css = self.css + (f"color: rgb{self.color} !important" if self.color is not None else "")
        return f'{out} style="{css}"' if css else out


EMPTY = Filling("")
LONG_KEY: Final = 60
"""Characters of a group's key that its subtotals show in one line; with a longer one they may wrap."""


@dataclass(frozen=True)
class BandMarkup:
    """Writes one row of each kind of band; `types` are the columns' types as the crunch names them."""

    plan: Plan
    types: Sequence[str]
    labels: Mapping[str, str]
    long_levels: frozenset[int] = frozenset()
    """Levels with keys of more than `LONG_KEY` characters."""

    def format_of(self, total: int) -> str | None:
        """Number format of total number `total`; None for its column's own."""
        return "#,##0" if self.plan.totals[total].kind.value in _COUNTS else None

    def classes(self, number: int) -> str:
        """Classes of the cells of column number `number`."""
        column = self.plan.columns[number]
        kind = self.types[number]
        classes = ["number" if kind in _NUMBERS else "date" if kind in _DATES else "text"]
        classes.append("col-" + re.sub(r"[^a-z0-9_]+", "-", column.name.lower()))
        if column.definition.align:
            classes.append(f"align-{column.definition.align}")
        return " ".join(classes)

    def columns(self, widths: Sequence[float] | None = None) -> str:
        """The `colgroup`; `widths` (px) go before those of a style sheet."""
        columns = ""
        for i in range(len(self.plan.columns)):
            style = f' style="width: {widths[i]:.4f}px !important"' if widths is not None else ""
            columns += f'<col class="{self.classes(i)}"{style}>'
        return f"<colgroup>{columns}</colgroup>"

    def header(self) -> str:
        """The column heads."""
        cells = "".join(
            f'<th class="{self.classes(i)}" scope="col">{escape(c.heading)}</th>'
            for i, c in enumerate(self.plan.columns)
        )
        return f'<tr class="header" {MARK}="header">{cells}</tr>'

    def detail(self, parity: str, mark: str, fillings: Sequence[Filling]) -> str:
        """A row; `parity` is `odd` or `even`."""
        cells = "".join(self.cell(i, filling) for i, filling in enumerate(fillings))
        return f'<tr class="detail {parity}" {MARK}="{mark}">{cells}</tr>'

    def cell(self, number: int, filling: Filling) -> str:
        """A cell of column number `number`."""
        return f'<td class="{self.classes(number)}"{filling.attributes}>{filling.html}</td>'

    def group(self, level: int, mark: str, key: Filling, rows: Filling) -> str:
        """The row that opens a group."""
        group = self.plan.definition.groups[level]
        count = len(self.plan.columns)
        wide = 2 if count > 2 else 1
        span = count if count == 1 else count - wide
        name = f'<span class="name">{escape(group.heading)}</span> ' if group.heading else ""
        cells = f'<td class="key" colspan="{span}">{name}{_value(key)}</td>'
        if count > 1:
            cells += f'<td class="count" colspan="{wide}">{_value(rows)} {escape(self.labels["rows"])}</td>'
        return f'<tr class="group level-{level}" {MARK}="{mark}">{cells}</tr>'

    def totals(
        self, kind: TotalKind, level: int | None, mark: str, key: Filling, totals: Mapping[int, Filling]
    ) -> str:
        """A row of totals, by their numbers; `level` None closes the table."""
        count = len(self.plan.columns)
        numbers = [self.plan.total_index(i, kind, level) for i in range(count)]
        free = next((i for i in range(count) if numbers[i] is None), None)
        cells, i = [], 0
        while i < count:
            total = numbers[i]
            if i == free:
                span = 1
                while i + span < count and numbers[i + span] is None:
                    span += 1
                # A label may reach over the empty cells to its right, but not swallow the whole row's grid.
                cells.append(self._label(kind, level, key, span))
                i += span
                continue
            if total is None:
                cells.append(f'<td class="{self.classes(i)}"></td>')
            else:
                cells.append(self.cell(i, totals[total]))
            i += 1
        row = f"subtotal level-{level}" if level is not None else "total"
        return f'<tr class="{row} {kind.value}" {MARK}="{mark}">{"".join(cells)}</tr>'

    def _label(self, kind: TotalKind, level: int | None, key: Filling, span: int) -> str:
        name = f'<span class="name">{escape(self.labels[kind.value])}</span>'
        value = _value(key if level is not None else Filling(self.labels["all"]))
        long = " long" if level in self.long_levels else ""
        return f'<td class="label{long}" colspan="{span}">{name} {value}</td>'


def _value(filling: Filling) -> str:
    return f'<span class="value"{filling.attributes}>{filling.html}</span>'
