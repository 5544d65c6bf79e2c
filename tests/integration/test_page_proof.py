"""Designs that differ: what the core draws from a plate looks as what WeasyPrint draws from the rows."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from pressroom.plates.proof import MOST_PIXELS, MOST_PT
from tests.integration.page_designs import DEFINITION, GROUPS, ROWS, Design

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLAIN = """
@page { size: A4; margin: 20mm 15mm }
body { margin: 0; font: 9pt "DejaVu Sans" }
table.rows th, table.rows td { padding: 2pt 4pt }
"""
RULED = """
.header th { border-bottom: 1.5pt solid #223344; background: #dde6ee }
.detail td { border-bottom: .5pt solid #cccccc }
.subtotal td { border-top: 1pt solid #223344; font-weight: bold }
.total td { background: #223344; color: white; border-bottom: 3pt solid orange }
"""
COLLAPSED = "table.rows { border-collapse: collapse }"
ZEBRA = ".detail.even td { background: #eeeeff }"
HEADS = """
@page {
  @top-left { content: "Sales, " string(region) }
  @top-right { content: url("logo.svg") }
  @bottom-right { content: "Page " counter(page) " of " counter(pages) }
}
.group.level-0 .key .value { string-set: region content() }
"""
BREAKING = GROUPS.replace("label: Region", "label: Region, page_break: true")
LOGO = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='20'><rect width='60' height='20' fill='teal'/>"
    "<circle cx='10' cy='10' r='8' fill='gold'/></svg>"
)
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAA"
    "BJRU5ErkJggg=="
)
ABOVE = "<h1>Sales</h1><p>What was sold, where, and for how much. Figures in kroner.</p>{{ table() }}<h2>Notes</h2>"


def lines(*columns: str, more: str = "") -> str:
    return (
        "name: proof\ntitle: Sales\ndata: {sql: SELECT * FROM dataset}\ncolumns:\n"
        + "".join(f"  - {{{column}}}\n" for column in columns)
        + more
    )


SCRIPTS = """
SELECT i AS n, [{texts}][1 + i % {count}] AS text, (i * 37 % 1000)::INT AS value FROM range(70) t(i) ORDER BY n
"""


def scripts(*texts: str) -> dict[str, Any]:
    quoted = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
    return {
        "definition": lines("field: n", "field: text", "field: value, total: sum"),
        "rows": SCRIPTS.format(texts=quoted, count=len(texts)),
    }


DESIGNS: dict[str, Design] = {
    "plain": Design(PLAIN),
    "ruled, separate borders": Design(PLAIN + RULED + ZEBRA),
    "border spacing": Design(
        PLAIN + ZEBRA + "table.rows { border-spacing: 3pt 2pt } td, th { border: .75pt solid #889 }"
    ),
    "ruled, collapsed borders": Design(PLAIN + RULED + ZEBRA + COLLAPSED),
    "a grid of collapsed borders": Design(
        PLAIN + COLLAPSED + "table.rows th, table.rows td { border: 1pt solid #556677 }"
    ),
    "wrapped cells": Design(
        PLAIN + RULED + "table.rows { table-layout: fixed } col.col-article { width: 80pt }"
    ),
    "wrapped cells, collapsed": Design(
        PLAIN
        + RULED
        + ZEBRA
        + COLLAPSED
        + "table.rows { table-layout: fixed } col.col-article { width: 80pt }"
    ),
    "cells in the middle": Design(
        PLAIN
        + RULED
        + ".col-article { width: 70pt } .detail td { vertical-align: middle } .detail td.col-day { vertical-align: bottom }"
        ".detail td.col-pieces { vertical-align: top } table.rows { table-layout: fixed }"
    ),
    "nowrap, narrow and centred": Design(
        PLAIN
        + "table.rows { width: auto } table.rows td { white-space: nowrap } table.rows .col-pieces { text-align: center }"
        ".col-article { text-align: right } th { text-align: center }"
    ),
    "alignment of report.yaml": Design(
        PLAIN + ZEBRA,
        definition=lines(
            "field: day, format: yyyy-mm-dd, align: right",
            "field: article, align: center",
            'field: pieces, format: "#,##0", align: left, total: sum',
            'field: amount, format: "#,##0.00", align: right, total: sum',
            more=GROUPS,
        ),
    ),
    "three levels, landscape": Design(
        PLAIN.replace("A4", "A4 landscape")
        + RULED
        + ".group td { font-weight: bold } .group.level-1 td { padding-left: 12pt; color: #446 }"
        ".group.level-2 .key { padding-left: 24pt; font-style: italic } .level-0 { background: #ffe }",
        definition=DEFINITION
        + "groups:\n  - {field: region, page_break: true, bookmark: true}\n  - {field: shop, bookmark: true}\n"
        "  - {field: article, label: Article}\n",
        rows=ROWS.replace("shop, day", "shop, article, day"),
    ),
    "A3 with a large type": Design(
        PLAIN.replace("size: A4", "size: A3").replace("9pt", "14pt")
        + RULED
        + ".detail td { padding: 6pt 8pt }"
    ),
    "serif": Design(
        PLAIN.replace('"DejaVu Sans"', '"Noto Serif"') + RULED + ".total td { font-style: italic }"
    ),
    "condensed": Design(PLAIN + RULED + 'table.rows { font: 8.5pt "DejaVu Sans Condensed" }'),
    "Inter with features": Design(
        PLAIN.replace('"DejaVu Sans"', "Inter")
        + RULED
        + 'table.rows { font-feature-settings: "tnum", "ss01", "zero" }'
    ),
    "letter spacing": Design(
        PLAIN
        + RULED
        + ".header th { letter-spacing: .08em } .detail td { letter-spacing: .3pt } .group { letter-spacing: 1pt }"
    ),
    "names in a colour of their own": Design(PLAIN + ".group .name { color: #667; font-style: italic }"),
    "Chinese and Japanese": Design(
        PLAIN.replace('"DejaVu Sans"', '"WenQuanYi Micro Hei"') + "th, .total td { font-weight: normal }",
        **scripts("东京の売上", "北京", "销售报告 2024", "価格は 1,200 円", "Mixed 中文 text"),
    ),
    "scripts that a font lacks": Design(
        PLAIN + "table.rows { line-height: 1.5 }",
        **scripts(
            "Zürich", "Ἀθῆναι", "Москва", "東京", "हिन्दी", "ไทย", "→ 100 €", "ﬁnance", "Łódź", "naïve café"
        ),
    ),
    "Arabic and Hebrew": Design(
        PLAIN
        + ".col-text { font-family: 'Noto Sans', 'Noto Sans Arabic', 'Noto Sans Hebrew'; line-height: 1.6 }",
        **scripts(
            "مرحبا بالعالم", "שלום עולם", "السعر 1,200 دينار", "abc שלום def", "مبيعات (2024)", "plain"
        ),
    ),
    "long words": Design(
        PLAIN
        + "table.rows { table-layout: fixed } col.col-text { width: 90pt } td { overflow-wrap: anywhere }",
        **scripts(
            "Rindfleischetikettierungsüberwachungsaufgabenübertragung",
            "a-b-c d/e/f g",
            "https://example.org/some/long/path?x=1&y=2",
            "short",
        ),
    ),
    "empty cells": Design(
        PLAIN + RULED + "td { border: .5pt solid #99a }",
        definition=lines(
            "field: a", "field: b, total: count", "field: c, total: [sum, max]", 'field: d, format: "0.0%"'
        ),
        rows="SELECT NULL::VARCHAR AS a, CASE WHEN i % 2 = 0 THEN 'x' END AS b, CASE WHEN i % 3 = 0 THEN i END AS c,"
        " NULL::DOUBLE AS d FROM range(90) t(i)",
    ),
    "running heads, a picture, page X of Y": Design(PLAIN + RULED + HEADS, definition=DEFINITION + BREAKING),
    "starts in the middle of a page": Design(PLAIN + RULED + ZEBRA + HEADS, ABOVE, DEFINITION + BREAKING),
    "colours of number formats": Design(
        PLAIN + ZEBRA,
        definition=lines(
            'field: n, format: "0;0"',
            'field: v, format: "#,##0.00;[Red]-#,##0.00;[Blue]\\"none\\"", total: [sum, min]',
            'field: w, format: "[Color 10][>=50]0.0;[Magenta][<10]0.0;0.0", total: avg',
        ),
        rows="SELECT i AS n, ((i - 20) * 12.5)::DECIMAL(12, 2) AS v, (i * 7 % 90)::DOUBLE AS w FROM range(60) t(i)",
    ),
    "one column": Design(
        PLAIN, definition=lines("field: n, total: sum"), rows="SELECT i AS n FROM range(70) t(i)"
    ),
    "no rows": Design(PLAIN + RULED, rows=ROWS.replace("ORDER BY", "WHERE false ORDER BY")),
    "the table has a frame and a ground": Design(
        PLAIN
        + "table.rows { background: #fdf6e3; border-left: 2pt solid #b58900; border-right: 2pt solid #b58900 }"
        " html { background: #f4f4f4 } .detail td { background: rgba(0, 80, 160, .1) }"
    ),
    "generated content": Design(
        PLAIN
        + ".detail td.col-amount::after { content: ' kr' } .detail td.col-article::before { content: '» ' }"
    ),
    "running sums": Design(
        PLAIN + RULED,
        definition=lines(
            'field: day, format: "d mmm yyyy"',
            'field: amount, format: "#,##0.00", total: sum, running: shop',
            more=GROUPS,
        ),
    ),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_the_plate_draws_what_weasyprint_draws(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / "logo.svg").write_text(LOGO)
    drawn = DESIGNS[name].draw(folder)
    verdict = drawn.verdict()
    if "SHOW_PROOF" in os.environ:
        with open(os.environ["SHOW_PROOF"], "a") as f:
            print(
                f"{name} | {verdict.pages} | {verdict.offset:.3f} | {100 * max(verdict.pixels):.2f} | {verdict.missing + verdict.extra} | {[str(x) for x in drawn.design.unreplayed]} {drawn.design.warnings}",
                file=f,
            )
    assert list(drawn.design.unreplayed) == []
    assert verdict.differences == (), "\n".join(verdict.differences)
    assert verdict.offset <= MOST_PT
    assert max(verdict.pixels) <= MOST_PIXELS
