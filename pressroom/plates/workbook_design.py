"""The default workbook: title, headings, filter, frozen panes, print set-up, and a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressroom.plates import sheet_styles as styles
from pressroom.plates.workbook_summary import add_summary

if TYPE_CHECKING:
    from xlsxwriter import Workbook

    from pressroom.plates.sheet_facts import ReportFacts
    from pressroom.plates.worksheet import Sheet


def design(workbook: Workbook, sheet: Sheet, report: ReportFacts) -> None:
    """Design the whole workbook; a report's own workbook.py may call it and go on from there."""
    title_rows(sheet, report)
    navigation(sheet)
    print_setup(sheet, report)
    add_summary(workbook, sheet, report)


def title_rows(sheet: Sheet, report: ReportFacts) -> None:
    """The title, and a line with description, parameters and row count."""
    worksheet = sheet.worksheet
    worksheet.set_row(0, 28)
    worksheet.write_string(0, 0, report.title, sheet.format(styles.TITLE))
    worksheet.write_string(1, 0, subtitle(report), sheet.format(styles.SUBTITLE))
    sheet.header_row = 3


def subtitle(report: ReportFacts) -> str:
    """What was asked for, and how many rows answered it."""
    asked = [
        f"{_label(report, name)}: {value}" for name, value in report.parameters.items() if value is not None
    ]
    rows = f"{report.rows:,} {'row' if report.rows == 1 else 'rows'}"
    return " · ".join(part for part in (report.definition.description, *asked, rows) if part)


def _label(report: ReportFacts, name: str) -> str:
    parameter = report.definition.parameters.get(name)
    return (parameter.label if parameter else None) or name.replace("_", " ").capitalize()


def navigation(sheet: Sheet) -> None:
    """Panes frozen below the headings, a filter over the rows, outlines that close upwards."""
    worksheet = sheet.worksheet
    first, left, last, right = sheet.body()
    worksheet.hide_gridlines(2)
    worksheet.freeze_panes(first, 0)
    if not sheet.table:
        # A table brings its own filter.
        worksheet.autofilter(sheet.header_row, left, last, right)
    closes = any(band.kind == "subtotal" for band in sheet.bands)
    worksheet.outline_settings(visible=True, symbols_below=closes)


def print_setup(sheet: Sheet, report: ReportFacts) -> None:
    """The definition's paper, one page wide, headings on each page, title above and page number below."""
    worksheet = sheet.worksheet
    if report.definition.xlsx.landscape:
        worksheet.set_landscape()
    worksheet.set_paper(styles.PAPERS[report.definition.xlsx.paper])
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(sheet.header_row)
    worksheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.7)
    title = report.title.replace("&", "&&")[:200]
    worksheet.set_header(f"&L&9{title}" if not title[:1].isdigit() else f"&L&9 {title}")
    worksheet.set_footer("&R&9Page &P of &N")
