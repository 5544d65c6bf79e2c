"""The Contents sheet: in front of a workbook whose rows take several sheets, with a link to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressroom.plates import sheet_styles as styles
from pressroom.plates.sheet_names import quoted
from pressroom.plates.workbook_summary import SUMMARY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from pressroom.plates.sheet_facts import ReportFacts
    from pressroom.plates.worksheet import Sheet

CONTENTS = "Contents"
NEARLY_FULL = 1_040_000
"""Body rows from which a report may need a second sheet: rows above and below take a part of 1,048,576."""


def has_contents(report: ReportFacts) -> bool:
    """Whether the workbook gets the sheet: as the definition says, or when rows may need several sheets."""
    wanted = report.definition.xlsx.contents
    groups = sum(int(level["groups"]) for level in report.summary["levels"])
    kinds = len(report.plan.total_kinds)
    return report.rows + groups * (1 + kinds) > NEARLY_FULL if wanted is None else wanted


def fill_contents(
    contents: Worksheet,
    workbook: Workbook,
    sheet: Sheet,
    report: ReportFacts,
    spread: Sequence[tuple[str, int, int]],
) -> None:
    """List the sheets: name with a link, what it holds, its rows. `spread` has those of the large sheet."""
    contents.hide_gridlines(2)
    contents.set_paper(styles.PAPERS[report.definition.xlsx.paper])
    contents.fit_to_pages(1, 0)
    contents.set_column(0, 0, 34)
    contents.set_column(1, 1, 46)
    contents.set_column(2, 2, 14)
    contents.set_row(0, 28)
    contents.write_string(0, 0, report.title, sheet.format(styles.TITLE))
    contents.write_string(1, 0, CONTENTS, sheet.format(styles.SUBTITLE))
    for column, heading in enumerate(("Sheet", "Holds", "Rows")):
        align = {"align": "right"} if heading == "Rows" else {}
        contents.write_string(3, column, heading, sheet.format(styles.HEADER | align))
    lines: list[tuple[str, str, int | None]] = []
    for worksheet in workbook.worksheets():
        if worksheet is contents or worksheet.hidden:
            continue
        if worksheet is not sheet.worksheet:
            holds = "Charts, crosstabs and lists" if worksheet.get_name() == SUMMARY else ""
            lines.append((worksheet.get_name(), holds, None))
            continue
        for name, start, count in spread:
            holds = f"Rows {start + 1:,} to {start + count:,}" if count else "No rows"
            lines.append((name, holds, count))
    link = sheet.format(styles.DETAIL | styles.LINK)
    text, number = sheet.format(styles.DETAIL), sheet.format(styles.DETAIL | {"num_format": "#,##0"})
    for row, (name, holds, rows) in enumerate(lines, 4):
        contents.write_url(row, 0, f"internal:{quoted(name)}!A1", link, name)
        contents.write_string(row, 1, holds, text)
        if rows is None:
            contents.write_blank(row, 2, None, text)
        else:
            contents.write_number(row, 2, rows, number)
