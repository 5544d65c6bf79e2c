"""A report's own workbook.py: loaded from its path, run, and its errors named by its own line."""

from __future__ import annotations

import contextlib
import traceback
import types
import warnings
from typing import TYPE_CHECKING

from pressroom.errors import PressroomError, TemplateFailed

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
            raise _failed(path, error) from error


def shown(path: Path) -> str:
    """A report's file as errors name it: clients read them too, and the server's folders are not theirs."""
    return f"{path.parent.name}/{path.name}"


def _load(path: Path) -> Callable[[Workbook, Sheet, ReportFacts], object]:
    module = types.ModuleType("workbook")
    module.__file__ = str(path)
    exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 - a report's own code
    design = module.__dict__.get("design")
    if not callable(design):
        raise TemplateFailed(f"{shown(path)}:1: it defines no design(workbook, sheet, report)")
    return design  # type: ignore[no-any-return]  # checked to be callable; its signature is the user's


def _failed(path: Path, error: Exception | SystemExit) -> TemplateFailed:
    if isinstance(error, TemplateFailed) and shown(path) in error.message:
        return error
    if isinstance(error, SyntaxError):
        return TemplateFailed(f"{shown(path)}:{error.lineno or 1}: {error.msg}")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    # What a design asked for may only fail once the rows' own cells are placed.
    line = frames[-1].lineno if frames else getattr(error, "line", None)
    where = f"{shown(path)}:{line}" if line else shown(path)
    if isinstance(error, PressroomError):
        return TemplateFailed(f"{where}: {error.message}", hint=error.hint, errors=error.errors)
    return TemplateFailed(f"{where}: {type(error).__name__}: {error}")
