"""What the styles of a measured row ask for and a plate leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weasyprint.formatting_structure import boxes

if TYPE_CHECKING:
    from collections.abc import Callable

    from pressroom.plates.unreplayed import UnreplayedCss

_CORNERS = tuple(f"border_{v}_{h}_radius" for v in ("top", "bottom") for h in ("left", "right"))
_LOOK = ("color", "font_size", "font_weight", "font_style", "padding_top", "padding_bottom")
_REPLAYED_SPACE = frozenset({"normal", "nowrap"})

_FAULTS: dict[str, Callable[[Any], bool]] = {
    "opacity": lambda style: style["opacity"] != 1,
    "transform": lambda style: bool(style["transform"]),
    "text-decoration": lambda style: style["text_decoration_line"] != "none",
    "border-radius": lambda style: any(length.value for corner in _CORNERS for length in style[corner]),
    "outline": lambda style: style["outline_style"] != "none" and style["outline_width"] != 0,
    "word-spacing": lambda style: style["word_spacing"] != 0,
    "max-lines": lambda style: style["max_lines"] != "none",
    "block-ellipsis": lambda style: style["block_ellipsis"] != "none",
    "hyphens": lambda style: style["hyphens"] == "auto",
    "float": lambda style: style["float"] != "none",
    "position": lambda style: style["position"] != "static",
}


def look_of(row: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a TableRowBox
    """What tells rows of one kind apart where their place among others decides: colours, sizes, weights."""
    return tuple(
        (box.background and box.background.color, *(box.style[name] for name in _LOOK))
        for box in (row, *row.children)
    )


def look_at(row: Any, unreplayed: UnreplayedCss) -> None:  # noqa: ANN401 - a TableRowBox
    """Note what the boxes of a measured row ask for."""
    for box in (row, *row.descendants()):
        if isinstance(box, boxes.LineBox | boxes.TextBox):
            continue
        for name, asked in _FAULTS.items():
            if asked(box.style):
                unreplayed.add(name, _name(box), "is not repeated in the table's rows")
        if box.style["overflow"] != "visible" and not isinstance(box, boxes.TableCellBox):
            unreplayed.add("overflow", _name(box), "is repeated for cells only")
        if isinstance(box, boxes.ReplacedBox):
            unreplayed.add("an image", _name(box), "is not repeated in the table's rows")
    for box in row.descendants():
        if not _is_value(box):
            continue
        if box.style["text_transform"] != "none":
            unreplayed.add("text-transform", _name(box), "does not reach the values; do it in the SQL")
        if box.style["white_space"] == "normal" and box.style["overflow_wrap"] == "normal":
            unreplayed.add(
                "overflow-wrap: normal", _name(box), "is not repeated: words that are too long break"
            )
        if box.style["hyphenate_character"] != "\u2010":
            unreplayed.add("hyphenate-character", _name(box), "is not repeated: a hyphen is printed")
        if (space := box.style["white_space"]) not in _REPLAYED_SPACE:
            unreplayed.add(
                f"white-space: {space}", _name(box), "does not reach the values: their spaces collapse"
            )


def _is_value(box: Any) -> bool:  # noqa: ANN401 - any box
    """Whether the box is a text that a value of a row replaces."""
    return (
        isinstance(box, boxes.TextBox)
        and box.element is not None
        and "data-part" in box.element.attrib
        and "::" not in box.element_tag
    )


def _name(box: Any) -> str:  # noqa: ANN401 - any box
    classes = box.element.get("class", "") if box.element is not None else ""
    return f"<{'.'.join([box.element_tag or 'anonymous', *classes.split()])}>"
