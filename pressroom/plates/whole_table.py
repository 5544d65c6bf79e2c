"""The table with every row in it: what `{{ table() }}` puts into the page when WeasyPrint prints the rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from arro3.core import RecordBatchReader
from markupsafe import Markup

import rust_core
from pressroom.plates.band_markup import EMPTY, MARK, Filling
from pressroom.plates.format_color import format_color
from pressroom.plates.row_rules import rules_of, worn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pressroom.definition import TotalKind
    from pressroom.plates.specimen import Specimen

Row = tuple[Any, ...]

# The core never parts these either.
WHOLE_CSS = """
table.rows tr { break-inside: avoid !important }
table.rows tr.group { break-after: avoid !important }
table.rows tr.subtotal, table.rows tr.total { break-before: avoid !important }
"""
"""Style sheet for documents with a whole table."""

_INVISIBLE = re.compile("[\0-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")


class PrintedRows:
    """A report's rows, one tuple of printed values each; read once, and counted as they go by."""

    def __init__(self, crunched: rust_core.Crunched) -> None:
        self._reader = RecordBatchReader.from_arrow(crunched.stream())
        schema = self._reader.schema
        self._names = schema.names
        self._exact = [_scale(str(schema.field(i).type)) for i in range(len(self._names))]
        self._counts = [0] * len(self._names)
        self._sums = [0] * len(self._names)
        self.count = 0
        """Rows that have gone by."""

    def __iter__(self) -> Iterator[Row]:
        """The rows in order."""
        for batch in self._reader:
            for row in zip(*(batch.column(i).to_pylist() for i in range(batch.num_columns)), strict=True):
                self._add(row)
                yield row

    @property
    def control(self) -> dict[str, tuple[int, int | None]]:
        """Control totals of the rows that have gone by, as the core counts them: values, and their sum."""
        return {
            name: (count, None if scale is None else total)
            for name, scale, count, total in zip(
                self._names, self._exact, self._counts, self._sums, strict=True
            )
        }

    def _add(self, row: Row) -> None:
        self.count += 1
        for i, value in enumerate(row):
            if value is None:
                continue
            self._counts[i] += 1
            scale = self._exact[i]
            if scale is not None:
                self._sums[i] += int(value.scaleb(scale)) if isinstance(value, Decimal) else value


@dataclass
class WholeTable:
    """Writes all rows of one plan; `specimen` knows how, `groups` are those of each level in order.

    `widths` are the columns', in px; without them WeasyPrint finds its own.
    """

    specimen: Specimen
    rows: PrintedRows
    groups: Sequence[Sequence[Mapping[str, Any]]]
    widths: Sequence[float] | None = None
    _next: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._next = [0] * len(self.groups)

    def html(self) -> Markup:
        """The table; the page break after it keeps the pages that follow apart."""
        markup = self.specimen.markup
        body = "".join(self._body())
        style = "break-after: page !important"
        if self.widths is not None:
            style += "; table-layout: fixed !important; width: 1px !important; min-width: 0 !important"
        return Markup(  # noqa: S704 - every value was escaped on its way in
            f'<table class="rows" {MARK}="table" style="{style}">'
            f"{markup.columns(self.widths)}<thead>{markup.header()}</thead><tbody>{body}</tbody></table>"
        )

    def _body(self) -> Iterator[str]:
        plan, markup = self.specimen.plan, self.specimen.markup
        codes = [column.format for column in plan.columns]
        rules = [rules_of(plan, number) for number in range(len(plan.columns))]
        last = self.specimen.summary["rows"] - 1
        stripe = 0
        for number, row in enumerate(self.rows):
            for level in self._opening(number):
                stripe = 0
                yield self._header(level, number)
            fillings = [
                replace(self._filling(code, value), css=worn(own, value))
                for code, value, own in zip(codes, row, rules, strict=True)
            ]
            if not any(filling.text for filling in fillings):
                # Without a line of text WeasyPrint's row would have no height; the core's rows are all alike.
                fillings[0] = Filling("\u200b")
            yield markup.detail("even" if stripe % 2 else "odd", "row", fillings)
            stripe += 1
            for level in self._closing(number):
                group = self.groups[level][self._next[level]]
                self._next[level] += 1
                if plan.definition.groups[level].subtotals:
                    for kind in plan.total_kinds:
                        yield markup.totals(
                            kind, level, "total", self._key(level, group), self._totals(kind, group["totals"])
                        )
            if number == last:
                yield from self._grand()
        if last < 0:
            yield from self._grand()

    def _grand(self) -> Iterator[str]:
        for kind in self.specimen.plan.total_kinds:
            totals = self._totals(kind, self.specimen.summary["totals"])
            yield self.specimen.markup.totals(kind, None, "total", EMPTY, totals)

    def _opening(self, number: int) -> range:
        """Levels of which a group starts at row `number`, outermost first."""
        levels = len(self.groups)
        starts = (i for i in range(levels) if self.groups[i][self._next[i]]["first_row"] == number)
        return range(next(starts, levels), levels)

    def _closing(self, number: int) -> Iterator[int]:
        """Levels of which a group ends with row `number`, innermost first."""
        for level in reversed(range(len(self.groups))):
            group = self.groups[level][self._next[level]]
            if group["first_row"] + group["rows"] == number + 1:
                yield level

    def _header(self, level: int, number: int) -> str:
        group = self.groups[level][self._next[level]]
        opened = self.specimen.plan.definition.groups
        row = self.specimen.markup.group(
            level,
            "group",
            self._key(level, group),
            Filling(self.specimen.format_value("#,##0", group["rows"])),
        )
        style = ""
        first = level == self._opening(number)[0]
        if number and first and any(g.page_break for g in opened[level:]):
            style += "break-before: page !important;"
        if opened[level].bookmark:
            depth = sum(g.bookmark for g in opened[: level + 1])
            label = "".join(f"\\{ord(c):x} " for c in self._key(level, group).text)
            style += f"bookmark-level: {depth}; bookmark-label: '{label}';"
        return row.replace("<tr ", f'<tr style="{style}" ', 1) if style else row

    def _key(self, level: int, group: Mapping[str, Any]) -> Filling:
        return self._filling(self.specimen.plan.definition.groups[level].format, group["key"])

    def _totals(self, kind: TotalKind, values: Sequence[object]) -> dict[int, Filling]:
        plan = self.specimen.plan
        return {
            i: self._filling(self.specimen.format_of(i) or plan.columns[total.column].format, values[i])
            for i, total in enumerate(plan.totals)
            if total.kind is kind
        }

    def _filling(self, code: str, value: object) -> Filling:
        write = self.specimen.format_value
        # What can't be seen is printed as the core prints it.
        text = _INVISIBLE.sub("\ufffd", write(code, value))
        return Filling(text, color=format_color(code, value, write))


def _scale(kind: str) -> int | None:
    """Decimals of an exact Arrow type, None for one whose sum is not exact."""
    decimal = re.search(r"Decimal\w*\(\d+, (-?\d+)\)", kind)
    if decimal:
        return int(decimal[1])
    return 0 if re.search(r"U?Int64", kind) else None
