"""Shares of collapsed lines: for all rows that can meet they make the line between them."""

from __future__ import annotations

import pytest

from pressroom.plates.collapsed import Edges, Key, share_lines
from pressroom.plates.unreplayed import UnreplayedCss

Asked = dict[str, tuple[float, float]]
"""Widths in px of the lines that each kind of row asks for above and below it."""

PLAIN: Asked = {"header": (0, 2), "detail:0": (0, 1), "detail:1": (0, 1), "total": (2, 0)}
GROUPED: Asked = {**PLAIN, "group:0": (0, 0), "group:1": (0, 0), "subtotal:1": (2, 0), "subtotal:0": (2, 0)}


def edges_of(asked: Asked, above: dict[str, str], below: dict[str, str]) -> dict[Key, Edges]:
    """The rows as measured between `above` and `below`; unless told otherwise, a detail stands there."""

    def line(one: str, other: str) -> float:
        return max(asked[one][1], asked[other][0])

    return {
        (name, 0): Edges(
            line(above.get(name, "detail:0"), name), line(name, below.get(name, "detail:0")), *asked[name]
        )
        for name in asked
    }


@pytest.mark.parametrize(
    ("asked", "levels", "meeting"),
    [
        (PLAIN, 0, [("detail:0", "detail:1"), ("detail:1", "detail:0"), ("detail:0", "total")]),
        (
            GROUPED,
            2,
            [
                ("detail:0", "detail:1"),
                ("group:1", "detail:0"),
                ("group:0", "group:1"),
                ("detail:1", "subtotal:1"),
                ("subtotal:1", "subtotal:0"),
                ("subtotal:1", "group:1"),
                ("subtotal:0", "group:0"),
                ("subtotal:0", "total"),
            ],
        ),
    ],
)
def test_shares_make_the_lines(asked: Asked, levels: int, meeting: list[tuple[str, str]]) -> None:
    unreplayed = UnreplayedCss()
    shares, drop = share_lines(edges_of(asked, {}, {}), levels, unreplayed)
    for above, below in meeting:
        width = max(asked[above][1], asked[below][0])
        assert shares[above, 0].bottom + shares[below, 0].top == pytest.approx(width), (above, below)
    assert list(unreplayed) == []
    assert 0 < drop <= 0.6, "the first page's heads give way: there the thick line stands alone"


def test_lines_that_no_shares_make_are_named() -> None:
    # A group's header may follow a detail or another header, and their lines differ in both ways.
    asked: Asked = {
        "header": (0, 0),
        "group:0": (0, 4),
        "group:1": (1, 0),
        "detail:0": (3, 1),
        "detail:1": (0, 0),
    }
    unreplayed = UnreplayedCss()
    share_lines(edges_of(asked, {}, {}), 2, unreplayed)
    assert {one.css for one in unreplayed} == {"border-collapse: collapse"}
