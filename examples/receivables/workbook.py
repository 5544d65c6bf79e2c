"""The workbook of the receivables: a sheet of customers with their open items by age, the largest first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_range, xl_rowcol_to_cell

from pressroom.plates import sheet_styles as styles
from pressroom.plates.workbook_design import navigation, print_setup, title_rows
from pressroom.plates.workbook_summary import add_summary

if TYPE_CHECKING:
    from xlsxwriter import Workbook

    from pressroom.plates.sheet_facts import ReportFacts
    from pressroom.plates.worksheet import Sheet

MONEY = {"num_format": "#,##0.00;-#,##0.00;"}
HEADER_ROW = 3


def design(workbook: Workbook, sheet: Sheet, report: ReportFacts) -> None:
    """Add the sheet of customers to the default design, whose list of items would be as wide as the rows."""
    title_rows(sheet, report)
    navigation(sheet)
    print_setup(sheet, report)
    for field in ("kind", "day", "amount"):
        sheet.style("detail", field, font_color=styles.MUTED)
    sheet.style("detail", "open", bold=True)
    debtors(workbook, sheet, report)
    add_summary(
        workbook, sheet, replace(report, definition=report.definition.model_copy(update={"tops": ()}))
    )


def debtors(workbook: Workbook, sheet: Sheet, report: ReportFacts) -> None:
    """A row for each customer: number of items, what is open by age and in all, its share."""
    customers = sorted(
        report.groups(1, max(report.rows, 1)), key=lambda customer: -(customer["totals"][-1] or 0)
    )
    ages = [report.plan.columns[total.column].heading for total in report.plan.totals]
    heads = ["Customer", "Items", *ages, "Share"]
    worksheet = workbook.add_worksheet("Customers")
    worksheet.hide_gridlines(2)
    worksheet.set_landscape()
    worksheet.set_paper(styles.PAPERS["A4"])
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(HEADER_ROW)
    worksheet.freeze_panes(HEADER_ROW + 1, 1)
    worksheet.set_row(0, 28)
    worksheet.set_column(0, 0, 58)
    worksheet.set_column(1, 1, 9)
    worksheet.set_column(2, len(heads) - 1, 14)
    worksheet.write_string(0, 0, "Customers by what they owe", sheet.format(styles.TITLE))
    worksheet.write_string(1, 0, f"As of {report.parameters['as_of']}", sheet.format(styles.SUBTITLE))
    for column, head in enumerate(heads):
        side = {} if column == 0 else {"align": "right"}
        worksheet.write_string(HEADER_ROW, column, head, sheet.format(styles.HEADER | side))
    text, count, money = (sheet.format(styles.DETAIL | look) for look in ({}, {"num_format": "#,##0"}, MONEY))
    last = HEADER_ROW + len(customers)
    whole = sum(customer["totals"][-1] or 0 for customer in customers)
    open_column = len(heads) - 2
    share = sheet.format(styles.DETAIL | {"num_format": "0.0%", "font_color": styles.MUTED})
    for row, customer in enumerate(customers, HEADER_ROW + 1):
        worksheet.write_string(row, 0, customer["key"], text)
        worksheet.write_number(row, 1, customer["rows"], count)
        for column, amount in enumerate(customer["totals"], 2):
            worksheet.write(row, column, amount, money)
        owed = xl_rowcol_to_cell(row, open_column)
        all_owed = xl_rowcol_to_cell(last + 1, open_column, row_abs=True, col_abs=True)
        part = (customer["totals"][-1] or 0) / whole if whole else 0
        worksheet.write_formula(row, open_column + 1, f"=IF({all_owed}=0,0,{owed}/{all_owed})", share, part)
    if not customers:
        return
    worksheet.autofilter(HEADER_ROW, 0, last, len(heads) - 1)
    worksheet.write_string(last + 1, 0, "Total", sheet.format(styles.GRAND_TOTAL))
    sums = [sum(customer["rows"] for customer in customers), *report.summary["totals"]]
    for column, value in enumerate(sums, 1):
        look = sheet.format(styles.GRAND_TOTAL | ({"num_format": "#,##0"} if column == 1 else MONEY))
        cells = xl_range(HEADER_ROW + 1, column, last, column)
        worksheet.write_formula(last + 1, column, f"=SUM({cells})", look, value or 0)
    worksheet.write_blank(last + 1, open_column + 1, None, sheet.format(styles.GRAND_TOTAL))
