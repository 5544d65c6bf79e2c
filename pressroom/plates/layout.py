"""WeasyPrint's layout tree of the specimen, reduced to the bands of a plate.

The tree is private API: WeasyPrint is pinned, and `tests/unit/test_page_weasyprint.py` guards every
attribute that is used here. Its lengths are CSS px, y grows downwards; a plate's are pt.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from weasyprint.formatting_structure import boxes

from pressroom.errors import TemplateFailed
from pressroom.plates.band_markup import MARK
from pressroom.plates.collapsed import edges_of, share_lines, shared
from pressroom.plates.paint import Painter
from pressroom.plates.row_rules import plate_rules, rules_of
from pressroom.plates.row_styles import look_at, look_of
from pressroom.plates.texts import PT, Lettering, lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pressroom.plates.collapsed import Edges, Key
    from pressroom.plates.fonts import FontTable
    from pressroom.plates.specimen import Specimen
    from pressroom.plates.unreplayed import UnreplayedCss


@dataclass(frozen=True, slots=True)
class TablePage:
    """A page with a piece of the table: the page box, the way down to the table, the table box."""

    number: int
    page: Any
    path: tuple[Any, ...]
    table: Any

    @property
    def top(self) -> float:
        """Y of the table's first row, in px."""
        return float(next(row.position_y for group in self.table.children for row in group.children))

    @property
    def bottom(self) -> float:
        """Y below which no row may reach, in px: the end of the page's content area."""
        # Footnotes take their room from the pages that have them; the plate's pages are all alike.
        return float(self.page.content_box_y() + self.page.height)

    @property
    def paper(self) -> list[float]:
        """The colour on which the table stands, as sRGB from 0 to 1."""
        color = [1.0, 1.0, 1.0]
        grounds = (self.page.background, self.page.canvas_background, *(box.background for box in self.path))
        for ground in grounds:
            if ground is not None and ground.color.alpha:
                alpha = ground.color.alpha
                color = [
                    a * alpha + b * (1 - alpha)
                    for a, b in zip(ground.color.to("srgb")[:3], color, strict=True)
                ]
        return color


def table_pages(pages: Sequence[Any]) -> list[TablePage]:
    """The pages on which the specimen stands, in order; raises `TemplateFailed` when it can't be replayed."""
    found = []
    for number, page in enumerate(pages):
        for path, box in _walk(page, ()):
            is_table = isinstance(box, boxes.TableBox) and box.element is not None
            if (
                is_table
                and box.element.get(MARK) == "table"
                and any(group.children for group in box.children)
            ):
                found.append(TablePage(number, page, path, box))
    if not found:
        raise TemplateFailed(
            "report.html: {{ table() }} is not on any page",
            hint="it must not be hidden, nor stand in a comment or an attribute",
        )
    if len(found) < 3 or len({page.number for page in found}) != len(found):
        raise TemplateFailed(
            "report.html: {{ table() }} can't go on over several pages where it stands",
            hint="put it into normal flow, outside flex, grid, columns, floats and break-inside: avoid",
        )
    return found


