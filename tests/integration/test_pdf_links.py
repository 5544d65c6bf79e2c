"""What leads through a PDF: page labels, links and destinations of the pages around the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pikepdf
import pytest

from tests.integration.page_prints import TABLE, Print, print_pdf, table

if TYPE_CHECKING:
    pass

AWAY = "https://example.org/a?b=c&d=(e)"
BODY = (
    "<section style='break-after: page'><a href='#two'>two</a></section>"
    f"<section id=two style='break-after: page'><a href='{AWAY}'>away</a></section>"
    f"{TABLE}<h1 id=notes>Notes</h1><p style='break-before: page'><a href='#notes'>back</a></p>"
)


@pytest.fixture(scope="module", params=[1, 900])
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Print:
    """A table of one page, and of many, between pages with links."""
    sql = f"SELECT i AS n FROM range({request.param}) t(i) ORDER BY i"
    return print_pdf(tmp_path_factory.mktemp("links") / "r", table("field: n"), sql, body=BODY)


def test_every_page_is_labelled_with_the_number_that_it_prints(printed: Print) -> None:
    with pikepdf.open(printed.path) as pdf:
        labels = [page.label for page in pdf.pages]
    assert labels == [str(number) for number in range(1, printed.written.pages + 1)]
    assert all(f"Page {label} of" in text for label, text in zip(labels, printed.texts, strict=True))


def test_links_lead_to_their_pages_whatever_the_table_takes(printed: Print) -> None:
    pages = printed.written.pages
    found = []
    with pikepdf.open(printed.path) as pdf:
        names = pdf.Root.Names.Dests.Names
        dests = {str(names[i]): names[i + 1] for i in range(0, len(names), 2)}
        numbers = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
        for number, page in enumerate(pdf.pages, 1):
            for link in page.get("/Annots", []):
                if "/A" in link:
                    found.append((number, str(link.A.URI)))
                else:
                    found.append((number, numbers[dests[str(link.Dest)][0].objgen]))
    assert found == [(1, 2), (2, AWAY), (pages, pages - 1)]


def test_a_link_stands_on_its_words(printed: Print) -> None:
    with pikepdf.open(printed.path) as pdf:
        left, top, right, bottom = (float(edge) for edge in pdf.pages[0].Annots[0].Rect)
        width, height = (float(edge) for edge in pdf.pages[0].MediaBox[2:])
    assert (width, height) == (420, 300)
    assert pytest.approx(left) == 30
    assert max(top, bottom) == pytest.approx(260, abs=1)
    assert 10 < right - left < 30
