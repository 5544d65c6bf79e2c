"""A top-N list on the Summary sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressroom.plates import sheet_styles as styles
from pressroom.plates.sheet_values import write_value

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from pressroom.plates.sheet_facts import ReportFacts
    from pressroom.plates.top_list import TopList
    from pressroom.plates.worksheet import Sheet

OTHERS: styles.Style = styles.DETAIL | {"font_color": styles.MUTED}


def write_top(worksheet: Worksheet, sheet: Sheet, table: TopList, report: ReportFacts, row: int) -> None:
    """Write the list's headings at `row` and its rows below; the line of all others is the last."""
    kinds = {column["name"]: column["type"] for column in report.summary["columns"]}
    looks = [_look(table, number, kinds.get(column.field, "")) for number, column in enumerate(table.columns)]
    for number, (column, look) in enumerate(zip(table.columns, looks, strict=True)):
        head = styles.HEADER | {key: look[key] for key in ("align", "indent") if key in look}
        worksheet.write_string(row, number, column.heading, sheet.format(head))
    for at, values in enumerate(table.rows, row + 1):
        for number, (look, value) in enumerate(zip(looks, values, strict=True)):
            style = styles.DETAIL | styles.date_format(value) | look
            write_value(worksheet, at, number, value, sheet.format(style))
    if table.others is None:
        return
    at = row + 1 + len(table.rows)
    for number, (look, value) in enumerate(zip(looks, table.others, strict=True)):
        write_value(worksheet, at, number, value, sheet.format(OTHERS | look))
    # The first column without a figure; where each has one, the figures say more than the label.
    free = next((number for number, value in enumerate(table.others) if value is None), None)
    if free is not None:
        style = OTHERS | {"align": "left"} | ({"indent": 1} if free else {})
        worksheet.write_string(at, free, table.label, sheet.format(style))


def _look(table: TopList, number: int, kind: str) -> styles.Style:
    """Format of a list's column and where its values stand: as in the sheet of the rows."""
    column = table.columns[number]
    code = column.format or styles.TYPE_FORMATS.get(kind, "")
    look: styles.Style = {"num_format": code} if code else {}
    if column.key:
        return look | {"align": "left"}
    if kind in styles.RIGHT or table.has_numbers(number):
        return look | {"align": "right"}
    if kind == "boolean":
        return look | {"align": "center"}
    # Text would touch the number at the right of the column before it.
    return look | ({"align": "left", "indent": 1} if number else {"align": "left"})
