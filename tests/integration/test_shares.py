"""Shares and ranks as they are printed: in rows, in subtotals, and left out where they mean nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.integration.example_prints import rendered

if TYPE_CHECKING:
    from pathlib import Path

REPORT = """
name: sales
title: Sales
data: {sql: SELECT * FROM dataset}
columns:
  - {field: shop}
  - {field: amount, format: "#,##0.00", total: sum, share: region, rank: region}
groups:
  - {field: region}
  - {field: city}
order: [shop]
"""
ROWS = """\
region,city,shop,amount
North,Bergen,b1,10.00
North,Bergen,b2,30.00
North,Oslo,o1,40.00
North,Oslo,o2,
North,Oslo,o3,40.00
South,Rome,r1,5.00
"""


def printed(folder: Path, report: str = REPORT) -> tuple[list[tuple[Any, ...]], list[str]]:
    """The cells of the sheet, and the lines of the PDF."""
    (folder / "sales").mkdir(exist_ok=True)
    (folder / "sales" / "report.yaml").write_text(report)
    (folder / "sales.csv").write_text(ROWS)
    sheets, lines = rendered(folder / "sales", [folder / "sales.csv"], folder)
    (sheet,) = sheets.values()
    return sheet, lines


def of(lines: list[str], label: str) -> list[str]:
    (line,) = [line for line in lines if re.match(rf"\s*{label}\b", line)]
    return line.strip().removeprefix(label).split()


def test_a_share_of_a_group_shows_in_its_rows_and_in_the_subtotals_inside(tmp_path: Path) -> None:
    sheet, lines = printed(tmp_path)
    assert of(lines, "b1") == ["10.00", "8.3%", "4"]
    assert of(lines, "o1") == ["40.00", "33.3%", "1"]
    assert of(lines, "o2") == []
    assert of(lines, "r1") == ["5.00", "100.0%", "1"]
    assert of(lines, "Total Bergen") == ["40.00", "33.3%"]
    assert of(lines, "Total North") == ["120.00", "100.0%"]
    assert of(lines, "Total all rows") == ["125.00"]
    cells = {row[0]: row[1:4] for row in sheet if row[0]}
    assert cells["b1"] == (10, pytest.approx(1 / 12), 4)
    assert cells["o2"] == (None, None, None)
    assert cells["Total City: Oslo"] == (80, pytest.approx(2 / 3), None)
    assert cells["Total Region: North"] == (120, pytest.approx(1), None)
    assert cells["Grand total"] == (125, None, None)


def test_a_share_of_all_rows_adds_up_to_the_whole(tmp_path: Path) -> None:
    sheet, lines = printed(tmp_path, REPORT.replace("share: region, rank: region", "share: true, rank: true"))
    assert of(lines, "r1") == ["5.00", "4.0%", "5"]
    assert of(lines, "Total North") == ["120.00", "96.0%"]
    assert of(lines, "Total all rows") == ["125.00", "100.0%"]
    assert sheet[-1][1:3] == (125, pytest.approx(1))


def test_the_workbooks_share_of_a_group_is_a_live_formula_of_the_same_value(tmp_path: Path) -> None:
    printed(tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / "sales.xlsx").worksheets[0]
    formulas = [str(row[2].value) for row in sheet.iter_rows() if str(row[2].value).startswith("=")]
    assert len(formulas) == 5
    assert all(re.fullmatch(r"=SUBTOTAL\(9,C\d+:C\d+\)", formula) for formula in formulas)


def test_a_templates_totals_leave_out_shares_that_mean_nothing_there(tmp_path: Path) -> None:
    page = "<p>{% for total in totals %}[{{ total.field }} {{ total.text }}]{% endfor %}</p>{{ table() }}"
    (tmp_path / "sales").mkdir()
    (tmp_path / "sales" / "report.html").write_text(page)
    _, lines = printed(tmp_path)
    assert "[amount 125.00]" in lines
    whole = tmp_path / "whole"
    (whole / "sales").mkdir(parents=True)
    (whole / "sales" / "report.html").write_text(page)
    _, lines = printed(whole, REPORT.replace("share: region", "share: true"))
    assert "[amount 125.00][share:amount 100.0%]" in lines
