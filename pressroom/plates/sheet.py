"""`make_sheet_plate`: XlsxWriter builds the workbook without its rows; the Rust core adds them."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxWriterException

from pressroom.errors import LimitExceeded, TemplateFailed
from pressroom.plates import sheet_bands, workbook_design
from pressroom.plates.column_names import add_names
from pressroom.plates.sheet_facts import ReportFacts
from pressroom.plates.sheet_filters import add_filters
from pressroom.plates.sheet_links import links_to_json
from pressroom.plates.sheet_names import sheet_name
from pressroom.plates.workbook_contents import CONTENTS, fill_contents, has_contents
from pressroom.plates.workbook_module import design_errors, run_design
from pressroom.plates.workbook_protection import protect, structure_lock
from pressroom.plates.workbook_summary import reserved_names
from pressroom.plates.worksheet import Sheet
from pressroom.plates.written_cells import WrittenCells
from rust_core import SheetPlate, spread_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import rust_core
    from pressroom.plan import Plan
    from pressroom.reports import Report

MAX_COLUMNS = 16_384
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

    Raises `DefinitionError` for a sheet name that Excel refuses or a column that can't show what it is to,
    `LimitExceeded` for too many columns, and `TemplateFailed` for a design that fails.
    """
    definition = report.definition
    if len(plan.columns) > MAX_COLUMNS:
        raise LimitExceeded(
            f"report.yaml: columns: {len(plan.columns):,} columns, what is made of others included: "
            f"a worksheet has {MAX_COLUMNS:,}"
        )
    facts = ReportFacts(definition, plan, parameters, crunched.summary(), crunched)
    buffer = io.BytesIO()
    workbook = Workbook(buffer, {"in_memory": True})
    properties = {"title": definition.title, "author": definition.author, "created": created}
    workbook.set_properties(properties | {"subject": definition.description[:255]})
    own = report.workbook
    several = has_contents(facts)
    taken = reserved_names(facts) if definition.xlsx.sheet is None or not own else ()
    name = sheet_name(definition.xlsx.sheet, definition.title, (*taken, *((CONTENTS,) if several else ())))
    contents = workbook.add_worksheet(CONTENTS) if several else None
    sheet = Sheet(workbook, workbook.add_worksheet(name), plan, facts.summary)
    if definition.xlsx.protect and "sort" in definition.xlsx.protect.allow:
        # Excel sorts no locked cells.
        sheet.style("detail", locked=False)
    if own:
        sheet.worksheet.table = WrittenCells(own)
        run_design(own, workbook, sheet, facts)
    else:
        workbook_design.design(workbook, sheet, facts)
    with design_errors(own) if own else default_errors():
        sheet.place()
        plate = _to_json(sheet)
        spread = _spread(workbook, sheet, crunched, plate)
        if contents is not None:
            fill_contents(contents, workbook, sheet, facts, spread)
        if definition.xlsx.names:
            plate["names"] = add_names(sheet, facts, several=len(spread) > 1)
        if definition.xlsx.protect is not None:
            protect(workbook, definition.xlsx.protect)
        workbook.close()
    lock = structure_lock(definition.xlsx.protect)
    return SheetPlate(json.dumps({"sheets": [plate], "lock": lock}), buffer.getvalue())


@contextlib.contextmanager
def default_errors() -> Iterator[None]:
    """Name the default workbook in what XlsxWriter refuses."""
    try:
        yield
    except XlsxWriterException as error:
        raise TemplateFailed(f"the default workbook: {error}") from error


def _to_json(sheet: Sheet) -> dict[str, Any]:
    """What the core is told of the sheet (`rust_core::xlsx::plate::PlateSheet`)."""
    definition = sheet.plan.definition
    return {
        "name": sheet.name,
        "first_row": sheet.first_row,
        "columns": len(sheet.plan.columns),
        "bands": sheet_bands.to_json(sheet.bands, sheet.first_row, len(definition.groups)),
        "outline": definition.xlsx.outline and bool(definition.groups),
        "links": links_to_json(sheet),
        "filters": add_filters(sheet),
    }


def _spread(
    workbook: Workbook, sheet: Sheet, crunched: rust_core.Crunched, plate: dict[str, Any]
) -> list[tuple[str, int, int]]:
    """Name, first row and rows of each sheet that the rows take."""
    taken = [worksheet.get_name() for worksheet in workbook.worksheets()]
    # Rows with a height or a note are rows of the file, as those with cells are.
    last = sheet.worksheet.dim_rowmax or 0
    below = max(0, last + 1 - sheet.first_row - len(sheet.bands))
    return spread_rows(crunched, json.dumps(plate), taken, below)
