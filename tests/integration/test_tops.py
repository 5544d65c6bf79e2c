"""Top-N lists in both outputs: their shares, and the line that makes them add up."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.integration.page_prints import print_pdf
from tests.integration.workbook_samples import build

if TYPE_CHECKING:
    from pathlib import Path

REPORT = """
name: orders
title: Orders
data: {sql: SELECT 1}
columns:
  - {field: nr}
  - {field: customer, label: Buyer}
  - {field: amount, format: "#,##0.00", total: sum}
  - {field: delay, format: "0.0"}
tops:
"""
CUSTOMERS = """
  - {name: customers, title: Customers, of: customer, by: amount, n: 3}
"""
SQL = """
SELECT i AS nr, 'Customer ' || (i % 7) AS customer, (i * 11 % 97 / 8)::DECIMAL(9, 2) AS amount, i / 3 AS delay
FROM range(100) t(i) ORDER BY i
"""
AMOUNTS = [Decimal(i * 11 % 97 / 8).quantize(Decimal("0.01"), "ROUND_HALF_UP") for i in range(100)]


def sums() -> list[tuple[str, Decimal]]:
    """Customers and what they bought, the largest first."""
    of = [(f"Customer {key}", sum(AMOUNTS[key::7], Decimal(0))) for key in range(7)]
    return sorted(of, key=lambda pair: -pair[1])


def summary(folder: Path, tops: str, sql: str = SQL) -> list[list[Any]]:
    book = build(folder / "r", REPORT + tops, sql)
    sheet = openpyxl.load_workbook(book.path)["Summary"]
    return [list(row) for row in sheet.iter_rows()]


def page(folder: Path, tops: str, sql: str = SQL) -> list[str]:
    printed = print_pdf(folder / "r", REPORT + tops, sql, body="{{ top(tops[0].name) }}{{ table() }}")
    return [" ".join(line.split()) for line in printed.texts[0].splitlines() if line.strip()]


def texts(rows: list[list[Any]]) -> list[list[Any]]:
    return [[cell.value for cell in row if cell.value is not None] for row in rows]


def test_the_largest_keys_and_all_others_add_up_in_the_workbook(tmp_path: Path) -> None:
    rows = summary(tmp_path, CUSTOMERS)
    at = [row[0].value for row in rows].index("Customers")
    best, rest = sums()[:3], sum(v for _, v in sums()[3:])
    everything = sum(AMOUNTS)
    assert texts(rows[at + 1 : at + 6]) == [
        ["Buyer", "Amount", "Share"],
        *([key, pytest.approx(float(v)), pytest.approx(float(v / everything))] for key, v in best),
        ["All others (4)", pytest.approx(float(rest)), pytest.approx(float(rest / everything))],
    ]
    assert [cell.number_format for cell in rows[at + 5][1:3]] == ["#,##0.00", "0.0%"]
    assert [cell.alignment.horizontal for cell in rows[at + 1][:3]] == ["left", "right", "right"]
    assert rows[at + 5][0].font.color.rgb == "FF5B6776"


def test_the_largest_keys_and_all_others_add_up_on_the_page(tmp_path: Path) -> None:
    everything = sum(AMOUNTS)
    best = [
        f"{place} {key} {v:,.2f} {100 * v / everything:.1f}%" for place, (key, v) in enumerate(sums()[:3], 1)
    ]
    rest = sum(v for _, v in sums()[3:])
    assert page(tmp_path, CUSTOMERS)[:5] == [
        "# Buyer Amount Share",
        *best,
        f"All others (4) {rest:,.2f} {100 * rest / everything:.1f}%",
    ]


@pytest.mark.parametrize(
    ("top", "head", "last"),
    [
        ("of: customer, by: delay, total: avg, n: 6", "Delay, average", "All others (1) 15.8"),
        ("of: customer, by: nr, total: distinct, n: 6, others: Rest", "Nr, distinct", "Rest (1) 14"),
        ("of: customer, by: nr, total: count, n: 6", "Buyer Count Share", "All others (1) 14 14.0%"),
        ("of: customer, by: nr, total: count, n: 9, label: Orders", "Buyer Orders Share", None),
        ("of: customer, by: amount, n: 7", "Amount Share", None),
        ("of: customer, by: amount, n: 6, others: false", "Amount Share", None),
        ("of: customer, by: delay, total: avg, n: 1, ascending: true, format: '0.000'", "", "(6) 16.609"),
    ],
)
def test_what_stands_in_the_last_line(tmp_path: Path, top: str, head: str, last: str | None) -> None:
    lines = page(tmp_path, f"  - {{name: t, {top}}}\n")
    n = min(7, int(re.search(r"n: (\d)", top)[1]))  # type: ignore[index]
    assert head in lines[0]
    if last is None:
        assert lines[n].startswith(f"{n} ")
        assert not any("others" in line or "Rest" in line for line in lines)
    else:
        assert last in lines[n + 1]


def test_figures_of_both_signs_have_no_shares(tmp_path: Path) -> None:
    tops = "  - {name: t, of: customer, by: amount, n: 2}\n"
    mixed = SQL.replace("(i * 11 % 97 / 8)", "(CASE WHEN i % 7 = 6 THEN -i ELSE i END)")
    assert page(tmp_path, tops.replace("n: 2", "n: 2, ascending: true"), mixed)[0] == "# Buyer Amount"
    negative = SQL.replace("(i * 11 % 97 / 8)", "(-i)")
    assert page(tmp_path, tops, negative)[0] == "# Buyer Amount Share"


def test_the_other_rows_are_counted_and_leave_the_rest_of_the_sums(tmp_path: Path) -> None:
    tops = "  - {name: largest, title: Largest, by: amount, n: 4, others: true}\n"
    rest = sum(sorted(AMOUNTS)[:-4])
    assert page(tmp_path, tops)[5] == f"All others (96) {rest:,.2f}"
    rows = summary(tmp_path, tops)
    at = [row[0].value for row in rows].index("Largest")
    assert texts(rows[at + 6 : at + 7]) == [["All others (96)", pytest.approx(float(rest))]]
    assert rows[at + 6][2].value == pytest.approx(float(rest))


def test_a_list_without_rows_has_its_heads_only(tmp_path: Path) -> None:
    nothing = SQL.replace("range(100)", "range(0)")
    assert page(tmp_path, CUSTOMERS, nothing)[0].startswith("# Buyer Amount")


def test_keys_that_are_numbers_or_days_stand_at_the_left(tmp_path: Path) -> None:
    tops = (
        "  - {name: years, title: Years, of: year, by: amount, n: 2}\n"
        "  - {name: days, title: Days, of: day, by: amount, n: 2}\n"
    )
    sql = SQL.replace("i AS nr", "i AS nr, 2000 + i % 5 AS year, DATE '2024-01-01' + (i % 5)::INTEGER AS day")
    rows = summary(tmp_path, tops, sql)
    heads = [row[0].value for row in rows]
    assert heads.index("Days") == heads.index("Years") + 7, "two rows are free below the line of all others"
    for title, code in (("Years", "General"), ("Days", "yyyy-mm-dd")):
        cell = rows[heads.index(title) + 2][0]
        assert (cell.alignment.horizontal, cell.number_format) == ("left", code)
