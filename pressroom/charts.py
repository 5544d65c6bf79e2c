"""Charts for the page: Vega-Lite drawn to SVG without a browser, in the report's own type and colours."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import vl_convert

from pressroom.errors import BuildFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pressroom.definition import Chart

_BARS = 40


@dataclass(frozen=True, slots=True)
class Look:
    """Type and colours of a chart; colours are CSS, lengths px."""

    font: str = "Inter, 'Noto Sans', 'DejaVu Sans', sans-serif"
    size: float = 10
    ink: str = "#1c2430"
    muted: str = "#6b7686"
    rule: str = "#e3e7ed"
    accent: str = "#1f5fae"
    palette: tuple[str, ...] = (
        "#1f5fae",
        "#e0892b",
        "#2a8c82",
        "#a14a76",
        "#7a8494",
        "#5b7fd1",
        "#b9a24c",
        "#c2553d",
    )


@dataclass(frozen=True, slots=True)
class ChartText:
    """How the chart's values are written: `value` for y, `key` for x."""

    value: Callable[[object], str]
    key: Callable[[object], str]


def draw_chart(
    chart: Chart,
    points: Sequence[Sequence[Any]],
    text: ChartText,
    *,
    width: float = 520,
    height: float = 240,
    look: Look | None = None,
) -> str:
    """Draw `chart` over `points` ([x, y] each) as SVG markup of `width` x `height` px with axes and labels.

    Bars are sorted by value; of more than 40, the largest are drawn and the chart says so.
    """
    look = look or Look()
    rows = [_row(i, x, y, text) for i, (x, y) in enumerate(points) if _number(y) is not None]
    note = None
    if chart.kind in ("bar", "pie") and len(rows) > _BARS:
        note = f"largest {_BARS} of {len(rows)}"
        rows = sorted(rows, key=lambda row: -abs(row["y"]))[:_BARS]
    if chart.kind in ("bar", "pie"):
        rows.sort(key=lambda row: -row["y"])
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width,
        "height": height,
        "background": None,
        "padding": 2,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"values": rows},
        "config": _config(look),
        **_KINDS[chart.kind](chart, rows, look),
    }
    if note:
        spec["title"] = {
            "text": note,
            "anchor": "end",
            "orient": "bottom",
            "fontWeight": "normal",
            "color": look.muted,
        }
    try:
        svg: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    except ValueError as e:
        raise BuildFailed(f"chart {chart.name!r} can't be drawn: {e}") from e
    return _own_ids(re.sub(r"^<\?xml[^>]*\?>\s*|<!DOCTYPE[^>]*>\s*", "", svg), chart.name)


def _own_ids(svg: str, name: str) -> str:
    """Ids counted from 0 under the chart's name: Vega goes on counting from one drawing to the next."""
    ids = {old: f"{name}-{i}" for i, old in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg)))}

    def renamed(match: re.Match[str]) -> str:
        return f"{match[1]}{ids.get(match[2], match[2])}{match[3]}"

    return re.sub(r'(\bid="|url\(#|href="#)([^")]+)(["\)])', renamed, svg)


def tick_format(code: str) -> str:
    """The d3 number format of an axis for an Excel number-format code: decimals, thousands, per cent."""
    section = re.sub(r"\[[^\]]*\]|\"[^\"]*\"|\\.", "", code.split(";")[0])
    digits = re.search(r"[#0,]*[#0](?:\.([0#]+))?", section)
    if digits is None:
        return "~s"
    decimals = len(digits[1] or "")
    if "%" in section:
        return f".{decimals}%"
    return f",.{decimals}f" if "," in digits[0] else f".{decimals}f"


def _bar(chart: Chart, rows: list[dict[str, Any]], look: Look) -> dict[str, Any]:
    y = {"field": "key", "type": "nominal", "sort": None, "axis": {"labelLimit": 180, "labelColor": look.ink}}
    x = {"field": "y", "type": "quantitative", "axis": None, "scale": _room(rows)}
    return _labelled({"x": x, "y": y}, look, {"align": "left", "baseline": "middle", "dx": 4})


def _column(chart: Chart, rows: list[dict[str, Any]], look: Look) -> dict[str, Any]:
    x = {
        "field": "key",
        "type": "nominal",
        "sort": None,
        "axis": {"labelAngle": _angle(rows), "labelColor": look.ink},
    }
    y = {"field": "y", "type": "quantitative", "axis": _value_axis(chart), "scale": {"zero": True}}
    mark = {"type": "bar", "color": look.accent, "cornerRadiusEnd": 1}
    return {"mark": mark, "encoding": {"x": x, "y": y}}


def _line(chart: Chart, rows: list[dict[str, Any]], look: Look) -> dict[str, Any]:
    point = {"size": 22, "filled": True, "color": look.accent} if len(rows) <= 40 else False
    mark = {
        "type": "line",
        "color": look.accent,
        "strokeWidth": 1.8,
        "point": point,
        "interpolate": "monotone",
    }
    y = {
        "field": "y",
        "type": "quantitative",
        "axis": _value_axis(chart),
        "scale": {"zero": False, "nice": True},
    }
    return {"mark": mark, "encoding": {"x": _sequence(rows, look), "y": y}}


