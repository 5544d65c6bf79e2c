"""The specimen table: what `{{ table() }}` puts into the page for WeasyPrint to lay out.

```
page 1   header, sample rows                       where the table starts
page 2   header, one short row of every band       measured: heights, baselines, paddings, colours
page 3   header, sample rows                       widths: the longest values there are
```
Every text that Rust will fill in is marked with `data-part`, JSON of `rust_core::band::Part`; the rows are
those of `BandMarkup`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pressroom.plates.band_markup import EMPTY, LONG_KEY, MARK, BandMarkup, Filling
from pressroom.plates.row_rules import rules_of, widest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pressroom.definition import TotalKind
    from pressroom.plan import Plan

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

_SAMPLE_CHARS = 2_000
"""Of a text in the specimen; longer ones wrap in any column."""
_SAMPLES = 8
_MOST_GROUPS = 10_000
"""Groups of a level of which the last is looked for."""


@dataclass(frozen=True)
class Specimen:
    """Makes the specimen table of one plan from what the crunch knows of the rows."""

    plan: Plan
    summary: Mapping[str, Any]
    groups: Callable[[int, int], Sequence[Mapping[str, Any]]]
    format_value: Callable[[str, object], str]
    labels: Mapping[str, str] = field(default_factory=lambda: LABELS)

    @property
    def markup(self) -> BandMarkup:
        """What writes the rows."""
        keys = [len(level["longest"]) for level in self.summary["levels"]]
        long = frozenset(level for level, length in enumerate(keys) if length > LONG_KEY)
        return BandMarkup(self.plan, [c["type"] for c in self.summary["columns"]], self.labels, long)

    def html(self) -> Markup:
        """The table; the page break after it keeps the pages that follow apart."""
        markup = self.markup
        return Markup(  # noqa: S704 - every value was escaped on its way in
            f'<table class="rows" {MARK}="table" style="break-after: page !important">'
            f"{markup.columns()}<thead>{markup.header()}</thead>"
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
            yield self.summary["levels"][level]["longest"]
            for member in self.groups(level, 200):
                yield self.format_value(group.format, member["key"])

    def format_of(self, total: int) -> str | None:
        """Number format of total number `total`; None for its column's own."""
        return self.markup.format_of(total)

    def _measured(self) -> Iterator[str]:
        """One row of each band in the order in which they meet, each text as short as can be."""
        markup, levels = self.markup, range(len(self.plan.definition.groups))
        fillings = [Filling("0", {"column": i}) for i in range(len(self.plan.columns))]
        # Samples only stand there so that the rows which are measured have neighbours of the usual kind.
        yield markup.detail("odd", "sample", fillings)
        yield markup.detail("even", "sample", fillings)
        for level in levels:
            yield markup.group(level, f"group:{level}", Filling("0", {"group": level}), Filling("0", "rows"))
        if levels:
            yield markup.detail("odd", "sample", fillings)
            yield markup.detail("even", "sample", fillings)
        for number, parity in enumerate(("odd", "even", "odd")):
            yield markup.detail(parity, f"detail:{number}" if number < 2 else "sample", fillings)
        if levels:
            # Twice an odd row: one of them shows what `:nth-child()` does between the rows of groups.
            yield markup.detail("odd", "sample", fillings)
            yield markup.detail("even", "sample", fillings)
        totals = {i: Filling("0", {"total": i}) for i in range(len(self.plan.totals))}
        for level in reversed(levels):
            if self.plan.definition.groups[level].subtotals:
                for kind in self.plan.total_kinds:
                    key = Filling("0", {"group": level})
                    yield markup.totals(kind, level, f"subtotal:{level}", key, totals)
        for kind in self.plan.total_kinds:
            yield markup.totals(kind, None, "total", EMPTY, totals)

    def _samples(self, count: int) -> Iterator[str]:
        """Rows with the longest values of each column, group headers and totals of real groups."""
        markup = self.markup
        levels = self.summary["levels"]
        # Without rows there are no keys, and a running head that shows one would have no text to be found by.
        keys = [Filling(level["longest"][:_SAMPLE_CHARS] or "0") for level in levels]
        for number, level in enumerate(levels):
            rows = Filling(self.format_value("#,##0", level["most_rows"]))
            yield markup.group(number, "sample", keys[number], rows)
        longest = [stats["longest"] for stats in self.summary["columns"]]
        for row in range(count):
            fillings = [
                Filling(texts[row % len(texts)][:_SAMPLE_CHARS]) if texts else EMPTY for texts in longest
            ]
            mark = "sample"
            if row == 0 and any(worn := [widest(rules_of(self.plan, i)) for i in range(len(longest))]):
                # The longest values wear what a rule may make wider; their look is no usual row's.
                fillings = [replace(filling, css=css) for filling, css in zip(fillings, worn, strict=True)]
                mark = "worn"
            yield markup.detail("even" if row % 2 else "odd", mark, fillings)
        if count > 1:
            for level in range(len(keys)):
                # Pages after the table may show what the last group has set (`string-set`).
                yield markup.group(level, "sample", self._last_key(level), EMPTY)
            for kind in self.plan.total_kinds:
                for level in reversed(range(len(keys))):
                    for end in ("lowest", "highest"):
                        totals = self._totals(kind, levels[level][end])
                        yield markup.totals(kind, level, "sample", keys[level], totals)
                totals = self._totals(kind, self.summary["totals"])
                yield markup.totals(kind, None, "sample", EMPTY, totals)

    def _last_key(self, level: int) -> Filling:
        count = self.summary["levels"][level]["groups"]
        members = self.groups(level, count) if count <= _MOST_GROUPS else ()
        code = self.plan.definition.groups[level].format
        return Filling(self.format_value(code, members[-1]["key"])[:_SAMPLE_CHARS]) if members else EMPTY

    def _totals(self, kind: TotalKind, values: Sequence[object]) -> dict[int, Filling]:
        out = {}
        for i, (total, value) in enumerate(zip(self.plan.totals, values, strict=True)):
            if total.kind is kind:
                code = self.format_of(i) or self.plan.columns[total.column].format
                out[i] = Filling(self.format_value(code, value))
        return out
