"""Charts of a benchmark: curves over rows, both axes logarithmic, as PNG for light and dark pages."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import vl_convert
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INK, MUTED, RULE = "#1c2430", "#57606a", "#e3e7ed"
OURS = "#0f4c9c"
# Okabe and Ito's colours, told apart with any colour vision; shapes tell them apart without colour.
PALETTE = ("#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5c99", "#6b7686")
SHAPES = ("square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right", "triangle-left")
FONT = "Inter, 'Liberation Sans', 'DejaVu Sans', sans-serif"
WIDTH, HEIGHT, SCALE, COLORS = 560, 320, 2, 64


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: its points are (rows, value). The first curve of a chart is ours and drawn bold."""

    title: str
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """The value axis: its title, the values it may mark, and a Vega expression that writes `datum.value`."""

    title: str
    marks: tuple[float, ...]
    label: str


SECONDS = Axis(
    "seconds, whole process",
    (0.1, 0.3, 1, 3, 10, 30, 100, 300),
    "datum.value + ' s'",
)
MEMORY = Axis(
    "peak memory",
    tuple(mb * 1e6 for mb in (50, 100, 200, 500, 1000, 2000, 5000, 10000)),
    "datum.value >= 1e9 ? datum.value / 1e9 + ' GB' : datum.value / 1e6 + ' MB'",
)


def draw_curves(path: Path, title: str, curves: Sequence[Curve], axis: Axis) -> None:
    """Draw `curves` to the PNG at `path`, with a legend in the order of the lines' right ends."""
    titles = [curve.title for curve in curves]
    values = [
        {"title": curve.title, "rows": rows, "value": value, "ours": curve is curves[0]}
        for curve in curves
        for rows, value in curve.points
    ]
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT,
        "background": "white",
        "padding": 14,
        "title": {"text": title, "anchor": "start", "offset": 14},
        "data": {"values": values},
        "encoding": {"x": _rows_axis(curves), "y": _value_axis(values, axis), "color": _colors(curves)},
        "layer": [
            _line("!datum.ours", 1.8),
            _line("datum.ours", 3.6),
            {
                "mark": {"type": "point", "filled": True, "opacity": 1},
                "encoding": {
                    "size": {"condition": {"test": "datum.ours", "value": 85}, "value": 60},
                    "shape": {
                        "field": "title",
                        "type": "nominal",
                        "scale": {"domain": titles, "range": ["circle", *SHAPES[: len(curves) - 1]]},
                        "legend": _legend(curves),
                    },
                },
            },
        ],
        "config": config(),
    }
    save_png(path, spec)


def save_png(path: Path, spec: dict[str, Any]) -> None:
    """Draw a Vega-Lite chart to the PNG at `path`, of few colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = Image.open(io.BytesIO(vl_convert.vegalite_to_png(spec, scale=SCALE, allowed_base_urls=[])))
    drawn.convert("RGB").quantize(COLORS).save(path, optimize=True)


def _line(which: str, width: float) -> dict[str, Any]:
    return {"transform": [{"filter": which}], "mark": {"type": "line", "strokeWidth": width}}


def _colors(curves: Sequence[Curve]) -> dict[str, Any]:
    return {
        "field": "title",
        "type": "nominal",
        "scale": {
            "domain": [curve.title for curve in curves],
            "range": [OURS, *PALETTE[: len(curves) - 1]],
        },
        "legend": _legend(curves),
    }


def _legend(curves: Sequence[Curve]) -> dict[str, Any]:
    """Both legends are the same, so that Vega draws one: the line that ends highest is named first."""
    shared = min(max(rows for rows, _ in curve.points) for curve in curves)
    height = {c.title: max((v for rows, v in c.points if rows == shared), default=0.0) for c in curves}
    return {"title": None, "values": sorted(height, key=lambda title: -height[title])}


def _rows_axis(curves: Sequence[Curve]) -> dict[str, Any]:
    marks = sorted({rows for curve in curves for rows, _ in curve.points})
    return {
        "field": "rows",
        "type": "quantitative",
        "scale": {"type": "log", "domain": [marks[0], marks[-1]], "nice": False, "padding": 14},
        "axis": {"title": "rows", "values": marks, "format": "~s", "grid": False},
    }


def _value_axis(values: Sequence[dict[str, Any]], axis: Axis) -> dict[str, Any]:
    least, most = min(v["value"] for v in values), max(v["value"] for v in values)
    low = max((mark for mark in axis.marks if mark <= least), default=least)
    high = min((mark for mark in axis.marks if mark >= most), default=most)
    return {
        "field": "value",
        "type": "quantitative",
        "scale": {"type": "log", "domain": [low, high], "nice": False},
        "axis": {
            "title": axis.title,
            "values": [mark for mark in axis.marks if low <= mark <= high],
            "labelExpr": axis.label,
        },
    }


def config() -> dict[str, Any]:
    """What all charts look alike in."""
    return {
        "font": FONT,
        "view": {"stroke": None},
        "title": {"fontSize": 15, "color": INK},
        "axis": {
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelColor": MUTED,
            "titleColor": MUTED,
            "domainColor": RULE,
            "gridColor": RULE,
            "ticks": False,
            "labelPadding": 8,
            "titlePadding": 10,
        },
        "legend": {
            "labelFontSize": 12,
            "labelColor": INK,
            "labelLimit": 0,
            "symbolSize": 80,
            "rowPadding": 6,
            "offset": 22,
        },
    }
