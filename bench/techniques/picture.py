"""The chart of techniques: one panel per kernel, one line per technique, a dot for each number of threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.chart import INK, MUTED, OURS, RULE, config, save_png

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

WIDTH, STEP = 330, 21
MARKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
"""Seconds that the axis may mark; it is logarithmic."""
LABEL = "datum.value >= 1000 ? datum.value / 1000 + ' s' : datum.value + ' ms'"


@dataclass(frozen=True, slots=True)
class Dots:
    """The seconds of one technique on one thread, and on two of its own where it has them."""

    title: str
    one: float
    two: float | None


def draw_dots(path: Path, title: str, ours: str, panels: Mapping[str, Sequence[Dots]]) -> None:
    """Draw the panels two by two to the PNG at `path`; the technique named `ours` is in its own colour."""
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "padding": 14,
        "title": {"text": title, "anchor": "start", "offset": 18},
        "concat": [_panel(name, ours, dots) for name, dots in panels.items()],
        "columns": 2,
        "spacing": {"row": 26, "column": 34},
        "config": {**config(), "concat": {"spacing": 26}},
    }
    save_png(path, spec)


def _panel(name: str, ours: str, dots: Sequence[Dots]) -> dict[str, Any]:
    values = [
        {
            "title": each.title,
            "threads": threads,
            "value": seconds * 1000,
            "least": min(each.one, each.two or each.one),
        }
        for each in dots
        for threads, seconds in ((1, each.one), (2, each.two))
        if seconds is not None
    ]
    took = [seconds * 1000 for each in dots for seconds in (each.one, each.two) if seconds is not None]
    least, most = min(took), max(took)
    low = max((mark * 1000 for mark in MARKS if mark * 1000 <= least), default=least)
    high = min((mark * 1000 for mark in MARKS if mark * 1000 >= most), default=most)
    of_ours = {"test": {"field": "title", "equal": ours}, "value": OURS}
    color = {"condition": of_ours, "value": MUTED}
    hollow = {"test": "datum.threads == 1", "value": "white"}
    y = {
        "field": "title",
        "type": "nominal",
        "sort": {"field": "least", "op": "min"},
        "axis": {"title": None, "grid": True, "domain": False, "labelColor": INK, "labelLimit": 0},
    }
    x = {
        "field": "value",
        "type": "quantitative",
        "scale": {"type": "log", "domain": [low, high], "nice": False},
        "axis": {
            "title": None,
            "values": [mark * 1000 for mark in MARKS if low <= mark * 1000 <= high],
            "labelExpr": LABEL,
            "gridColor": RULE,
        },
    }
    return {
        "title": {"text": name, "anchor": "start", "fontSize": 13},
        "width": WIDTH,
        "height": {"step": STEP},
        "data": {"values": values},
        "encoding": {"y": y, "x": x, "color": color},
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2}, "encoding": {"detail": {"field": "title"}}},
            {
                "mark": {"type": "point", "strokeWidth": 2, "size": 62, "opacity": 1},
                "encoding": {"fill": {"condition": [hollow, of_ours], "value": MUTED}},
            },
        ],
    }
