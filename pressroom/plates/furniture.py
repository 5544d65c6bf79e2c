"""Furniture: what stands around the table on its pages, and its texts that change from page to page."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weasyprint.formatting_structure import boxes

from pressroom.errors import TemplateFailed
from pressroom.plates.band_markup import MARK
from pressroom.plates.texts import Lettering, lines, text_boxes
from pressroom.plates.unreplayed import Unreplayed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pressroom.plates.fonts import FontTable
    from pressroom.plates.layout import TablePage
    from pressroom.plates.unreplayed import UnreplayedCss

_COUNTERS = {"page": "page", "pages": "pages"}


@dataclass
class Running:
    """Named strings that the table's rows set: the parts that stand for them, and what is wrong with them."""

    parts: dict[str, list[Any]] = field(default_factory=dict)
    faults: dict[str, list[Unreplayed]] = field(default_factory=dict)

    def blame(self, name: str, css: str, where: str, instead: str) -> None:
        """Note what happens when a page shows the string."""
        self.faults.setdefault(name, []).append(Unreplayed(css, where, instead))


def running_strings(found: Sequence[TablePage]) -> Running:
    """Named strings that rows set, as group headers do with `string-set: carrier content()`."""
    running = Running()
    for row in (row for page in found for group in page.table.children for row in group.children):
        band = row.element.get(MARK, "").partition(":")[0]
        where = f"<{row.element_tag}.{'.'.join(row.element.get('class', '').split())}>"
        for box in (row, *row.descendants()):
            for name, _text in box.string_set if box.string_set and box.string_set != "none" else ():
                if band in ("detail", "subtotal", "total"):
                    running.blame(name, f"string-set: {name}", where, "does not reach the pages' margins")
                if band != "group":
                    continue
                parts = list(_content(box))
                if "rows" in parts:
                    running.blame(name, f"string-set: {name}", f"a count in {where}", "shows no count")
                if running.parts.setdefault(name, [p for p in parts if p != "rows"]) != parts:
                    running.blame(name, f"string-set: {name}", where, "is set twice; the first counts")
    return running


def _content(box: Any) -> Iterator[Any]:  # noqa: ANN401 - any box
    """The text of a box as parts."""
    for text in text_boxes(box):
        part = text.element.get("data-part") if "::" not in text.element_tag else None
        yield {"text": text.text} if part is None else json.loads(part)


def take_texts(
    page: TablePage, running: Running, fonts: FontTable, unreplayed: UnreplayedCss
) -> list[dict[str, Any]]:
    """Texts of the page that show a page number or the open group, as cells; they are taken off the page.

    The table is taken off too: what is left is drawn once.
    """
    parent = page.path[-1]
    parent.children = [child for child in parent.children if child is not page.table]
    cells: list[dict[str, Any]] = []
    lettering = Lettering(fonts, unreplayed)
    for box in _boxes(page.page):
        content = box.style["content"]
        for kind, value in content if isinstance(content, tuple) else ():
            for fault in running.faults.get(value[0], ()) if kind == "string()" else ():
                unreplayed.add(fault.css, fault.where, fault.instead)
        if not isinstance(content, tuple) or not any(_changes(token, running) for token in content):
            continue
        _note_other_strings(content, running, unreplayed)
        if all(kind == "string()" for kind, _ in content) and not list(text_boxes(box)):
            # Nothing stands in it on this page of the specimen, as before the first row with `start`.
            continue
        parts = _parts(box, content, running, unreplayed)
        holder = box if isinstance(box, boxes.MarginBox) else _container(page.page, box)
        left = holder.content_box_x()
        # The width of a margin box without one of its own is that of its text (CSS Paged Media 3 §5.3).
        grows = holder is box and box.style["width"] == "auto"
        for line in lines(holder):
            inside = list(text_boxes(line))
            own = [t for t in text_boxes(box) if any(t is other for other in inside)]
            if own:
                cells.extend(
                    lettering.line(
                        line,
                        _filled(own[0], parts),
                        edges=(left, left + holder.width),
                        origin=0.0,
                        extra={"wrap": False, "grows": grows},
                    )
                )
                _remove(line, inside)
    return cells


def _note_other_strings(
    content: Sequence[tuple[str, Any]], running: Running, unreplayed: UnreplayedCss
) -> None:
    """Note named strings of which a page shows another value than the first that it sets."""
    for kind, value in content:
        if kind == "string()" and value[0] in running.parts and value[1] != "first":
            css = f"string({value[0]}, {value[1]})"
            unreplayed.add(css, "the table's pages", "shows the first of its page")


def _filled(box: Any, parts: list[Any]) -> Callable[[Any], list[Any] | None]:  # noqa: ANN401 - a TextBox
    return lambda text: parts if text is box else None


def _parts(
    box: Any,  # noqa: ANN401 - a box with generated content
    content: Sequence[tuple[str, Any]],
    running: Running,
    unreplayed: UnreplayedCss,
) -> list[Any]:
    """The generated text as parts; the text itself says what named strings and attributes were."""
    texts = list(text_boxes(box))
    # White space collapses in the layout, and an empty named string leaves none at the end of a line.
    pattern = "".join(_loose(value) if kind == "string" else "(.*?)" for kind, value in content)
    text = "".join(t.text for t in texts)
    match = re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL)
    if len(texts) != 1 or match is None:
        raise TemplateFailed(
            f"report.html: a page counter stands in a text that does not fit on one line: {text!r}",
            hint="give its margin box more room, or white-space: nowrap; keep images out of it",
        )
    parts: list[Any] = []
    found = iter(match.groups())
    for token in content:
        kind, value = token
        shown = value if kind == "string" else next(found)
        if kind == "counter()" and value[0] in _COUNTERS:
            if value[1] != "decimal":
                unreplayed.add(
                    f"counter({value[0]}, {value[1]})", "the table's pages", "is printed in decimal"
                )
            parts.append(_COUNTERS[value[0]])
        elif kind == "string()" and value[0] in running.parts:
            parts += running.parts[value[0]]
        elif parts and isinstance(parts[-1], dict) and "text" in parts[-1]:
            parts[-1] = {"text": parts[-1]["text"] + shown}
        elif shown:
            parts.append({"text": shown})
    return parts


def _loose(text: str) -> str:
    return r"\s*".join(re.escape(word) for word in re.split(r"\s+", text))


def _changes(token: tuple[str, Any], running: Running) -> bool:
    kind, value = token
    if kind == "counter()":
        return value[0] in _COUNTERS
    return kind == "string()" and value[0] in running.parts


def _boxes(box: Any) -> Iterator[Any]:  # noqa: ANN401 - boxes
    for child in list(getattr(box, "children", ())):
        yield child
        yield from _boxes(child)


def _container(root: Any, wanted: Any) -> Any:  # noqa: ANN401 - boxes
    """The block whose line holds `wanted`."""
    found = None

    def search(box: Any, block: Any) -> bool:  # noqa: ANN401 - boxes
        nonlocal found
        if box is wanted:
            found = block
            return True
        inner = box if isinstance(box, boxes.BlockContainerBox) else block
        return any(search(child, inner) for child in getattr(box, "children", ()))

    search(root, root)
    return found


def _remove(box: Any, gone: Sequence[Any]) -> None:  # noqa: ANN401 - boxes
    if hasattr(box, "children"):
        box.children = [child for child in box.children if not any(child is g for g in gone)]
        for child in box.children:
            _remove(child, gone)
