"""The flights workbook: the default design, with the codes in a quiet colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressroom.plates.workbook_design import design as default_design

if TYPE_CHECKING:
    from xlsxwriter import Workbook

    from pressroom.plates.sheet_facts import ReportFacts
    from pressroom.plates.worksheet import Sheet


def design(workbook: Workbook, sheet: Sheet, report: ReportFacts) -> None:
    """Add to the default design: aircraft and airport codes muted; delays are coloured by report.yaml."""
    default_design(workbook, sheet, report)
    for field in ("tailnum", "dest"):
        sheet.style("detail", field, font_color="#64748B")
