"""Groups over pages: their headers, subtotals, bookmarks, page breaks and running heads."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.integration.page_prints import STYLE, TABLE, Print, print_pdf, table

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("field: n, label: Nr", "field: v, label: Value, total: sum")
GROUP = "  - {field: g, label: Area, bookmark: true}\n"
BREAKS = GROUP.replace("bookmark", "page_break: true, bookmark")
HEADS = """
@page { @top-left { content: "Open: " string(area) } }
.group.level-0 .key .value { string-set: area content() }
"""
SIZES = (1, 1, 40, 11, 12, 13, 14, 15, 16, 2, 90, 3, 1)
"""Rows of the groups; a page has 15 lines below its heads."""


def grouped(sizes: tuple[int, ...] | range) -> str:
    """Rows numbered from 0 in groups `g0000` ... of these sizes."""
    counted = ", ".join(map(str, sizes))
    return f"""
    SELECT (row_number() OVER (ORDER BY g, j) - 1)::INT AS n, n AS v, 'g' || lpad(g::VARCHAR, 4, '0') AS g
    FROM (SELECT unnest(range({len(sizes)})) AS g, unnest([{counted}]) AS size), range(1000) t(j)
    WHERE j < size ORDER BY g, j
    """


def bands(page: str) -> list[tuple[str, str]]:
    """Kind and name of each band of a page, in order."""
    kinds = {
        "header": r" *(Nr) +Value",
        "group": r" *Area (g\d+) +[\d,]+ rows",
        "detail": r" *(\d+) +\d+",
        "subtotal": r" *Total (g\d+) +\d+",
        "total": r" *Total (all) rows +\d+",
        "counter": r" *Page (\d+) of \d+",
        "head": r" *Open: (\S*)",
    }
    found = []
    for line in page.splitlines():
        if line.strip():
            matches = [(k, m[1]) for k, pattern in kinds.items() if (m := re.fullmatch(pattern, line))]
            assert len(matches) == 1, line
            found += matches
    return found


@pytest.fixture(scope="module", params=[GROUP, BREAKS], ids=["flowing", "page_break"])
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Print:
    """Groups of many sizes, some higher than a page."""
    folder = tmp_path_factory.mktemp("groups")
    return print_pdf(folder / "r", table(*COLUMNS, groups=request.param), grouped(SIZES), style=STYLE + HEADS)


def test_every_band_is_printed_once_and_in_order(printed: Print) -> None:
    expected, row = [], 0
    for number, size in enumerate(SIZES):
        expected.append(("group", f"g{number:04}"))
        expected += [("detail", str(row + j)) for j in range(size)]
        expected.append(("subtotal", f"g{number:04}"))
        row += size
    furniture = ("header", "counter", "head")
    assert [b for page in printed.texts for b in bands(page) if b[0] not in furniture] == [
        *expected,
        ("total", "all"),
    ]


def test_every_page_has_its_column_heads_once_and_above_its_rows(printed: Print) -> None:
    for number, page in enumerate(printed.texts, 1):
        kinds = [kind for kind, _ in bands(page)]
        assert (kinds[:2], kinds[-1]) == (["head", "header"], "counter")
        assert (kinds.count("header"), bands(page)[-1]) == (1, ("counter", str(number)))


def test_a_group_header_is_kept_with_its_first_row(printed: Print) -> None:
    for page in printed.texts:
        for (kind, _), (following, _) in pairwise(bands(page)):
            assert kind != "group" or following == "detail"


def test_a_subtotal_never_stands_alone_on_a_page(printed: Print) -> None:
    for page in printed.texts:
        for (kind, _), (following, _) in pairwise(bands(page)):
            assert following not in ("subtotal", "total") or kind in ("detail", "subtotal")


def test_bookmarks_are_the_groups_on_the_pages_of_their_headers(printed: Print) -> None:
    where = {
        name: n for n, page in enumerate(printed.texts, 1) for kind, name in bands(page) if kind == "group"
    }
    assert printed.outline() == [(0, f"g{number:04}", where[f"g{number:04}"]) for number in range(len(SIZES))]


def test_the_running_head_says_the_first_group_that_starts_on_its_page(printed: Print) -> None:
    open_group = ""
    for page in printed.texts:
        found = bands(page)
        started = [name for kind, name in found if kind == "group"]
        assert found[0] == ("head", started[0] if started else open_group)
        open_group = started[-1] if started else open_group


def test_groups_with_page_breaks_start_pages(tmp_path: Path) -> None:
    made = print_pdf(tmp_path / "r", table(*COLUMNS, groups=BREAKS), grouped(SIZES))
    for page in made.texts:
        kinds = [kind for kind, _ in bands(page)]
        assert "group" not in kinds[2:]
    starts = [name for page in made.texts for kind, name in bands(page)[1:2] if kind == "group"]
    assert starts == [f"g{number:04}" for number in range(len(SIZES))]


def test_the_open_group_goes_on_in_the_heads_of_the_pages_after_the_table(tmp_path: Path) -> None:
    body = f"<h1 style='break-after: page'>Cover</h1>{TABLE}<h1>Notes</h1>"
    made = print_pdf(
        tmp_path / "r", table(*COLUMNS, groups=BREAKS), grouped((3, 30)), style=STYLE + HEADS, body=body
    )
    heads = [page.split()[:2] for page in made.texts]
    assert heads[0][:1] == ["Open:"]
    assert heads[1:] == [["Open:", "g0000"], *[["Open:", "g0001"]] * (len(heads) - 2)]
    assert made.outline() == [(0, "Cover", 1), (0, "g0000", 2), (0, "g0001", 3), (0, "Notes", len(heads))]


def test_a_group_over_hundreds_of_pages_is_one_group(tmp_path: Path) -> None:
    sql = "SELECT i AS n, i AS v, 'g0000' AS g FROM range(6000) t(i) ORDER BY i"
    made = print_pdf(tmp_path / "r", table(*COLUMNS, groups=BREAKS), sql, style=STYLE + HEADS)
    assert made.written.pages > 300
    found = [bands(page) for page in made.texts]
    assert {page[0] for page in found} == {("head", "g0000")}
    assert [b for page in found for b in page if b[0] == "group"] == [("group", "g0000")]
    assert [int(name) for page in found for kind, name in page if kind == "detail"] == list(range(6000))
    assert found[-1][-3:-1] == [("subtotal", "g0000"), ("total", "all")]
    assert made.outline() == [(0, "g0000", 1)]


def test_pages_and_bookmarks_grow_in_proportion_to_groups_of_one_row(tmp_path: Path) -> None:
    figures = []
    for groups in (5_000, 20_000):
        key = "'g' || lpad(i::VARCHAR, 5, '0')"
        sql = f"SELECT i AS n, i AS v, {key} AS g FROM range({groups}) t(i) ORDER BY i"
        made = print_pdf(tmp_path / str(groups), table(*COLUMNS, groups=GROUP), sql)
        marks = made.outline()
        assert [title for _, title, _ in marks] == [f"g{i:05}" for i in range(groups)]
        per_page = made.texts[1].count("Total g")
        # The last group is kept with the grand total.
        assert [page for _, _, page in marks][:-1] == [1 + i // per_page for i in range(groups - 1)]
        assert marks[-1][2] == made.written.pages
        figures.append((made.written.pages, made.written.bytes))
    (pages, size), (more_pages, more_size) = figures
    assert more_pages == pytest.approx(4 * pages, rel=0.001)
    assert more_size == pytest.approx(4 * size, rel=0.1)


def test_groups_of_ten_levels_nest_in_bands_and_bookmarks(tmp_path: Path) -> None:
    levels = "".join(f"  - {{field: g{level}, label: L{level}, bookmark: true}}\n" for level in range(10))
    keys = ", ".join(f"'k{level}-' || (i // {2 ** (9 - level)})::VARCHAR AS g{level}" for level in range(10))
    style = STYLE.replace("300pt", "420pt")
    sql = f"SELECT i AS n, i AS v, {keys} FROM range(512) t(i) ORDER BY i"
    made = print_pdf(tmp_path / "r", table(*COLUMNS, groups=levels), sql, style=style)
    headers = [
        (int(m[1]), m[2], page)
        for page, text in enumerate(made.texts, 1)
        for m in re.finditer(r"^L(\d) +(\S+) .*rows$", text, re.MULTILINE)
    ]
    expected = [
        (level, f"k{level}-{row // 2 ** (9 - level)}")
        for row in range(512)
        for level in range(10)
        if row % 2 ** (9 - level) == 0
    ]
    assert [header[:2] for header in headers] == expected
    assert made.outline() == headers
    totals = re.findall(r"^Total k(\d)-(\d+) +(\d+)$", "\n".join(made.texts), re.MULTILINE)
    assert len(totals) == len(expected)
    for level, key, total in totals:
        size = 2 ** (9 - int(level))
        assert int(total) == sum(range(int(key) * size, (int(key) + 1) * size))


def test_ten_group_headers_stay_with_their_row_where_they_do_not_fit_below_others(tmp_path: Path) -> None:
    levels = "".join(f"  - {{field: g{level}, label: L{level}, subtotals: false}}\n" for level in range(10))
    keys = ", ".join(f"'k' || (i // 3) AS g{level}" for level in range(10))
    sql = f"SELECT i AS n, i AS v, {keys} FROM range(90) t(i) ORDER BY i"
    made = print_pdf(tmp_path / "r", table(*COLUMNS, groups=levels), sql)
    for page in made.texts:
        lines = [line.split() for line in page.splitlines() if line.strip()]
        for above, below in pairwise(lines):
            if above[0] in (f"L{level}" for level in range(9)):
                assert below[0] == f"L{int(above[0][1]) + 1}"
            elif above[0] == "L9":
                assert below[0].isdigit()


@pytest.mark.parametrize("text", ["", " || ' ' || repeat('word ', 150)"], ids=["low rows", "rows over pages"])
@pytest.mark.parametrize("height", [150, 170, 190, 200, 210, 230])
def test_the_innermost_header_stays_with_its_row_where_all_of_them_are_higher_than_a_page(
    tmp_path: Path, height: int, text: str
) -> None:
    levels = "".join(f"  - {{field: g{level}, label: L{level}}}\n" for level in range(10))
    keys = ", ".join(f"'k' || i AS g{level}" for level in range(10))
    sql = f"SELECT i AS n, 'text' || i{text} AS t, i AS v, {keys} FROM range(3) t(i) ORDER BY i"
    style = STYLE.replace("300pt", f"{height}pt")
    columns = ("field: t", "field: n, label: Nr", "field: v, total: sum")
    made = print_pdf(tmp_path / "r", table(*columns, groups=levels), sql, style=style)
    headers = [m[1] for m in re.finditer(r"^ *(L\d k\d) ", "\n".join(made.texts), re.MULTILINE)]
    assert headers == [f"L{level} k{row}" for row in range(3) for level in range(10)]
    for page in made.texts:
        lines = [line.strip() for line in page.splitlines() if line.strip()][:-1]
        assert not lines[-1].startswith("L9"), page
        for above, below in pairwise(lines):
            assert not above.startswith("L9") or re.match(r"text\d", below), page


def test_a_group_without_a_key_is_a_group_like_any_other(tmp_path: Path) -> None:
    sql = (
        "SELECT i AS n, i AS v, CASE WHEN i < 3 THEN NULL ELSE 'g0001' END AS g FROM range(6) t(i) ORDER BY i"
    )
    made = print_pdf(tmp_path / "r", table(*COLUMNS, groups=GROUP), sql)
    assert len(made.outline()) == 2
    assert len(re.findall(r"Area .*3 rows", made.texts[0])) == 2
