"""The look of a sheet's bands as XlsxWriter format properties: one ink, two tints, thin lines."""

from __future__ import annotations

from typing import Any

Style = dict[str, Any]
"""Properties of `workbook.add_format`."""

FONT = "Calibri"
INK = "#1F3A5F"
TINTS = ("#D9E4F1", "#EAF0F8", "#F4F7FB")
LINE = "#DDE3EA"
MUTED = "#5B6776"

TYPE_FORMATS = {"date": "yyyy-mm-dd", "timestamp": "yyyy-mm-dd hh:mm:ss", "time": "hh:mm:ss"}
"""Number formats of types that would show as bare serial numbers."""
RIGHT = ("integer", "decimal", "float", "date", "timestamp", "time")
"""Types whose values stand at the right of their column."""

PAPERS = {"Letter": 1, "A3": 8, "A4": 9}
"""Numbers of paper sizes (ECMA-376 Part 1 §18.3.1.63)."""

BASE: Style = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
TITLE: Style = {"font_name": FONT, "font_size": 16, "bold": True, "font_color": INK, "valign": "vcenter"}
SUBTITLE: Style = {"font_name": FONT, "font_size": 10, "font_color": MUTED, "valign": "vcenter"}
SECTION: Style = {"font_name": FONT, "font_size": 12, "bold": True, "font_color": INK, "valign": "vcenter"}
HEADER: Style = BASE | {"bold": True, "font_color": "#FFFFFF", "bg_color": INK, "text_wrap": True}
DETAIL: Style = BASE | {"bottom": 1, "bottom_color": LINE}
LINK: Style = {"font_color": "#0563C1", "underline": 1}
"""Excel's own look of links."""
SUBTOTAL: Style = BASE | {"bold": True, "top": 1, "top_color": INK}
GRAND_TOTAL: Style = BASE | {"bold": True, "top": 6, "top_color": INK, "bg_color": TINTS[0]}


def group_header(level: int) -> Style:
    """The header of a group: bold on a tint that fades with depth."""
    return BASE | {"bold": True, "font_color": INK, "bg_color": TINTS[min(level, len(TINTS) - 1)]}


def band_style(kind: str, level: int | None) -> Style:
    """The properties that every cell of a band starts from."""
    match kind:
        case "header":
            return HEADER
        case "group_header":
            return group_header(level or 0)
        case "subtotal":
            return SUBTOTAL
        case "grand_total":
            return GRAND_TOTAL
        case _:
            return DETAIL


def date_format(value: object) -> Style:
    """A number format for a key that would show as a bare serial number."""
    names = {"datetime": "timestamp", "date": "date", "time": "time"}
    kind = names.get(type(value).__name__)
    return {"num_format": TYPE_FORMATS[kind], "align": "left"} if kind else {}
