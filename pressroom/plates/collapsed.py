"""Lines between rows in the collapsing border model (CSS 2.2, 17.6.2), shared out among the rows they part.

```
  row above    inner
               ─────────  o of the row above   ┐
                                               ├ together as wide as the line between these two
               ─────────  t of the row below   ┘
  row below    inner
```
In WeasyPrint a row reaches to the middle of the lines around it, so its height depends on its neighbours. A
band has one height: each gets a share of the line above (t) and of the line below it (o), so that for all
rows that can meet, the shares make the width of the line between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pressroom.plates.texts import PT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pressroom.plates.unreplayed import UnreplayedCss

Key = tuple[str, int]
"""A band: its mark in the specimen, and which of those with that mark."""

_SAME = 0.05
"""px that the shares may be off for each pair of rows: rows add up on a page."""
_SAME_ON_PAGE = 0.2
"""px that they may be off below the column heads, which happens once a page."""
_ONCE = 0.6
"""px that the column heads of the first page may be off."""
_HEADER: Key = ("header", 0)


@dataclass(frozen=True, slots=True)
class Edges:
    """Widths in px of the lines above and below a row where it was measured, and of those it asks for."""

    top: float
    bottom: float
    asked_top: float
    asked_bottom: float


@dataclass(frozen=True, slots=True)
class Share:
    """What a band gets of the lines above and below it, in px."""

    top: float
    bottom: float


def edges_of(table: Any, group: Any, row: Any, index: int) -> Edges:  # noqa: ANN401 - WeasyPrint's boxes
    """Edges of `row` in `group`; it is number `index` of the whole table."""
    horizontal = table.collapsed_border_grid[1]
    top, bottom = (max((line[1][1] for line in horizontal[y]), default=0.0) for y in (index, index + 1))
    asking = (row, *row.children, *([group] if group.is_header else []))
    asked = {
        side: max(float(box.style[f"border_{side}_width"]) for box in asking) for side in ("top", "bottom")
    }
    return Edges(float(top), float(bottom), asked["top"], asked["bottom"])


def share_lines(
    edges: Mapping[Key, Edges], levels: int, unreplayed: UnreplayedCss
) -> tuple[dict[Key, Share], float]:
    """The shares of each band of a report with so many group levels; by how many px its first page drops."""
    shares = _Shares(edges)
    for above, below in dict.fromkeys(_neighbours(edges, levels)):
        width = max(edges[above].asked_bottom, edges[below].asked_top)
        off = shares.join(above, below, width)
        if off > _SAME or _overdraws(edges, above, below):
            _note(unreplayed, above, below, off)
    drop = 0.0
    first = ("group:0", 0) if levels else ("detail:0", 0)
    for below in [key for key in edges if key[0].startswith(("detail", "group"))]:
        # WeasyPrint's column heads end in the middle of the line above the table's first row on every page.
        line = max(edges[_HEADER].asked_bottom, edges[first].asked_top)
        width = (line + edges[below].top) / 2
        off = shares.join(_HEADER, below, width)
        if below == first:
            # On the first page the two really meet; the heads give way for the sake of all rows below them.
            drop = max(-_ONCE, min(_ONCE, line - width))
            off += abs(line - width - drop)
        if off > _SAME_ON_PAGE or _overdraws(edges, _HEADER, below):
            _note(unreplayed, _HEADER, below, off)
    return shares.all(), drop


def _overdraws(edges: Mapping[Key, Edges], above: Key, below: Key) -> bool:
    """Whether a row would draw the line above it over the thicker one of its neighbour."""
    row = edges[below]
    return 0 < row.asked_top < edges[above].asked_bottom and row.top <= row.asked_top


def _note(unreplayed: UnreplayedCss, above: Key, below: Key, off: float) -> None:
    unreplayed.add(
        "border-collapse: collapse",
        f"<tr.{below[0].partition(':')[0]}> below <tr.{above[0].partition(':')[0]}>",
        f"is {off * PT:.2f} pt off or overdrawn: the line there differs in width from those of other rows; "
        "border-collapse: separate, lines of one width, and lines below rows are repeated",
    )


def shared(band: dict[str, Any], edges: Edges, share: Share) -> dict[str, Any]:
    """The band as measured, moved from the middles of its lines to its shares of them."""
    down, up = (share.top - edges.top / 2) * PT, (share.bottom - edges.bottom / 2) * PT

    def moved(edge: Mapping[str, float]) -> dict[str, float]:
        return {side: y + down if side == "top" else y - up for side, y in edge.items()}

    def shifted(rect: Mapping[str, Any]) -> dict[str, Any]:
        return {**rect, "top": moved(rect["top"]), "bottom": moved(rect["bottom"])}

    def cell(cell: Mapping[str, Any]) -> dict[str, Any]:
        rules = [
            {**rule, "background": rule["background"] and shifted(rule["background"])}
            for rule in cell.get("rules", ())
        ]
        return {**cell, "baseline": cell["baseline"] + down, **({"rules": rules} if rules else {})}

    return {
        **band,
        "height": band["height"] + down + up,
        "rects": [shifted(rect) for rect in band["rects"]],
        "cells": [cell(one) for one in band["cells"]],
    }


def _neighbours(edges: Mapping[Key, Edges], levels: int) -> Iterator[tuple[Key, Key]]:
    """All pairs of bands that can meet, those that meet most often first."""
    details: list[Key] = [("detail:0", 0), ("detail:1", 0)]
    yield details[0], details[1]
    yield details[1], details[0]
    groups: list[Key] = [(f"group:{level}", 0) for level in range(levels)]
    closing = [[key for key in edges if key[0] == f"subtotal:{level}"] for level in range(levels)]
    grand = [key for key in edges if key[0] == "total"]
    if not groups:
        yield from _pairs([details[0], *grand])
        yield from _pairs([details[1], *grand])
    for outermost in reversed(range(levels)):
        ending = [key for level in reversed(range(outermost, levels)) for key in closing[level]]
        for detail in details:
            yield from _pairs([detail, *ending, *groups[outermost:], details[0]])
            if outermost == 0:
                yield from _pairs([detail, *ending, *grand])


def _pairs(bands: Sequence[Key]) -> Iterator[tuple[Key, Key]]:
    return pairwise(bands)


class _Shares:
    """Shares as they become known: those that depend on one another are a chain with one free number x.

    A share below a band is x + its constant, one above a band is -x + its constant.
    """

    def __init__(self, edges: Mapping[Key, Edges]) -> None:
        self._edges = edges
        # Numbers of chains by (side, band), and the constants.
        self._chain: dict[tuple[str, Key], int] = {}
        self._constant: dict[tuple[str, Key], float] = {}
        for key, edge in edges.items():
            for side, width in (("top", edge.top), ("bottom", edge.bottom)):
                self._chain[side, key] = len(self._chain)
                self._constant[side, key] = width / 2

    def join(self, above: Key, below: Key, width: float) -> float:
        """Make the shares of a line this wide; returns by how much they can't be, in px."""
        one, other = ("bottom", above), ("top", below)
        off = self._constant[one] + self._constant[other] - width
        kept, gone = self._chain[one], self._chain[other]
        if kept == gone:
            return abs(off)
        for node, chain in self._chain.items():
            if chain == gone:
                self._chain[node] = kept
                self._constant[node] += off if node[0] == "bottom" else -off
        return 0.0

    def all(self) -> dict[Key, Share]:
        """The shares of every band."""
        return {key: Share(self._constant["top", key], self._constant["bottom", key]) for key in self._edges}
