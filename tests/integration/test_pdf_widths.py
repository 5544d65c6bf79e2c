"""Tables and the widths of their pages and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pressroom.errors import TemplateFailed
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
