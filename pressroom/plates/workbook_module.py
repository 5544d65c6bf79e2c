"""A report's own workbook.py: loaded from its path, run, and its errors named by its own line."""

from __future__ import annotations

import contextlib
import warnings
from typing import TYPE_CHECKING

from pressroom.errors import PressroomError, TemplateFailed
from pressroom.report_code import load_function, place_of, said, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from xlsxwriter import Workbook

    from pressroom.plates.sheet_facts import ReportFacts
    from pressroom.plates.worksheet import Sheet


def run_design(path: Path, workbook: Workbook, sheet: Sheet, report: ReportFacts) -> None:
    """Run `design(workbook, sheet, report)` of the workbook.py at `path`.

    Raises `TemplateFailed` that names the file and its line for whatever goes wrong in it. What XlsxWriter
    only warns of (a name too long, a range upside down) leaves something out of the workbook: it fails too.
    """
    with design_errors(path):
        _load(path)(workbook, sheet, report)
        if workbook.fileclosed:
            raise TemplateFailed(f"{shown(path)}: it closed the workbook, which has no rows yet")


@contextlib.contextmanager
def design_errors(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong inside into a `TemplateFailed` that names the workbook.py at `path`."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        try:
            yield
        # A user's code may raise anything, and leave too; every kind becomes one error.
        except (Exception, SystemExit) as error:
            if isinstance(error, TemplateFailed) and shown(path) in error.message:
                raise
            raise _failed(path, error) from error


def _load(path: Path) -> Callable[..., object]:
    design = load_function(path, "design")
    if design is None:
        raise TemplateFailed(f"{shown(path)}:1: it defines no design(workbook, sheet, report)")
    return design


def _failed(path: Path, error: Exception | SystemExit) -> TemplateFailed:
    # What a design asked for may only fail once the rows' own cells are placed.
    where = place_of(path, error, line=getattr(error, "line", None))
    if isinstance(error, PressroomError):
        return TemplateFailed(f"{where}: {error.message}", hint=error.hint, errors=error.errors)
    return TemplateFailed(f"{where}: {said(error)}")
