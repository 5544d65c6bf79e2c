"""CSS that a plate can't repeat for every row: each use is named, so that nobody is surprised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weasyprint.formatting_structure import boxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CORNERS = tuple(f"border_{v}_{h}_radius" for v in ("top", "bottom") for h in ("left", "right"))

_FAULTS: dict[str, Callable[[Any], bool]] = {
    "opacity": lambda style: style["opacity"] != 1,
    "transform": lambda style: bool(style["transform"]),
    "text-decoration": lambda style: style["text_decoration_line"] != "none",
    "border-radius": lambda style: any(length.value for corner in _CORNERS for length in style[corner]),
    "outline": lambda style: style["outline_style"] != "none" and style["outline_width"] != 0,
    "word-spacing": lambda style: style["word_spacing"] != 0,
    "text-overflow": lambda style: style["text_overflow"] == "ellipsis",
    "hyphens": lambda style: style["hyphens"] == "auto",
    "float": lambda style: style["float"] != "none",
    "position": lambda style: style["position"] != "static",
}


def unreplayed(row: Any) -> Iterator[str]:  # noqa: ANN401 - a TableRowBox
    """What the boxes of a measured row ask for and the plate leaves out, one sentence each."""
    for box in (row, *row.descendants()):
        if isinstance(box, boxes.LineBox | boxes.TextBox):
            continue
        where = _name(box)
        for name, asked in _FAULTS.items():
            if asked(box.style):
                yield f"{name} of <{where}> is not repeated in the table's rows"
        if isinstance(box, boxes.ReplacedBox):
            yield f"an image in <{where}> is not repeated in the table's rows"
    for box in row.descendants():
        if not isinstance(box, boxes.TextBox) or box.element is None or "data-part" not in box.element.attrib:
            continue
        if "::" not in box.element_tag and box.style["text_transform"] != "none":
            yield f"text-transform of <{_name(box)}> does not reach the values of the rows; do it in the SQL"


def _name(box: Any) -> str:  # noqa: ANN401 - any box
    classes = box.element.get("class", "") if box.element is not None else ""
    return ".".join([box.element_tag or "anonymous", *classes.split()])
