"""The colour that an Excel number-format code asks for: `#,##0;[Red]-#,##0` prints what is below zero in red.

The Rust core formats and colours the rows that it draws; this is for the rows that WeasyPrint draws. Which
section of a code holds is the core's answer here too.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Color = tuple[int, int, int]

_NAMED: dict[str, int] = {
    "black": 0x000000,
    "blue": 0x0000FF,
    "cyan": 0x00FFFF,
    "green": 0x00FF00,
    "magenta": 0xFF00FF,
    "red": 0xFF0000,
    "white": 0xFFFFFF,
    "yellow": 0xFFFF00,
}
_INDEXED = bytes.fromhex(
    # `[Color 1]` to `[Color 56]` (ECMA-376 Part 1 §18.8.27, indexes 8 to 63), three bytes each.
    "000000ffffffff000000ff000000ffffff00ff00ff00ffff800000008000000080808000800080008080c0c0c08080809999ff993366"
    "ffffccccffff660066ff80800066ccccccff000080ff00ffffff0000ffff8000808000000080800000ff00ccffccffffccffccffff99"
    "99ccffff99cccc99ffffcc993366ff33cccc99cc00ffcc00ff9900ff6600666699969696003366339966003300333300993300993366"
    "333399333333"
)
_PIECE = re.compile(r'"[^"]*"?|\[[^\]]*\]?|[\\_*].?|;|[^"\[\\_*;]+', re.DOTALL)
_CONDITION = re.compile(r"\[[<>=]")


def format_color(code: str, value: object, format_value: Callable[[str, object], str]) -> Color | None:
    """Red, green and blue from 0 to 255, or None when `code` asks for no colour for this value."""
    colors, probe, text = _read(code)
    if not any(colors) or value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return None if text is None else colors[text]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    chosen = format_value(probe, value).lstrip("-")
    return colors[int(chosen)] if chosen.isdigit() else None


@lru_cache(maxsize=1024)
def _read(code: str) -> tuple[tuple[Color | None, ...], str, int | None]:
    """Colours of the sections, a code that prints which of them holds, and the number of the one for text."""
    sections: list[list[str]] = [[]]
    for piece in _PIECE.findall(code):
        if piece == ";":
            sections.append([])
        else:
            sections[-1].append(piece)
    colors = tuple(next((c for p in s if (c := _color(p)) is not None), None) for s in sections)
    for_text = [any(p[0] not in '"[\\_*' and "@" in p for p in section) for section in sections]
    last = len(sections) - 1
    text = last if last == 3 or (last and for_text[last]) else None
    if text is None and True in for_text:
        text = for_text.index(True)
    numbers = sections[:last] if text == last and last else sections
    probe = ";".join(
        "".join(p for p in section if _CONDITION.match(p)) + f'"{i}"' for i, section in enumerate(numbers)
    )
    return colors, probe, text


def _color(piece: str) -> Color | None:
    name = piece[1:-1].strip().lower() if piece.startswith("[") else ""
    if name in _NAMED:
        red, green, blue = _NAMED[name].to_bytes(3, "big")
        return red, green, blue
    number = name.removeprefix("color").strip()
    if name.startswith("color") and number.isdigit() and 1 <= int(number) <= 56:
        red, green, blue = _INDEXED[3 * (int(number) - 1) : 3 * int(number)]
        return red, green, blue
    return None
