"""Defined names of the columns: `sales_amount` over the body rows, for formulas that people write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_range_abs

from pressroom.plates.sheet_names import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pressroom.plates.sheet_facts import ReportFacts
    from pressroom.plates.worksheet import Sheet

MAX_UNITS = 255
"""Longest name that Excel takes."""


def add_names(sheet: Sheet, report: ReportFacts, *, several: bool) -> list[str]:
    """Define `<report>_<field>` for each column over its true rows; group rows stand in it too.

    Where the rows take several sheets, each has names of its own under the same words: they are returned,
    hold the specimen's rows, and the core makes those of each sheet. Otherwise they are the workbook's.
    """
    local = []
    for name, field in _names(sheet):
        if several:
            place = sheet.body(field)
            local.append(name)
            # XlsxWriter looks for the sheet by these very letters: an apostrophe must not be doubled.
            sheet.workbook.define_name(
                f"'{sheet.name}'!{name}", f"={quoted(sheet.name)}!{xl_range_abs(*place)}"
            )
        else:
            sheet.workbook.define_name(name, f"={report.range(sheet, field)}")
    return local


def _names(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Names that Excel takes, no two alike: an underscore stands for what a name can't have."""
    taken = {sheet.table.casefold()}
    for column in sheet.plan.columns:
        plain = re.sub(r"\W", "_", f"{sheet.plan.definition.name}_{column.name}")[: MAX_UNITS // 2]
        name, number = plain, 2
        while name.casefold() in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.add(name.casefold())
        yield name, column.name
