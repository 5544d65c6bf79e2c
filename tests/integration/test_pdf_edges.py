"""Reports at their edges: few rows, high rows, many columns, long words, pages around the table."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pikepdf
import pytest

from pressroom.errors import TemplateFailed
from tests.integration.page_prints import STYLE, TABLE, Print, page_texts, print_pdf, table

if TYPE_CHECKING:
    from pathlib import Path

N = "field: n, label: Nr"
T = "field: t, label: Text"
ROWS = "SELECT i AS n FROM range(5) t(i) ORDER BY i"
WORDS = """
SELECT i AS n, CASE WHEN i = 1 THEN (SELECT string_agg('w' || j, ' ' ORDER BY j) FROM range({words}) s(j))
  ELSE 'short' || i END AS t
FROM range(3) t(i) ORDER BY i
"""
ROW_HEADS = re.compile(r"\s*Nr +Text")


def counters(made: Print) -> list[tuple[int, int]]:
    """What each page says of itself."""
    found = [re.findall(r"Page (\d+) of (\d+)", page) for page in made.texts]
    assert all(len(one) == 1 for one in found), found
    return [(int(one[0][0]), int(one[0][1])) for one in found]


def right_counters(made: Print) -> list[tuple[int, int]]:
    return [(number, made.written.pages) for number in range(1, made.written.pages + 1)]


@pytest.mark.parametrize("rows", [0, 1])
def test_a_report_of_hardly_any_rows_has_heads_totals_and_page_1_of_1(tmp_path: Path, rows: int) -> None:
    columns = (N, 'field: v, label: Value, format: "0.00", total: [sum, count]')
    sql = f"SELECT i AS n, i + 7.5 AS v, 'only' AS g FROM range({rows}) t(i)"
    made = print_pdf(tmp_path / "r", table(*columns, groups="  - {field: g, label: Area}\n"), sql)
    assert (made.written.pages, made.written.rows, made.warnings) == (1, rows, ())
    assert re.search(r"Nr +Value", made.texts[0])
    assert counters(made) == [(1, 1)]
    assert made.words.count("only") == 3 * rows, "the group's header and its two totals"
    assert made.words.count("7.50") == 3 * rows, "the row, its group's sum and the sum of all"


def test_no_rows_between_pages_of_their_own_are_one_page(tmp_path: Path) -> None:
    body = f"<h1 style='break-after: page'>Cover</h1>{TABLE}<h1>Notes</h1>"
    made = print_pdf(tmp_path / "r", table(N), "SELECT 1 AS n WHERE false", body=body)
    assert counters(made) == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("words", [900, 4_000])
def test_a_row_higher_than_a_page_goes_on_with_its_text_complete(tmp_path: Path, words: int) -> None:
    made = print_pdf(tmp_path / "r", table(N, T), WORDS.format(words=words))
    assert made.written.pages > words // 250
    assert [word for word in made.words if word[0] == "w"] == [f"w{j}" for j in range(words)]
    assert [word for word in made.words if word.startswith("short")] == ["short0", "short2"]
    assert all(ROW_HEADS.match(page) for page in made.texts), "column heads on every page it goes on"
    assert counters(made) == right_counters(made)


def test_high_rows_of_several_columns_go_on_side_by_side(tmp_path: Path) -> None:
    sql = f"SELECT n, t, replace(t, 'w', 'x') AS u FROM ({WORDS.format(words=600)}) ORDER BY n"
    style = STYLE + "table.rows { table-layout: fixed } col.col-n { width: 30pt }"
    made = print_pdf(tmp_path / "r", table(N, T, "field: u"), sql, style=style)
    for letter in "wx":
        said = [word for word in made.words if re.fullmatch(rf"{letter}\d+", word)]
        assert sorted(said, key=lambda word: int(word[1:])) == [f"{letter}{j}" for j in range(600)]


def test_rows_of_every_height_are_complete(tmp_path: Path) -> None:
    sql = """
    SELECT i AS n, (SELECT string_agg('w' || i || 'x' || j, ' ' ORDER BY j) FROM range(i * 7 % 160) s(j)) AS t
    FROM range(200) t(i) ORDER BY i
    """
    made = print_pdf(tmp_path / "r", table(N, T), sql)
    expected = [f"w{i}x{j}" for i in range(200) for j in range(i * 7 % 160)]
    assert [word for word in made.words if word[0] == "w"] == expected
    assert counters(made) == right_counters(made)


def test_one_column_is_a_table(tmp_path: Path) -> None:
    made = print_pdf(tmp_path / "r", table(N), "SELECT i AS n FROM range(500) t(i) ORDER BY i")
    words = [
        word
        for page in made.texts
        for line in page.splitlines()
        for word in line.split()
        if "Page" not in line
    ]
    assert [word for word in words if word != "Nr"] == [str(i) for i in range(500)]
    assert words.count("Nr") == made.written.pages


def test_a_hundred_columns_on_wide_paper_are_all_there(tmp_path: Path) -> None:
    columns = [f"field: c{i:02}, total: sum" for i in range(100)]
    values = ", ".join(f"i * 100 + {i} AS c{i:02}" for i in range(100))
    style = STYLE.replace("420pt", "5000pt")
    made = print_pdf(
        tmp_path / "r", table(*columns), f"SELECT {values} FROM range(40) t(i) ORDER BY i", style=style
    )
    lines = [line.split() for page in made.texts for line in page.splitlines() if len(line.split()) == 100]
    rows = [[int(word) for word in line] for line in lines if line[0].isdigit()]
    assert rows[:40] == [[row * 100 + column for column in range(100)] for row in range(40)]
    for page in boxes(made):
        assert max(right for _, right in page) < 5000 - 29


def boxes(made: Print) -> list[list[tuple[float, float]]]:
    """Left and right edges of the words of each page, pt."""
    pages = "".join(page_texts(made.path, "-bbox")).split("<page ")[1:]
    edge = re.compile(r'xMin="([\d.]+)".*?xMax="([\d.]+)"')
    return [[(float(a), float(b)) for a, b in edge.findall(page)] for page in pages]


@pytest.mark.parametrize("style", ["", "table.rows { table-layout: fixed } col.col-n { width: 40pt }"])
def test_words_of_200_characters_are_broken_inside_the_page(tmp_path: Path, style: str) -> None:
    word = "".join(f"{i:03}xyz9" for i in range(29))[:200]
    sql = f"SELECT i AS n, '{word}' || i AS t FROM range(40) t(i) ORDER BY i"
    style = STYLE + style + "table.rows td { overflow-wrap: anywhere }"
    made = print_pdf(tmp_path / "r", table(N, T), sql, style=style)
    said = "".join(
        re.sub(r"^ *\d+ {2,}", " ", line).rstrip() for page in made.texts for line in page.splitlines()
    )
    said = re.sub(r"Page \d+ of \d+|Nr +Text| +", "", said)
    assert said == "".join(f"{word}{i}" for i in range(40))
    for page in boxes(made):
        assert all(left > 29 and right < 391 for left, right in page)


AROUND = (
    "<section style='break-after: page'>Cover</section><section style='break-after: page'>Second</section>"
    f"<p>Above</p>{TABLE}<h1>Notes</h1><p style='break-before: page'>Last</p>"
)


@pytest.mark.parametrize("rows", [1, 16, 17, 1500])
def test_every_page_says_its_number_and_how_many_there_are(tmp_path: Path, rows: int) -> None:
    made = print_pdf(
        tmp_path / "r", table(N), f"SELECT i AS n FROM range({rows}) t(i) ORDER BY i", body=AROUND
    )
    assert counters(made) == right_counters(made)
    starts = [page.split()[0] for page in made.texts]
    assert starts == ["Cover", "Second", "Above", *["Nr"] * (made.written.pages - 5), "Notes", "Last"]
    assert made.texts[2].split()[:2] == ["Above", "Nr"]


def test_rows_that_just_fill_their_page_need_no_other(tmp_path: Path) -> None:
    pages = []
    for rows in range(14, 34):
        made = print_pdf(tmp_path / f"r{rows}", table(N), f"SELECT i AS n FROM range({rows}) t(i) ORDER BY i")
        lines = [len(re.findall(r"^ +\d+$", page, re.MULTILINE)) for page in made.texts]
        assert sum(lines) == rows
        assert len(set(lines[:-1])) <= 1, "every page but the last is full"
        pages.append((len(lines), max(lines)))
    steps = list(itertools.pairwise(count for count, _ in pages))
    assert all(b - a in (0, 1) for a, b in steps)
    full = max(most for _, most in pages)
    assert [count for count, _ in pages] == [-(-rows // full) for rows in range(14, 34)]


def test_the_document_says_its_title_language_and_author(tmp_path: Path) -> None:
    definition = table(N).replace("title: Printed", "title: Übersicht – 売上\nauthor: Ada\nlanguage: de")
    made = print_pdf(tmp_path / "r", definition, "SELECT 1 AS n")
    with pikepdf.open(made.path) as pdf:
        assert (str(pdf.docinfo.Title), str(pdf.docinfo.Author)) == ("Übersicht – 売上", "Ada")
        assert str(pdf.Root.Lang) == "de"


def test_a_page_too_low_for_column_heads_and_a_row_is_an_error_that_says_so(tmp_path: Path) -> None:
    style = STYLE.replace("300pt", "100pt")
    with pytest.raises(TemplateFailed, match=r"a page has \d+ pt for the table.* \(\d+ pt\) and a row"):
        print_pdf(tmp_path / "r", table(N), ROWS, style=style)


def test_column_heads_that_a_style_hides_are_not_missed(tmp_path: Path) -> None:
    made = print_pdf(tmp_path / "r", table(N), ROWS, style=STYLE + "thead { display: none }")
    assert made.warnings == ()
    assert "Nr" not in made.words
