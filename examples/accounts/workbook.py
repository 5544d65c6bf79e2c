"""The workbook of the accounts: accounts that hold others are bold, the roots tinted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_rowcol_to_cell

from pressroom.plates import sheet_styles as styles
from pressroom.plates.workbook_design import navigation, print_setup, title_rows

if TYPE_CHECKING:
    from xlsxwriter import Workbook

    from pressroom.plates.sheet_facts import ReportFacts
    from pressroom.plates.worksheet import Sheet


def design(workbook: Workbook, sheet: Sheet, report: ReportFacts) -> None:
    """Leave out the default's summary; show whole rows by their depth, where report.yaml can cells only."""
    title_rows(sheet, report)
    navigation(sheet)
    print_setup(sheet, report)
    sheet.rules.clear()
    row = sheet.first_row
    account, total = (
        xl_rowcol_to_cell(row, sheet.column(name), col_abs=True) for name in ("account", "total")
    )
    for criteria, look in (
        (f"=LEN({account})=1", {"bold": True, "bg_color": styles.TINTS[0]}),
        (f"=AND(LEN({account})>0,ISNUMBER({total}))", {"bold": True}),
    ):
        sheet.worksheet.conditional_format(
            *sheet.body(), {"type": "formula", "criteria": criteria, "format": workbook.add_format(look)}
        )
    for field in ("account", "last_year", "change"):
        sheet.style("detail", field, font_color=styles.MUTED)
