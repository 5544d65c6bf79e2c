"""Backgrounds and borders of a table row as the filled rectangles of a band, in painting order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weasyprint.draw.color import get_color

from pressroom.plates.texts import PT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pressroom.plates.unreplayed import UnreplayedCss

Edge = tuple[str, float]
_TOP, _BOTTOM = "top", "bottom"


class Painter:
    """Paints the rows of one laid-out table."""

    def __init__(self, table: Any, paper: list[float], unreplayed: UnreplayedCss) -> None:  # noqa: ANN401 - TableBox
        """`paper` is what shows through, as sRGB from 0 to 1."""
        self._table = table
        self._paper = paper
        self._unreplayed = unreplayed
        self._collapse = table.style["border_collapse"] == "collapse"

    def row(self, group: Any, row: Any, index: int, gap: float) -> tuple[list[dict[str, Any]], int]:  # noqa: ANN401 - boxes
        """Rectangles of `row`, number `index` of the whole table, and how many of them are backgrounds.

        `gap` (px) follows below the row.
        """
        under: list[tuple[float, float, list[float]]] = []
        rects: list[dict[str, Any]] = []

        def fill(x: float, width: float, top: Edge, bottom: Edge, color: Any, *, whole: bool = False) -> None:  # noqa: ANN401
            if width <= 0 or color.alpha == 0:
                return
            below = next(
                (c for left, right, c in reversed(under) if left <= x and x + width <= right), self._paper
            )
            solid = [
                a * color.alpha + b * (1 - color.alpha)
                for a, b in zip(color.to("srgb")[:3], below, strict=True)
            ]
            if whole:
                under.append((x - 1e-6, x + width + 1e-6, solid))
            rects.append(
                {
                    "x": x * PT,
                    "width": width * PT,
                    "top": {top[0]: top[1] * PT},
                    "bottom": {bottom[0]: bottom[1] * PT},
                    "color": [round(255 * min(1, max(0, c))) for c in solid],
                }
            )

        lid = self._neighbours_line(group, row, index) if self._collapse else 0.0
        for x, width, color in self._backgrounds(group, row):
            fill(x, width, (_TOP, lid), (_BOTTOM, -gap), color, whole=True)
        grounds = _joined(rects)
        rects = []
        if self._collapse:
            for x, width, top, bottom, color in self._collapsed(group, row, index):
                fill(x, width, top, bottom, color)
        else:
            for x, width, top, bottom, color in self._separate(row, gap):
                fill(x, width, top, bottom, color)
        return grounds + _joined(rects), len(grounds)

    def ground(self, group: Any, row: Any, cell: Any, index: int, gap: float) -> dict[str, Any]:  # noqa: ANN401 - boxes
        """The rectangle that a background of `cell` fills, in pt, without its colour."""
        lid = self._neighbours_line(group, row, index) if self._collapse else 0.0
        return {
            "x": cell.border_box_x() * PT,
            "width": cell.border_width() * PT,
            "top": {_TOP: lid * PT},
            "bottom": {_BOTTOM: -gap * PT},
        }

    def _backgrounds(self, group: Any, row: Any) -> Iterator[tuple[float, float, Any]]:  # noqa: ANN401 - boxes
        table = self._table
        if table.background is not None:
            self._plain(table.background, "table")
            yield table.border_box_x(), table.border_width(), table.background.color
        for column_group in table.column_groups:
            for column in (column_group, *column_group.children):
                if column.background is not None:
                    self._plain(column.background, "col")
                    for cell in row.children:
                        if column.position_x <= cell.position_x < column.position_x + column.width:
                            yield cell.border_box_x(), cell.border_width(), column.background.color
        for box in (group, row):
            if box.background is not None and row.children:
                self._plain(box.background, box.element_tag)
                yield from self._spans(row, box.background.color)
        for cell in row.children:
            if cell.background is not None and (
                self._collapse or not cell.empty or cell.style["empty_cells"] == "show"
            ):
                self._plain(cell.background, f"{cell.element_tag}.{cell.element.get('class', '')}")
                yield cell.border_box_x(), cell.border_width(), cell.background.color

    def _spans(self, row: Any, color: Any) -> Iterator[tuple[float, float, Any]]:  # noqa: ANN401 - boxes
        """The row's cells as few rectangles as they make."""
        start = end = None
        for cell in sorted(row.children, key=lambda c: float(c.position_x)):
            left, right = cell.border_box_x(), cell.border_box_x() + cell.border_width()
            if start is not None and end is not None and abs(left - end) > 0.01:
                yield start, end - start, color
                start = None
            start, end = (left if start is None else start), right
        if start is not None and end is not None:
            yield start, end - start, color

    def _separate(self, row: Any, gap: float) -> Iterator[tuple[float, float, Edge, Edge, Any]]:  # noqa: ANN401
        table = self._table
        foot = (_BOTTOM, -gap)
        for side, x in (
            ("left", table.border_box_x()),
            ("right", table.padding_box_x() + table.padding_width()),
        ):
            width, color = self._border(table, side)
            yield x, width, (_TOP, 0), (_BOTTOM, 0), color
        for cell in row.children:
            if cell.empty and cell.style["empty_cells"] != "show":
                continue
            x, whole = cell.border_box_x(), cell.border_width()
            left, left_color = self._border(cell, "left")
            right, right_color = self._border(cell, "right")
            top, top_color = self._border(cell, "top")
            bottom, bottom_color = self._border(cell, "bottom")
            yield x, left, (_TOP, 0), foot, left_color
            yield x + whole - right, right, (_TOP, 0), foot, right_color
            if top:
                yield x, whole, (_TOP, 0), (_TOP, top), top_color
            if bottom:
                yield x, whole, (_BOTTOM, -gap - bottom), foot, bottom_color

    def _border(self, box: Any, side: str) -> tuple[float, Any]:  # noqa: ANN401 - a box
        style, width = box.style[f"border_{side}_style"], getattr(box, f"border_{side}_width")
        if style in ("none", "hidden") or not width:
            return 0.0, get_color(box.style, f"border_{side}_color")
        if style != "solid":
            self._drawn_solid(style, f"<{box.element_tag}>")
        return width, get_color(box.style, f"border_{side}_color")

    def _collapsed(self, group: Any, row: Any, index: int) -> Iterator[tuple[float, float, Edge, Edge, Any]]:  # noqa: ANN401
        """The lines that this row brings with it: a line that only its neighbour asks for is the neighbour's.

        Half of a horizontal line stands in each of the two rows that it parts.
        """
        table = self._table
        vertical, horizontal = table.collapsed_border_grid
        positions = [*table.column_positions, table.column_positions[-1] + table.column_widths[-1]]

        def width_at(grid: Any, y: int, x: int) -> float:  # noqa: ANN401 - WeasyPrint's border grid
            return float(grid[y][x][1][1]) if 0 <= y < len(grid) and 0 <= x < len(grid[y]) else 0.0

        for x in range(len(positions)):
            style, width, color = vertical[index][x][1]
            if width and color.alpha:
                self._drawn_solid(style, "<table>")
                yield positions[x] - width / 2, width, (_TOP, 0), (_BOTTOM, 0), color
        for side, y in (("top", index), ("bottom", index + 1)):
            for x in range(len(table.column_widths)):
                style, width, color = horizontal[y][x][1]
                if not width or not color.alpha or not self._asks(group, row, side, x, (width, color)):
                    continue
                self._drawn_solid(style, "<table>")
                left = positions[x] - max(width_at(vertical, yy, x) for yy in (y - 1, y)) / 2
                right = positions[x + 1] + max(width_at(vertical, yy, x + 1) for yy in (y - 1, y)) / 2
                edge = _TOP if side == "top" else _BOTTOM
                yield left, right - left, (edge, -width / 2), (edge, width / 2), color

    def _neighbours_line(self, group: Any, row: Any, index: int) -> float:  # noqa: ANN401 - boxes
        """How far the line of the row above reaches into this one; its background must not cover it."""
        lines = [line for _, line in self._table.collapsed_border_grid[1][index]]
        reach = [
            width / 2
            for x, (_, width, color) in enumerate(lines)
            if color.alpha and not self._asks(group, row, "top", x, (width, color))
        ]
        return max(reach, default=0.0)

    def _asks(self, group: Any, row: Any, side: str, x: int, line: tuple[float, Any]) -> bool:  # noqa: ANN401
        cells = [c for c in row.children if c.grid_x <= x < c.grid_x + c.colspan]
        outer = [group] if row is group.children[0 if side == "top" else -1] else []
        return any(
            (box.style[f"border_{side}_width"], get_color(box.style, f"border_{side}_color")) == line
            for box in (*cells, row, *outer)
        )

    def _drawn_solid(self, style: str, where: str) -> None:
        if style != "solid":
            self._unreplayed.add(f"border-style: {style}", where, "is drawn solid in the table's rows")

    def _plain(self, background: Any, where: str) -> None:  # noqa: ANN401 - WeasyPrint's Background
        if any(layer.image is not None for layer in background.layers):
            self._unreplayed.add("background-image", f"<{where}>", "is not drawn in the table's rows")
        if background.style["box_shadow"]:
            self._unreplayed.add("box-shadow", f"<{where}>", "is not drawn in the table's rows")


def _joined(rects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours of one colour and height as one rectangle: fewer operators on many thousand pages."""
    joined: list[dict[str, Any]] = []
    for rect in rects:
        last = joined[-1] if joined else None
        same = last is not None and all(last[key] == rect[key] for key in ("top", "bottom", "color"))
        if last is not None and same and abs(last["x"] + last["width"] - rect["x"]) < 0.01:
            last["width"] = rect["x"] + rect["width"] - last["x"]
        else:
            joined.append(rect)
    return joined
