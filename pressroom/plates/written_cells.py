"""`WrittenCells`: a worksheet's cells that know which line of a workbook.py wrote them."""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType


class WrittenCells(defaultdict[int, "WrittenRow"]):
    """Stands in for XlsxWriter's `Worksheet.table`: cells by row and column, from 0."""

    def __init__(self, module: Path) -> None:
        name = str(module)
        super().__init__(lambda: WrittenRow(name))


class WrittenRow(dict[int, Any]):
    """Cells by column, and the line that wrote each."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self._module = module
        self.lines: dict[int, int] = {}
        """Line of the workbook.py by column; a cell that it did not write has none."""

    def __setitem__(self, column: int, cell: object) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != self._module:
            frame = frame.f_back
        if frame is not None:
            self.lines[column] = frame.f_lineno
        super().__setitem__(column, cell)