def _area(chart: Chart, rows: list[dict[str, Any]], look: Look) -> dict[str, Any]:
    mark = {
        "type": "area",
        "color": look.accent,
        "opacity": 0.16,
        "line": {"color": look.accent, "strokeWidth": 1.8},
        "interpolate": "monotone",
    }
    y = {"field": "y", "type": "quantitative", "axis": _value_axis(chart), "scale": {"zero": True}}
    return {"mark": mark, "encoding": {"x": _sequence(rows, look), "y": y}}


def _pie(chart: Chart, rows: list[dict[str, Any]], look: Look) -> dict[str, Any]:
    colors = [look.palette[i % len(look.palette)] for i in range(len(rows))]
    labels = [f"{row['key']}  {row['text']}" for row in rows]
    for row, label in zip(rows, labels, strict=True):
        row["label"] = label
    return {
        "mark": {"type": "arc", "innerRadius": {"expr": "min(width, height) / 3.6"}, "padAngle": 0.012},
        "encoding": {
            "theta": {"field": "y", "type": "quantitative", "stack": True},
            "order": {"field": "y", "sort": "descending"},
            "color": {
                "field": "label",
                "type": "nominal",
                "sort": None,
                "scale": {"domain": labels, "range": colors},
                "legend": {"title": None, "symbolType": "square", "labelLimit": 260, "columns": 1},
            },
        },
    }


_KINDS: dict[str, Callable[[Chart, list[dict[str, Any]], Look], dict[str, Any]]] = {
    "bar": _bar,
    "column": _column,
    "line": _line,
    "area": _area,
    "pie": _pie,
}


def _labelled(encoding: dict[str, Any], look: Look, label: dict[str, Any]) -> dict[str, Any]:
    """Bars with their values written at their ends: no axis is needed to read them."""
    return {
        "encoding": encoding,
        "layer": [
            {"mark": {"type": "bar", "color": look.accent, "cornerRadiusEnd": 1}},
            {"mark": {"type": "text", "color": look.muted, **label}, "encoding": {"text": {"field": "text"}}},
        ],
    }


def _room(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The scale of bars, with room at their ends for their values."""
    low, high = min((row["y"] for row in rows), default=0), max((row["y"] for row in rows), default=0)
    return {"domain": [min(0, low * 1.12), max(0, high * 1.12) or 1], "nice": False}


def _value_axis(chart: Chart) -> dict[str, Any]:
    return {
        "title": None,
        "tickCount": 5,
        "format": tick_format(chart.format),
        "domain": False,
        "ticks": False,
    }


def _sequence(rows: list[dict[str, Any]], look: Look) -> dict[str, Any]:
    """The x axis of a line: time, a number, or texts in their order."""
    kind = rows[0]["kind"] if rows and all(row["kind"] == rows[0]["kind"] for row in rows) else "text"
    axis: dict[str, Any] = {"title": None, "labelColor": look.ink, "grid": False}
    if kind == "time":
        return {"field": "x", "type": "temporal", "axis": {**axis, "labelOverlap": True}}
    if kind == "number":
        return {
            "field": "x",
            "type": "quantitative",
            "axis": {**axis, "format": "d"},
            "scale": {"zero": False, "nice": False},
        }
    return {
        "field": "key",
        "type": "ordinal",
        "sort": None,
        "axis": {**axis, "labelAngle": _angle(rows), "labelOverlap": True},
    }


def _angle(rows: list[dict[str, Any]]) -> int:
    return -45 if max((len(row["key"]) for row in rows), default=0) * len(rows) > 90 else 0


def _row(number: int, x: object, y: object, text: ChartText) -> dict[str, Any]:
    kind: str
    place: str | float | None
    if isinstance(x, dt.date):
        kind, place = "time", x.isoformat()
    elif _number(x) is not None and not isinstance(x, bool):
        kind, place = "number", _number(x)
    else:
        kind, place = "text", number
    return {
        "x": place,
        "kind": kind,
        "key": "–" if x is None else text.key(x),
        "y": _number(y),
        "text": text.value(y),
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) and value == value else None


def _config(look: Look) -> dict[str, Any]:
    return {
        "font": look.font,
        "view": {"stroke": None},
        "axis": {
            "labelFontSize": look.size,
            "titleFontSize": look.size,
            "labelColor": look.muted,
            "domainColor": look.rule,
            "gridColor": look.rule,
            "tickColor": look.rule,
            "labelPadding": 6,
            "title": None,
            "ticks": False,
        },
        "axisBand": {"domain": False},
        "axisX": {"grid": False},
        "bar": {"binSpacing": 1},
        "scale": {"bandPaddingInner": 0.34, "bandPaddingOuter": 0.12},
        "text": {"fontSize": look.size},
        "title": {"fontSize": look.size},
        "legend": {"labelFontSize": look.size, "labelColor": look.ink, "rowPadding": 5},
    }
