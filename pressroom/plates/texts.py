"""Laid-out lines of text as cells of a plate: where the text stands, how it looks, what fills it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weasyprint.formatting_structure import boxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pressroom.plates.fonts import FontTable
    from pressroom.plates.unreplayed import UnreplayedCss

PT = 0.75
"""CSS px in pt."""

_WRAPS = frozenset({"normal", "pre-wrap", "pre-line"})
_SIDES = {"left": "left", "right": "right", "center": "center", "justify": "left"}


@dataclass(frozen=True, slots=True)
class Run:
    """A text box of a line and the parts that fill it; `parts` is None for fixed text."""

    box: Any
    parts: Sequence[Any] | None

    @property
    def content(self) -> list[Any]:
        """Parts of a plate's cell."""
        return [{"text": self.box.text}] if self.parts is None else list(self.parts)

    @property
    def blank(self) -> bool:
        """Whether it is nothing but space."""
        return self.parts is None and not self.box.text.strip()


class Lettering:
    """Turns lines into cells; `origin` is the y from which they count (px), 0 for a page."""

    def __init__(self, fonts: FontTable, unreplayed: UnreplayedCss) -> None:
        self._fonts = fonts
        self._unreplayed = unreplayed

    def line(
        self,
        line: Any,  # noqa: ANN401 - WeasyPrint's LineBox
        parts_of: Callable[[Any], Sequence[Any] | None],
        *,
        edges: tuple[float, float],
        origin: float,
        extra: Mapping[str, Any],
    ) -> Iterator[dict[str, Any]]:
        """Cells of one line; `edges` are left and right of the box (px) in which the text is aligned."""
        runs = [Run(box, parts_of(box)) for box in text_boxes(line)]
        if line.text_overflow == "ellipsis":
            extra = {**extra, "ellipsis": True}
        filled = [i for i, run in enumerate(runs) if run.parts is not None]
        if not filled:
            yield from self._all_fixed(runs, origin, line.height, extra)
            return
        align = alignment(line.style)
        first, last = 0, len(runs)
        # Fixed text on the side where the line is anchored keeps its place, and so its own look.
        if align == "left":
            while first < filled[0] and self._apart(runs[first], runs[filled[0]]):
                first += 1
        elif align == "right":
            while last - 1 > filled[-1] and self._apart(runs[last - 1], runs[filled[-1]]):
                last -= 1
        while runs[first].blank:
            first += 1
        while runs[last - 1].blank:
            last -= 1
        yield from self._all_fixed((*runs[:first], *runs[last:]), origin, line.height, extra)
        # A space between two texts stays between them.
        merged = runs[first:last]
        main = runs[filled[0]]
        if any(self._apart(run, main) for run in merged):
            self._unreplayed.add(
                "a style",
                f"a text next to a value in <{main.box.element_tag}>",
                "is not repeated: it takes the value's; put it into a cell of its own to style it",
            )
        if "ellipsis" in extra and sum(not run.blank for run in runs) > 1:
            self._unreplayed.add(
                "text-overflow",
                f"several texts in a line of <{main.box.element_tag}>",
                "is not repeated: each would have an ellipsis of its own",
            )
        left = merged[0].box.position_x if align == "left" else edges[0]
        right = merged[-1].box.position_x + merged[-1].box.width if align == "right" else edges[1]
        right = min(right, edges[1])
        style = main.box.style
        yield {
            "parts": [part for run in merged for part in run.content],
            "x": left * PT,
            "width": (right - left) * PT,
            "baseline": (main.box.position_y + main.box.baseline - origin) * PT,
            "style": self.style(style),
            "align": align,
            "line_height": line.height * PT,
            "wrap": style["white_space"] in _WRAPS,
            **extra,
        }

    def style(self, style: Any) -> dict[str, Any]:  # noqa: ANN401 - WeasyPrint's computed style
        """A plate's text style; sizes in pt."""
        spacing = style["letter_spacing"]
        return {
            "font": self._fonts.number(style),
            "size": style["font_size"] * PT,
            "color": rgb(style["color"]),
            "letter_spacing": 0.0 if spacing == "normal" else spacing * PT,
        }

    def _all_fixed(
        self, runs: Sequence[Run], origin: float, line_height: float, extra: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        yield from (self._fixed(run, origin, line_height, extra) for run in runs if not run.blank)

    def _fixed(self, run: Run, origin: float, line_height: float, extra: Mapping[str, Any]) -> dict[str, Any]:
        box = run.box
        kept = {name: extra[name] for name in ("vertical", "clip") if name in extra}
        width = box.width
        if "ellipsis" in extra and (room := box.pango_layout.max_width) >= 0:
            kept["ellipsis"], width = True, room
        return {
            "parts": [{"text": box.text}],
            "x": box.position_x * PT,
            "width": width * PT,
            "baseline": (box.position_y + box.baseline - origin) * PT,
            "style": self.style(box.style),
            "line_height": line_height * PT,
            **kept,
        }

    def _apart(self, one: Run, other: Run) -> bool:
        """Whether a text looks otherwise than another; a space looks like any."""
        return not one.blank and self.style(one.box.style) != self.style(other.box.style)


def text_boxes(box: Any) -> Iterator[Any]:  # noqa: ANN401 - any box
    """Text boxes of `box` in order."""
    if isinstance(box, boxes.TextBox):
        yield box
    for child in getattr(box, "children", ()):
        yield from text_boxes(child)


def lines(box: Any) -> Iterator[Any]:  # noqa: ANN401 - any box
    """Line boxes of `box` in order; a line's own inline blocks are part of it."""
    if isinstance(box, boxes.LineBox):
        yield box
        return
    for child in getattr(box, "children", ()):
        yield from lines(child)


def alignment(style: Any) -> str:  # noqa: ANN401 - a style
    """left, center or right for `text-align`, whatever the direction."""
    value = style["text_align_all"]
    if value in ("start", "end"):
        return "left" if (value == "start") == (style["direction"] == "ltr") else "right"
    return _SIDES[value]


def rgb(color: Any) -> list[int]:  # noqa: ANN401 - a tinycss2 colour
    """A colour as three numbers from 0 to 255; its alpha is blended with white."""
    red, green, blue = color.to("srgb")[:3]
    return [round(255 * min(1, max(0, c * color.alpha + 1 - color.alpha))) for c in (red, green, blue)]
