"""The flights workbook: the default design, with the long delays in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressroom.plates.workbook_design import design as default_design

if TYPE_CHECKING:
    from xlsxwriter import Workbook

    from pressroom.plates.sheet_facts import ReportFacts
    from pressroom.plates.worksheet import Sheet

LONG_MINUTES = 60


def design(workbook: Workbook, sheet: Sheet, report: ReportFacts) -> None:
    """Add to the default design: delays of an hour and more in orange, aircraft and airport codes muted."""
    default_design(workbook, sheet, report)
    for field in ("tailnum", "dest"):
        sheet.style("detail", field, font_color="#64748B")
    late = workbook.add_format({"font_color": "#C2410C", "bold": True})
    for field in ("dep_delay", "arr_delay"):
        rule = {"type": "cell", "criteria": ">=", "value": LONG_MINUTES, "format": late}
        sheet.worksheet.conditional_format(*sheet.body(field), rule)
