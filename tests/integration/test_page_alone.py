"""Designs that no plate can replay: WeasyPrint prints few rows of them, many are refused."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pikepdf
import pypdfium2
import pytest

import rust_core
from pressroom.build import Built, build
from pressroom.definition import load_definition
from pressroom.errors import Incomplete, Unreplayable
from pressroom.reports import Report
from pressroom.sources.dataset import Dataset

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = """
name: sales
title: Sales
author: The press
data: {{sql: SELECT * FROM dataset}}
columns:
  - {{field: city, label: City}}
  - {{field: amount, label: Amount, format: "#,##0.00;[Red]-#,##0.00", total: sum, running: true}}
groups: [{{field: land, page_break: true, bookmark: true}}]
order: [city]
pdf: {{page: A4, approximate: {approximate}}}
"""
PLAIN = "<style>body { font: 9pt/1.4 'DejaVu Sans' } td { padding: 2pt }</style>{{ table() }}"
UNDERLINED = PLAIN + "<style>.detail td.col-city { text-decoration: underline }</style>"


def print_sales(
    folder: Path, design: str, *, rows: int = 60, most: int = 2_000, approximate: str = "false"
) -> Built:
    report, work = folder / "report", folder / "work"
    for one in (report, work):
        one.mkdir()
    (report / "report.yaml").write_text(DEFINITION.format(approximate=approximate))
    (report / "report.html").write_text(design)
    with (folder / "sales.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["land", "city", "amount"])
        writer.writerows(
            [["NO" if i < rows // 2 else "SE", f"city {i:05}", f"{i - 9}.25"] for i in range(rows)]
        )
    return build(
        Report(report, load_definition(report / "report.yaml")),
        [Dataset("sales", folder / "sales.csv", "csv")],
        {},
        ("pdf",),
        work,
        control=rust_core.JobControl(2),
        memory_limit_bytes=256 * 2**20,
        weasyprint_rows=most,
    )


def text_of(built: Built) -> str:
    return "\n".join(
        page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(built.files[0].path)
    )


def test_a_design_that_a_plate_replays_is_printed_by_the_core(tmp_path: Path) -> None:
    assert print_sales(tmp_path, PLAIN).warnings == ()


ATTACHED = (
    "<link rel=attachment href=report.yaml><a rel='noopener attachment' href=report.html>the design</a>"
)


def test_files_that_a_design_attaches_are_in_the_pdf(tmp_path: Path) -> None:
    built = print_sales(tmp_path, ATTACHED + PLAIN)
    (warning,) = built.warnings
    assert "rel=attachment href=report.yaml of <link>" in warning
    assert "rel=attachment href=report.html of <a>" in warning
    with pikepdf.open(built.files[0].path) as pdf:
        assert list(pdf.attachments) == ["report.yaml"]
        kinds = [str(one.Subtype) for page in pdf.pages for one in page.get("/Annots", [])]
        assert "/FileAttachment" in kinds


def test_many_rows_with_an_attached_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreplayable, match=r"rel=attachment href=report\.yaml of <link> is not attached"):
        print_sales(tmp_path, ATTACHED + PLAIN, most=10)


def test_few_rows_are_printed_by_weasyprint_alone_with_a_warning(tmp_path: Path) -> None:
    built = print_sales(tmp_path, UNDERLINED)
    (warning,) = built.warnings
    assert "WeasyPrint printed the rows by itself" in warning
    assert "text-decoration of <td.text.col-city>" in warning
    text = text_of(built)
    assert all(f"city {i:05}" in text for i in range(60))
    assert built.files[0].rows == built.rows == 60
    assert built.completeness["control_totals"]["amount"]["count"] == 60


def test_what_weasyprint_prints_alone_is_the_whole_report(tmp_path: Path) -> None:
    built = print_sales(tmp_path, UNDERLINED)
    file = pypdfium2.PdfDocument(built.files[0].path)
    assert file.get_metadata_dict()["Title"] == "Sales"
    assert file.get_metadata_dict()["Author"] == "The press"
    assert [mark.get_title() for mark in file.get_toc()] == ["NO", "SE"]
    assert len(file) == built.files[0].pages
    pages = [page.get_textpage().get_text_range() for page in file]
    starts = [page for page in pages if "Land" in page]
    assert len(starts) == 2, "each group starts a page"
    assert "1,240.50" in pages[-1].splitlines()[-1], "the grand total"


def test_many_rows_are_refused_with_the_css_and_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(Unreplayable, match=r"61 rows: text-decoration of <td.text.col-city>") as refused:
        print_sales(tmp_path, UNDERLINED, rows=61, most=60)
    assert "approximate: true" in (refused.value.hint or "")
    assert "60 rows" in (refused.value.hint or "")
    assert [detail.pointer for detail in refused.value.errors] == ["/pdf"]


def test_a_report_that_says_approximate_is_printed_by_its_plate_with_each_use_named(tmp_path: Path) -> None:
    built = print_sales(tmp_path, UNDERLINED, rows=61, most=60, approximate="true")
    assert [w for w in built.warnings if w.startswith("text-decoration of")]
    assert not [w for w in built.warnings if "by itself" in w]


def test_rows_that_the_design_hides_are_missed(tmp_path: Path) -> None:
    hidden = UNDERLINED + "<style>.detail:nth-child(40) { display: none }</style>"
    with pytest.raises(Incomplete, match="59 rows written, 60 read"):
        print_sales(tmp_path, hidden)
