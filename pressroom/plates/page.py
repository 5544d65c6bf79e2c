"""`PageDesign`: report.html and the crunch's figures in, a page plate and the pages around the table out."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import weasyprint

import rust_core
from pressroom.errors import TemplateFailed
from pressroom.plates.cache import StoredPlate
from pressroom.plates.context import TemplateContext
from pressroom.plates.families import check_families
from pressroom.plates.fonts import FontTable, passing_folder, system_fonts
from pressroom.plates.furniture import running_strings, take_texts
from pressroom.plates.layout import TablePage, measure_bands, table_pages
from pressroom.plates.navigation import leave_rows_out
from pressroom.plates.origins import Origins
from pressroom.plates.rendering import Rendering, render_document
from pressroom.plates.row_rules import check_rules
from pressroom.plates.specimen import Specimen
from pressroom.plates.template import BUILT_IN, Templates
from pressroom.plates.texts import PT
from pressroom.plates.unreplayed import UnreplayedCss, note_attachments
from pressroom.plates.whole_table import WHOLE_CSS, WholeTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pressroom.plan import Plan
    from pressroom.plates.cache import PlateCache
    from pressroom.plates.whole_table import PrintedRows
    from pressroom.reports import Report

WIDER = 0.5
"""Points beyond the paper's edge that no one misses: a border's half."""
_VERSION = 8
"""Of the way in which plates are made; a change makes every cached plate anew."""


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class PageDesign:
    """The design of one job's PDF: the template is filled once, laid out for the plate and for the pages.

    `warnings` and `unreplayed` grow as the work goes on; every error is a `TemplateFailed` that names
    template and line.
    """

    def __init__(
        self,
        report: Report,
        plan: Plan,
        crunched: Any,  # noqa: ANN401 - rust_core.Crunched, or what tests put in its place
        parameters: Mapping[str, Any],
        cache: PlateCache | None = None,
        *,
        clock: Callable[[], dt.datetime] = _now,
        format_value: Callable[[str, object], str] | None = None,
    ) -> None:
        self.warnings: list[str] = []
        """What WeasyPrint complained about; it draws the same without the plate."""
        self.unreplayed = UnreplayedCss()
        """What the plate would draw otherwise than WeasyPrint."""
        self._report = report
        self._plan = plan
        self._cache = cache
        self._crunched = crunched
        self._origins = Origins()
        self._stored: StoredPlate | None = None
        self._make_context = partial(
            TemplateContext, plan, crunched, parameters, format_value or rust_core.format_value, clock()
        )
        self._context = self._make_context()

    def plate(self) -> rust_core.PagePlate:
        """The plate; from the cache when nothing that it is made from has changed."""
        stored = self.stored_plate()
        return rust_core.PagePlate(stored.layout, stored.furniture)

    def stored_plate(self) -> StoredPlate:
        """The plate as plain data."""
        key = self._key
        if self._stored is None and self._cache:
            self._stored = self._cache.get(key)
        if self._stored is None:
            self._stored = self._make()
            if self._cache:
                self._cache.put(key, self._stored)
        self.warnings.extend(m for m in self._stored.warnings if m not in self.warnings)
        self.unreplayed = UnreplayedCss(self._stored.unreplayed)
        return self._stored

    def surroundings(self, table_pages: int) -> tuple[bytes | None, int]:
        """WeasyPrint's pages around a table of `table_pages` pages: a PDF, and how many are before the table.

        Between them and those after it are two that stand for the table's own, with the links and bookmarks
        beside its rows. None where there is nothing of all this.

        Content that shares a page with the table's start belongs to the plate; content after the table
        starts a new page. Page counters go on over the table: `counter(page)` of the first page after it is
        one more than the table's last, and `counter(pages)` counts every page of the file.
        """
        before, through, total = self.stored_plate().extent
        if before == 0 and through == total and not self.stored_plate().leads:
            return None, 0
        after = total - through
        # The specimen's last page jumps to the number of the table's last page.
        jump = table_pages - (through - before) + 1
        css = f"@page :nth({through}) {{ counter-increment: page {jump} !important }}"
        rendering = self._render(self.warnings, css, before + table_pages + after)
        pages = self._find(rendering)
        first, last, count = pages[0].number, pages[-1].number + 1, len(rendering.pages)
        if (first, count - last) != (before, after):
            raise TemplateFailed(
                f"report.html: the pages around the table change with its page numbers: "
                f"{before} + {after} pages became {first} + {count - last}",
                hint="give texts with page numbers room for more digits",
            )
        _leads(rendering, pages)
        return rendering.pdf([*range(first + 2), *range(last, count)]), first

    def whole(self, rows: PrintedRows, *, columns: tuple[float, ...] | None = None) -> Rendering:
        """The report as WeasyPrint lays it out by itself, with every row in its table.

        `columns` are the columns' widths in px; without them WeasyPrint finds its own.
        """
        levels = range(len(self._plan.definition.groups))
        groups = [self._crunched.groups(level, max(1, self._crunched.rows)) for level in levels]
        context = self._make_context(lambda specimen: WholeTable(specimen, rows, groups, columns).html())
        rendering = self._render(self.warnings, WHOLE_CSS, html=self._fill(context))
        named, metadata = self._plan.definition, rendering.document.metadata
        metadata.title = metadata.title or named.title
        metadata.authors = metadata.authors or [named.author] * bool(named.author)
        metadata.description = metadata.description or named.description or None
        return rendering

    @cached_property
    def _html(self) -> str:
        return self._fill(self._context)

    def _fill(self, context: TemplateContext) -> str:
        templates = Templates(self._report.folder, context.filters(), self._origins)
        name = "report.html" if self._report.template else "pressroom/report.html"
        html = templates.render(name, context.names(templates))
        if context.specimen is None:
            raise TemplateFailed("report.html never calls {{ table() }}", hint="it marks where the rows go")
        return html

    @property
    def _specimen(self) -> Specimen:
        html = self._html
        if self._context.specimen is None:
            raise TemplateFailed(f"report.html: no table in {len(html)} characters")
        return self._context.specimen

    @cached_property
    def _key(self) -> str:
        made_from = {
            "version": _VERSION,
            "weasyprint": weasyprint.__version__,
            "report": self._report.digest,
            "plan": self._plan.to_json(),
            "html": self._html,
            "css": self._css,
            "texts": sorted({c for text in self._specimen.texts() for c in text}),
            "fonts": sorted(system_fonts()),
        }
        return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()

    @property
    def _css(self) -> str:
        page = f"@page {{ size: {self._plan.definition.pdf.page} }}\n"
        return page + (BUILT_IN / "table.css").read_text(encoding="utf-8")

    def _render(
        self, warnings: list[str], css: str = "", pages: int | None = None, *, html: str | None = None
    ) -> Rendering:
        return render_document(
            html or self._html,
            folders=(self._report.folder, BUILT_IN),
            css=self._css + css,
            warnings=warnings,
            origins=self._origins,
            pages=pages,
            system_fonts=system_fonts(),
        )

    def _find(self, rendering: Rendering) -> list[TablePage]:
        return table_pages(rendering.pages)

    def _make(self) -> StoredPlate:
        check_rules(self._plan, self._specimen.markup.types)
        warnings: list[str] = []
        unreplayed = UnreplayedCss()
        rendering = self._render(warnings)
        warnings += check_families(rendering, self._origins)
        note_attachments(rendering.html, unreplayed)
        found = self._find(rendering)
        first, following, third = found[0], found[1], found[2]
        extent = (first.number, found[-1].number + 1, len(rendering.pages))
        _fits(first)
        folder = self._cache.fonts if self._cache else passing_folder()
        fonts = FontTable(rendering.fonts, folder, self._specimen.texts(), unreplayed)
        _same_size(first.page, following.page)
        definition = self._plan.definition
        running = running_strings(found)
        bands, drop = measure_bands(found, self._specimen, fonts, unreplayed)
        if bands["header"] is None:
            self._no_heads_wanted(first)
        kinds = [{"top": p.top * PT, "bottom": p.bottom * PT} for p in (first, following, third)]
        texts = [take_texts(p, running, fonts, unreplayed) for p in (first, following, third)]
        kinds[0]["top"] += drop
        if kinds[1] != kinds[2] or not _alike(texts[1], texts[2]):
            unreplayed.add(
                "@page :left, :right or :nth",
                "the table's pages",
                "is not repeated: all but the first look like the second",
            )
        layout = {
            "fonts": fonts.fonts,
            "width": first.page.margin_width() * PT,
            "height": first.page.margin_height() * PT,
            "first": {**kinds[0], "art": {"form": 0, "texts": texts[0]}},
            "next": {**kinds[1], "art": {"form": 1, "texts": texts[1]}},
            "bands": bands,
            "page_break": [group.page_break for group in definition.groups],
            "bookmark": [group.bookmark for group in definition.groups],
            "info": {
                "title": rendering.document.metadata.title or definition.title,
                "author": definition.author,
                "subject": definition.description,
                "language": definition.language,
            },
        }
        leads = _leads(rendering, found)
        furniture = rendering.pdf((first.number, following.number), bare=True)
        columns = tuple(float(width) for width in first.table.column_widths)
        return StoredPlate(
            json.dumps(layout), furniture, tuple(warnings), extent, tuple(unreplayed), columns, leads
        )

    def _no_heads_wanted(self, page: TablePage) -> None:
        """Raise `TemplateFailed` for column heads that are missing though no style hides them.

        WeasyPrint leaves them out where a page is too low for them and a row; on a higher one they are there.
        """
        high = "@page { size: 5000px 5000px !important }"
        tables = [found.table for found in self._find(self._render([], high))]
        heads = [group for table in tables for group in table.children if group.is_header]
        if heads:
            raise TemplateFailed(
                f"report.html: a page has {(page.bottom - page.top) * PT:.0f} pt for the table, too little "
                f"for its column heads ({heads[0].height * PT:.0f} pt) and a row",
                hint="larger pages (pdf.page), smaller margins, or a smaller font",
            )


def _fits(page: TablePage) -> None:
    """Raise `TemplateFailed` for a table that is wider than its paper: what is beyond it would be lost."""
    table = page.table
    over = (table.border_box_x() + table.border_width() - page.page.margin_width()) * PT
    over = max(over, -table.border_box_x() * PT)
    if over > WIDER:
        columns = len(table.column_widths)
        raise TemplateFailed(
            f"report.html: the table's {columns} columns are {over:.1f} pt wider than the paper",
            hint="larger pages (pdf.page: A3 landscape), a smaller font, or fewer columns",
        )


def _leads(rendering: Rendering, found: Sequence[TablePage]) -> bool:
    """Leave the links and bookmarks beside the rows on the table's first two pages; whether there are any."""
    pages = rendering.document.pages
    left = [
        leave_rows_out(pages[place.number], place, repeated=number > 0)
        for number, place in enumerate(found[:2])
    ]
    return any(left)


def _same_size(one: Any, other: Any) -> None:  # noqa: ANN401 - PageBoxes
    sizes = [(round(p.margin_width(), 2), round(p.margin_height(), 2)) for p in (one, other)]
    if sizes[0] != sizes[1]:
        raise TemplateFailed(
            "report.html: the table's first page and the next one differ in size",
            hint="start the table on a page of its own: table.rows { page: rows } with one @page rows",
        )


def _alike(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    """Whether the texts of two pages stand in the same places; digits of page numbers may differ in width."""

    def anchored(text: dict[str, Any]) -> tuple[Any, ...]:
        share = {"left": 0.0, "center": 0.5, "right": 1.0}[text.get("align", "left")]
        return text["parts"], text["style"], text["baseline"], round(text["x"] + share * text["width"], 1)

    return [anchored(text) for text in one] == [anchored(text) for text in other]