def measure_bands(
    found: Sequence[TablePage], specimen: Specimen, fonts: FontTable, unreplayed: UnreplayedCss
) -> tuple[dict[str, Any], float]:
    """`PageBands` of the plate, and by how many pt lower than measured its first page starts."""
    measured: dict[str, list[dict[str, Any]]] = {}
    edges: dict[Key, Edges] = {}
    looks: dict[str, set[tuple[Any, ...]]] = {}
    levels = range(len(specimen.plan.definition.groups))
    seen: dict[Any, int] = {}
    for table_page in found:
        painter = Painter(table_page.table, table_page.paper, unreplayed)
        for group in table_page.table.children:
            for row in group.children:
                index = seen.setdefault(row.element, len(seen))
                name = row.element.get(MARK, "sample")
                kind = row.element.get("class", "")
                if name.startswith(("sample", "detail")) and "detail" in kind and levels:
                    looks.setdefault(kind, set()).add(look_of(row))
                if name in ("sample", "worn"):
                    continue
                if group.is_header and name in measured:
                    continue
                gap = 0.0
                if table_page.table.style["border_collapse"] != "collapse":
                    gap = float(table_page.table.style["border_spacing"][1])
                rects, grounds = painter.row(group, row, index, gap)

                rules = partial(
                    _rules, place=(painter, group, row, index, gap), specimen=specimen, fonts=fonts
                )
                band = {
                    "height": (row.height + gap) * PT,
                    "rects": rects,
                    "grounds": grounds,
                    "cells": list(_cells(row, specimen, Lettering(fonts, unreplayed), rules)),
                }
                look_at(row, unreplayed)
                measured.setdefault(name, []).append(band)
                if table_page.table.style["border_collapse"] == "collapse":
                    edges[name, len(measured[name]) - 1] = edges_of(table_page.table, group, row, index)
    wanted = [*(f"group:{level}" for level in levels), "detail:0", "detail:1"]
    if hidden := [name for name in wanted if name not in measured]:
        raise TemplateFailed(
            f"report.html: the table has no row for {hidden[0].partition(':')[0]}s",
            hint="display: none hides rows that must be printed",
        )
    for kind, found_looks in looks.items():
        if len(found_looks) > 1:
            unreplayed.add(
                "a style that depends on a row's place (:nth-child(), + or ~)",
                f"<tr.{'.'.join(kind.split())}>",
                "is not repeated; the classes odd and even are",
            )
    drop = 0.0
    if edges:
        shares, drop = share_lines(edges, len(levels), unreplayed)
        for key, share in shares.items():
            name, number = key
            measured[name][number] = shared(measured[name][number], edges[key], share)
    details = [measured["detail:0"][0], measured["detail:1"][0]]
    bands = {
        "header": measured["header"][0] if "header" in measured else None,
        "group_headers": [measured[f"group:{level}"][0] for level in levels],
        "details": details[:1] if details[0] == details[1] else details,
        "subtotals": [measured.get(f"subtotal:{level}", []) for level in levels],
        "grand_total": measured.get("total", []),
    }
    return bands, drop * PT


_Place = tuple[Painter, Any, Any, int, float]
"""Who paints a row, its group of rows, the row, its number in the table, and the gap below it (px)."""


def _rules(
    cell: Any,  # noqa: ANN401 - a TableCellBox
    column: int,
    place: _Place,
    specimen: Specimen,
    fonts: FontTable,
) -> dict[str, Any]:
    rules = rules_of(specimen.plan, column)
    painter, group, row, index, gap = place
    return plate_rules(rules, column, cell.style, fonts, painter.ground(group, row, cell, index, gap))


def _cells(
    row: Any,  # noqa: ANN401 - a TableRowBox
    specimen: Specimen,
    lettering: Lettering,
    rules: Callable[[Any, int], dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    for cell in row.children:
        part = _part_of_element(cell.element)
        extra: dict[str, Any] = {
            "vertical": cell.vertical_align if cell.vertical_align in ("middle", "bottom") else "top"
        }
        if cell.style["overflow"] != "visible":
            left = cell.padding_box_x()
            extra["clip"] = [left * PT, (left + cell.padding_width()) * PT]
        total = part.get("total") if isinstance(part, dict) else None
        if isinstance(part, dict) and "column" in part:
            extra |= rules(cell, part["column"])
        if total is not None and (code := specimen.format_of(total)) is not None:
            extra["format"] = code
        if "count" in cell.element.get("class", "").split():
            extra["format"] = "#,##0"
        edges = (cell.content_box_x(), cell.content_box_x() + cell.width)
        for line in lines(cell):
            yield from lettering.line(line, _parts_of, edges=edges, origin=row.position_y, extra=extra)


def _parts_of(box: Any) -> list[Any] | None:  # noqa: ANN401 - a TextBox
    """The part that replaces a text of the specimen; generated content of CSS stays as it is."""
    if "::" in (box.element_tag or ""):
        return None
    part = _part_of_element(box.element)
    return None if part is None else [part]


def _part_of_element(element: Any) -> Any:  # noqa: ANN401 - an element
    text = element.get("data-part") if element is not None else None
    return None if text is None else json.loads(text)


def _walk(box: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:  # noqa: ANN401 - boxes
    for child in getattr(box, "children", ()):
        yield path, child
        yield from _walk(child, (*path, child))
