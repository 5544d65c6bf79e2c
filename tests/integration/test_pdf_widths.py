"""Tables and the widths of their pages and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pressroom.errors import TemplateFailed
from pressroom.plates.proof import MOST_PT
from tests.integration.page_designs import Design
from tests.integration.page_prints import STYLE, print_pdf, table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("style", ["", STYLE], ids=["default", "narrow"])
def test_columns_that_do_not_fit_the_paper_say_by_how_much(tmp_path: Path, style: str) -> None:
    columns = [f"c{number:02}" for number in range(100)]
    sql = f"SELECT {', '.join(f'i * 100 AS {column}' for column in columns)} FROM range(20) t(i)"
    with pytest.raises(TemplateFailed, match=r"100 columns are \d+\.\d pt wider than the paper"):
        print_pdf(tmp_path / "r", table(*(f"field: {column}" for column in columns)), sql, style=style)


def test_a_table_made_wider_than_the_paper_is_refused(tmp_path: Path) -> None:
    sql = "SELECT i AS n, i * 2 AS v FROM range(5) t(i)"
    with pytest.raises(TemplateFailed, match=r"2 columns are \d+\.\d pt wider than the paper") as error:
        print_pdf(
            tmp_path / "r", table("field: n", "field: v"), sql, style=f"{STYLE} table.rows {{ width: 900pt }}"
        )
    assert "A3 landscape" in (error.value.hint or "")


@pytest.mark.parametrize("word", ["abcdefghijklm", "Wire transfer", "Überweisung", "International"])
def test_a_column_as_wide_as_its_text_does_not_break_it(tmp_path: Path, word: str) -> None:
    sql = f"SELECT 'text ' || i AS t, '{word}' AS u FROM range(40) t(i) ORDER BY i"
    columns = table("field: t", "field: u")
    made = print_pdf(tmp_path / "r", columns, sql, style=f"{STYLE} table.rows {{ width: auto }}")
    assert "\n".join(made.texts).count(word) == 40


@pytest.mark.parametrize("length", [3, 30, 60])
def test_group_keys_longer_than_every_value_have_their_places_as_weasyprint_gives_them(
    tmp_path: Path, length: int
) -> None:
    key = f"CASE WHEN i < 20 THEN 'a' ELSE repeat('long key of a group ', {length}) END AS g"
    rows = f"SELECT 'text ' || i AS t, i::DOUBLE AS v, {key} FROM range(60) t(i) ORDER BY i"
    columns = ("field: t", 'field: v, label: Value, format: "#,##0.00", total: sum')
    definition = table(*columns, groups="  - {field: g, label: Area}\n")
    verdict = Design(STYLE, definition=definition, rows=rows).draw(tmp_path / "r").verdict()
    # WeasyPrint cuts kerning to thousandths of an em: pixels of lines full of text differ by shades.
    assert [difference for difference in verdict.differences if "pixels" not in difference] == []
    assert verdict.offset <= MOST_PT


def test_columns_share_the_page_by_their_longest_texts_however_long_these_are(tmp_path: Path) -> None:
    texts = "repeat('word ', CASE WHEN i = 7 THEN 40 ELSE 4 END) AS t, repeat('term ', i * 4) AS u"
    rows = f"SELECT {texts} FROM range(61) t(i) ORDER BY i"
    drawn = Design(STYLE, definition=table("field: t", "field: u"), rows=rows).draw(tmp_path / "r")
    verdict = drawn.verdict()
    assert [difference for difference in verdict.differences if "pixels" not in difference] == []
    assert verdict.offset <= MOST_PT


def test_the_count_of_the_largest_group_has_room_in_narrow_columns(tmp_path: Path) -> None:
    definition = table("field: n", "field: m", "field: v", groups="  - {field: g, label: G}\n")
    rows = "SELECT 1 AS n, 2 AS m, 3 AS v, CASE WHEN i < 2 THEN 'a' ELSE 'b' END AS g FROM range(60) t(i)"
    verdict = (
        Design(
            f"{STYLE} table.rows {{ width: auto }} .count {{ font-size: 20pt }}",
            definition=definition,
            rows=rows,
        )
        .draw(tmp_path / "r")
        .verdict()
    )
    assert verdict.differences == ()
