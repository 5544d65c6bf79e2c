"""What leads through a PDF: page labels, links and destinations of the pages around the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pikepdf
import pytest

from tests.integration.page_prints import STYLE, TABLE, Print, print_pdf, table

if TYPE_CHECKING:
    from pathlib import Path

AWAY = "https://example.org/a?b=c&d=(e)"
ROWS = "SELECT i AS n FROM range({rows}) t(i) ORDER BY i"
BODY = (
    "<section style='break-after: page'>"
    "<a href='#two'>two</a> <a href='#notes'>n</a> <a href='#rows'>r</a></section>"
    f"<section id=two style='break-after: page'><a href='{AWAY}'>away</a></section>"
    f"<h2 id=rows>Rows</h2><p><a href='#two'>up</a> <a href='{AWAY}'>away</a></p>"
    f"{TABLE}<h1 id=notes>Notes</h1><p style='break-before: page'><a href='#notes'>back</a></p>"
)


@pytest.fixture(scope="module", params=[1, 900])
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Print:
    """A table of one page, and of many, between pages with links."""
    sql = ROWS.format(rows=request.param)
    return print_pdf(tmp_path_factory.mktemp("links") / "r", table("field: n"), sql, body=BODY)


def test_every_page_is_labelled_with_the_number_that_it_prints(printed: Print) -> None:
    with pikepdf.open(printed.path) as pdf:
        labels = [page.label for page in pdf.pages]
    assert labels == [str(number) for number in range(1, printed.written.pages + 1)]
    assert all(f"Page {label} of" in text for label, text in zip(labels, printed.texts, strict=True))


def test_links_lead_to_their_pages_whatever_the_table_takes(printed: Print) -> None:
    pages = printed.written.pages
    assert links(printed.path) == [
        (1, 2),
        (1, pages - 1),
        (1, 3),
        (2, AWAY),
        (3, 2),
        (3, AWAY),
        (pages, pages - 1),
    ]


def test_links_in_running_heads_are_on_every_page(tmp_path: Path) -> None:
    style = STYLE + "@page { @top-left { content: element(head) } } .head { position: running(head) }"
    body = f"<div class=head><a href='{AWAY}'>away</a></div>{TABLE}"
    made = print_pdf(tmp_path / "r", table("field: n"), ROWS.format(rows=200), style=style, body=body)
    assert made.written.pages > 3
    assert links(made.path) == [(page, AWAY) for page in range(1, made.written.pages + 1)]
    with pikepdf.open(made.path) as pdf:
        shared = [link for page in pdf.pages for link in page.Annots if link.is_indirect]
    assert not shared, "ISO 32000-2 §12.5.2: an annotation belongs to one page"


def test_a_heading_above_the_table_is_in_the_outline_before_the_groups(tmp_path: Path) -> None:
    definition = table("field: n", groups="  - {field: g, bookmark: true}\n")
    sql = "SELECT i AS n, 'group ' || i // 100 AS g FROM range(200) t(i) ORDER BY i"
    body = f"<h1 style='break-after: page'>Cover</h1><h1>Ledger</h1><h2>Rows</h2>{TABLE}<h1>Notes</h1>"
    made = print_pdf(tmp_path / "r", definition, sql, body=body)
    second = next(page for page, text in enumerate(made.texts, 1) if "group 1" in text)
    assert made.outline() == [
        (0, "Cover", 1),
        (0, "Ledger", 2),
        (1, "Rows", 2),
        (0, "group 0", 2),
        (0, "group 1", second),
        (0, "Notes", made.written.pages),
    ]


def links(path: Path) -> list[tuple[int, int | str]]:
    """Each link: the page that it is on, and the page or address that it leads to."""
    found: list[tuple[int, int | str]] = []
    with pikepdf.open(path) as pdf:
        names = pdf.Root.Names.Dests.Names if "/Names" in pdf.Root else []
        dests = {str(names[i]): names[i + 1] for i in range(0, len(names), 2)}
        numbers = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
        for number, page in enumerate(pdf.pages, 1):
            for link in page.get("/Annots", []):
                if "/A" in link:
                    found.append((number, str(link.A.URI)))
                else:
                    found.append((number, numbers[dests[str(link.Dest)][0].objgen]))
    return found


def test_a_link_stands_on_its_words(printed: Print) -> None:
    with pikepdf.open(printed.path) as pdf:
        left, top, right, bottom = (float(edge) for edge in pdf.pages[0].Annots[0].Rect)
        width, height = (float(edge) for edge in pdf.pages[0].MediaBox[2:])
    assert (width, height) == (420, 300)
    assert pytest.approx(left) == 30
    assert max(top, bottom) == pytest.approx(260, abs=1)
    assert 10 < right - left < 30
