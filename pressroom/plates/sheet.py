"""`make_sheet_plate`: XlsxWriter builds the workbook without its rows; the Rust core adds them."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING

from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxWriterException

from pressroom.errors import TemplateFailed
from pressroom.plates import sheet_bands, workbook_design
from pressroom.plates.sheet_facts import ReportFacts
from pressroom.plates.sheet_names import sheet_name
from pressroom.plates.workbook_module import run_design, shown
from pressroom.plates.workbook_summary import reserved_names
from pressroom.plates.worksheet import Sheet
from rust_core import SheetPlate

if TYPE_CHECKING:
    from collections.abc import Mapping

    import rust_core
    from pressroom.plan import Plan
    from pressroom.reports import Report

NO_DATE = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - document properties carry no zone
"""The created date of a workbook that is given none: the same rows make the same bytes."""


def make_sheet_plate(
    report: Report,
    plan: Plan,
    crunched: rust_core.Crunched,
    parameters: Mapping[str, object],
    *,
    created: dt.datetime = NO_DATE,
) -> SheetPlate:
    """Design the workbook of a report: its own workbook.py, or the default design.

    Raises `DefinitionError` for a sheet name that Excel refuses and `TemplateFailed` for a design that fails.
    """
    definition = report.definition
    facts = ReportFacts(definition, plan, parameters, crunched.summary(), crunched)
    buffer = io.BytesIO()
    workbook = Workbook(buffer, {"in_memory": True})
    properties = {"title": definition.title, "author": definition.author, "created": created}
    workbook.set_properties(properties | {"subject": definition.description[:255]})
    own = report.workbook
    taken = () if own else reserved_names(facts)
    name = sheet_name(definition.xlsx.sheet, definition.title, taken)
    sheet = Sheet(workbook, workbook.add_worksheet(name), plan, facts.summary)
    if own:
        run_design(own, workbook, sheet, facts)
    else:
        workbook_design.design(workbook, sheet, facts)
    sheet.place()
    try:
        workbook.close()
    except XlsxWriterException as e:
        raise TemplateFailed(f"{shown(own) if own else 'the default workbook'}: {e}") from e
    plate = {
        "name": sheet.name,
        "first_row": sheet.first_row,
        "columns": len(plan.columns),
        "bands": sheet_bands.to_json(sheet.bands, sheet.first_row, len(definition.groups)),
        "outline": definition.xlsx.outline and bool(definition.groups),
    }
    return SheetPlate(json.dumps({"sheets": [plate]}), buffer.getvalue())
