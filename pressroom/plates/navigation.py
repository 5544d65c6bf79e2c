"""Links, anchors and bookmarks of the table's own pages: those that stand beside the rows, as in headings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pressroom.plates.layout import TablePage

_ON_EDGE = 0.5
"""Pixels inside the table where what stands at its very edge belongs to the elements around it."""


def leave_rows_out(page: Any, place: TablePage, *, repeated: bool) -> bool:  # noqa: ANN401 - a weasyprint.Page
    """Take what the specimen's rows bring out of a laid-out page; whether a link or a bookmark is left.

    A `repeated` page stands for many: it keeps its links, but nothing leads to it.
    """
    table = place.table
    left, top = table.border_box_x(), table.border_box_y()
    right, bottom = left + table.border_width(), top + table.border_height()

    def among_rows(x: float, y: float) -> bool:
        return bool(left <= x < right and top + _ON_EDGE < y < bottom)

    page.links = [link for link in page.links if not among_rows(*link[2][:2])]
    page.anchors = {
        name: area for name, area in page.anchors.items() if not (repeated or among_rows(*area[:2]))
    }
    page.bookmarks = [mark for mark in page.bookmarks if not (repeated or among_rows(*mark[2]))]
    page.forms = {None: []}
    return bool(page.links or page.bookmarks)
