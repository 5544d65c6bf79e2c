"""Designs that differ: what the core draws from a plate looks as what WeasyPrint draws from the rows."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from pressroom.plates.proof import MOST_PIXELS, MOST_PT
from pressroom.plates.proof_pictures import draw_pictures
from tests.integration.page_designs import Design, Drawn
from tests.integration.page_exhibits import COLLAPSED, EXHIBITS, PLAIN, columns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("name", EXHIBITS)
def test_the_plate_draws_what_weasyprint_draws(tmp_path: Path, name: str) -> None:
    drawn = EXHIBITS[name].draw(tmp_path)
    assert list(drawn.design.unreplayed) == []
    verdict = drawn.verdict()
    assert verdict.differences == (), "\n".join(verdict.differences)
    assert verdict.passed
    assert verdict.offset <= MOST_PT
    assert max(verdict.pixels) <= MOST_PIXELS


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return EXHIBITS["ruled, separate borders"].draw(tmp_path_factory.mktemp("ruled"))


def shift_baseline(layout: dict[str, Any]) -> None:
    layout["bands"]["details"][1]["cells"][3]["baseline"] += 1.2


def move_right(layout: dict[str, Any]) -> None:
    layout["bands"]["details"][0]["cells"][3]["x"] += 1.2


def wrong_color(layout: dict[str, Any]) -> None:
    layout["bands"]["subtotals"][1][0]["cells"][-1]["style"]["color"] = [200, 0, 0]


def missing_cell(layout: dict[str, Any]) -> None:
    del layout["bands"]["grand_total"][1]["cells"][-1]


def higher_rows(layout: dict[str, Any]) -> None:
    for band in layout["bands"]["details"]:
        band["height"] += 0.1


def no_zebra(layout: dict[str, Any]) -> None:
    for band in layout["bands"]["details"]:
        band["rects"] = [rect for rect in band["rects"] if rect["color"] != [238, 238, 255]]


def larger_type(layout: dict[str, Any]) -> None:
    for cell in layout["bands"]["header"]["cells"]:
        cell["style"]["size"] *= 1.1


def smaller_pages(layout: dict[str, Any]) -> None:
    for kind in ("first", "next"):
        layout[kind]["bottom"] -= 300


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (shift_baseline, r"page 1, column Amount, '[\d,.-]+'.*: 1\.2 pt too low"),
        (move_right, r"page 1, column Amount, '[\d,.-]+'.*: 1\.2 pt too far right"),
        (wrong_color, r"column Amount, '[\d,.-]+'.*: printed in #c80000 instead of #000000"),
        (missing_cell, r"page 4, column Amount, '[\d,.-]+'.*: only WeasyPrint prints it"),
        (higher_rows, r"pt too low"),
        (no_zebra, r"page 1: [\d.]+% of the pixels differ, 0\.50% may"),
        (larger_type, r"page 1, column Article, 'Article'.*: [\d.]+ pt too far right"),
        (smaller_pages, r"WeasyPrint needs 4 pages, the plate \d+"),
    ],
)
def test_a_plate_that_was_tampered_with_fails(
    ruled: Drawn, damage: Callable[[dict[str, Any]], None], says: str
) -> None:
    layout = json.loads(ruled.design.stored_plate().layout)
    damage(layout)
    verdict = ruled.drawn_from(json.dumps(layout)).verdict()
    assert not verdict.passed
    assert any(re.search(says, difference) for difference in verdict.differences), verdict.differences


@pytest.mark.parametrize(
    ("style", "css"),
    [
        (
            "@page { @top-left { content: string(article) } }"
            ".detail td.col-article { string-set: article content() }",
            "string-set: article",
        ),
        (
            "tr:nth-child(even) td { background: #eeeeff }",
            "a style that depends on a row's place (:nth-child(), + or ~)",
        ),
        (".group .name { font-variant-caps: small-caps }", "font-variant-caps: small-caps"),
        (COLLAPSED + "th { border-bottom: 6pt solid black }", "border-collapse: collapse"),
        (
            COLLAPSED + "td { border-top: 1px solid #cccccc } thead { border-bottom: 2px solid #333333 }",
            "border-collapse: collapse",
        ),
    ],
)
def test_what_a_plate_draws_otherwise_is_named_before_a_proof_is_needed(
    tmp_path: Path, style: str, css: str
) -> None:
    drawn = Design(PLAIN + style).draw(tmp_path)
    assert css in {one.css for one in drawn.design.unreplayed}


def test_columns_of_a_proof_are_the_plates(tmp_path: Path) -> None:
    """The longest name is not the widest one: WeasyPrint alone would make its column wider."""
    words = columns("field: n", "field: name, total: count")
    rows = (
        "SELECT i AS n, CASE WHEN i < 60 THEN 'illicit illicit illicit ' || i ELSE 'MWMWMWMWMWMWMWMWMWMW' END"
        " AS name FROM range(70) t(i)"
    )
    style = PLAIN + "table.rows { width: auto } td { white-space: nowrap }"
    drawn = Design(style, definition=words, rows=rows).draw(tmp_path, own_columns=False)
    assert drawn.verdict().passed


def test_pictures_show_both_drawings_and_mark_what_differs(ruled: Drawn) -> None:
    layout = json.loads(ruled.design.stored_plate().layout)
    no_zebra(layout)
    folder = ruled.drawn_from(json.dumps(layout)).folder
    assert draw_pictures(folder) == 4
    with Image.open(folder / "page-1.png") as picture:
        third = picture.width * 2 // 3
        colors = [{color for _, color in part.getcolors(1 << 24) or ()} for part in _halves(picture, third)]
    assert (255, 0, 0) not in colors[0]
    assert (255, 0, 0) in colors[1]


def _halves(picture: Image.Image, x: int) -> tuple[Image.Image, Image.Image]:
    height = picture.height
    return picture.crop((0, 0, x, height)), picture.crop((x, 0, picture.width, height))
