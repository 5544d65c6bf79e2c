"""Read one sheet of a workbook and leave its rows as Parquet: a process that `workbook_rows` starts.

Values are those that Excel last computed. The first row that is not empty holds the column names. A column of
one kind of value has that kind; numbers are what was typed (12.34 is a decimal, 12 an integer), times of day
and durations are fractions of a day as in Excel; a column of several kinds is text, each value as written.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from arro3.core import Array, DataType, RecordBatch, RecordBatchReader
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pressroom.errors import BadData, PressroomError
from pressroom.sources.column_types import settle, unfloat
from pressroom.sources.dataset import check_width
from pressroom.sources.sandbox import Sandbox, literal, quoted
from pressroom.sources.stop import Stop
from pressroom.sources.workbook import OUT_OF_MEMORY
from pressroom.sources.workbook_errors import first_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from python_calamine import CalamineSheet

    Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta

BATCH_ROWS: Final = 16_384
_OVERHEAD_BYTES: Final = 512 * 2**20
"""What Python and the SQL engine take before the first row."""
_DAY: Final = dt.timedelta(days=1)
_ARROW: Final = {"DOUBLE": DataType.float64(), "BOOLEAN": DataType.bool()}
"""Days and moments go by way of ISO texts."""
_KINDS: Final = {
    int: "DOUBLE",
    float: "DOUBLE",
    dt.time: "DOUBLE",
    dt.timedelta: "DOUBLE",
    bool: "BOOLEAN",
    dt.date: "DATE",
    dt.datetime: "TIMESTAMP",
    str: "VARCHAR",
}


def read_sheet(path: Path, shown: str, sheet: str | None, rows: Path, memory_limit_bytes: int) -> None:
    """Write the sheet's rows to `rows`; raises `BadData` that names sheet and cell, and `LimitExceeded`."""
    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            name = _chosen(workbook, shown, sheet)
            if error := first_error(path, name):
                raise BadData(
                    f"{shown}: sheet {name!r}: {error[0]}: holds the error {error[1]}",
                    hint="mend its formula, or wrap it in IFERROR",
                )
            table = _Table(workbook.get_sheet_by_name(name), f"{shown}: sheet {name!r}")
    except CalamineError as e:
        raise BadData(f"{shown}: can't be read as a workbook: {e}") from None
    sandbox = Sandbox(
        threads=1,
        memory_limit_bytes=memory_limit_bytes // 4,
        spill=rows.with_suffix(".spill"),
        time_zone=None,
        stop=Stop(),
    )
    add = sandbox.add
    for batch in table.batches():
        add("cells", RecordBatchReader.from_batches(batch.schema, [batch]))
        add = sandbox.append
    settle(sandbox, "cells", "dated", table.days)
    unfloat(sandbox, "dated", "rows")
    sandbox.execute(f"COPY {quoted('rows')} TO {literal(str(rows))} (FORMAT parquet)")
    sandbox.close()


def _chosen(workbook: CalamineWorkbook, shown: str, sheet: str | None) -> str:
    tables = [meta for meta in workbook.sheets_metadata if meta.typ is SheetTypeEnum.WorkSheet]
    if sheet is None:
        visible = [meta for meta in tables if meta.visible is SheetVisibleEnum.Visible]
        if not visible:
            raise BadData(f"{shown}: has no sheet to read")
        return str(visible[0].name)
    names = [meta.name for meta in tables]
    if sheet not in names:
        raise BadData(f"{shown}: has no sheet {sheet!r}", hint=f"there are: {', '.join(names)}")
    return sheet


class _Table:
    """The cells of a sheet below its header."""

    def __init__(self, sheet: CalamineSheet, where: str) -> None:
        self._sheet = sheet
        self._where = where
        if sheet.start is None or sheet.end is None:
            raise BadData(f"{where}: is empty", hint="a sheet has a row of column names and rows below it")
        self._row, self._column = sheet.start
        self.kinds: list[set[str]] = [set() for _ in range(sheet.width)]
        self._rows = 0
        for at, chunk in self._chunks():
            for kinds, cells in zip(self.kinds, zip(*chunk, strict=True), strict=True):
                kinds.update(_KINDS[kind] for kind in {*map(type, cells)} if kind is not str)
                if any(cell and type(cell) is str for cell in cells):
                    kinds.add("VARCHAR")
            filled = [i for i, row in enumerate(chunk, start=1) if any(cell != "" for cell in row)]
            if filled:
                self._rows = at + filled[-1]
        self.names = self._header()
        if not self._rows:
            raise BadData(f"{where}: has column names but no rows")

    def batches(self) -> Iterator[RecordBatch]:
        """The rows up to the last that is not empty, of the columns that have a name."""
        for at, chunk in self._chunks():
            kept = chunk[: max(0, self._rows - at)]
            if not kept:
                return
            columns = list(zip(*kept, strict=True))
            yield RecordBatch.from_pydict(
                {name: _array(columns[i], self._kind(i)) for i, name in self.names.items()}
            )

    @property
    def days(self) -> dict[str, str]:
        """Columns of days and moments, which the batches hold as ISO texts, and their types."""
        kinds = {name: self._kind(i) for i, name in self.names.items()}
        return {name: kind for name, kind in kinds.items() if kind in ("DATE", "TIMESTAMP")}

    def _kind(self, column: int) -> str:
        """The type of SQL that every value of the column has."""
        kinds = self.kinds[column]
        if kinds == {"DATE", "TIMESTAMP"}:
            return "TIMESTAMP"
        return next(iter(kinds)) if len(kinds) == 1 else "VARCHAR"

    def _chunks(self) -> Iterator[tuple[int, list[Sequence[Cell]]]]:
        # The empty rows above the header come too, the empty columns before it do not.
        rows: Iterator[Sequence[Cell]] = itertools.islice(self._sheet.iter_rows(), self._row + 1, None)
        at = 0
        while chunk := list(itertools.islice(rows, BATCH_ROWS)):
            yield at, chunk
            at += len(chunk)

    def _header(self) -> dict[int, str]:
        """Names of the columns by their places; one without name and values is no column."""
        cells = next(itertools.islice(self._sheet.iter_rows(), self._row, None))
        check_width(self._where, len(cells))
        names: dict[int, str] = {}
        for i, cell in enumerate(cells):
            name = _text(cell).strip() if cell != "" else ""
            if not name:
                if self.kinds[i]:
                    raise BadData(f"{self._where}: {self._cell(i)}: the column has values but no name")
                continue
            same = [at for at, other in names.items() if other.lower() == name.lower()]
            if same:
                raise BadData(
                    f"{self._where}: {self._cell(i)}: {name!r} is the name of {self._cell(same[0])} too"
                )
            names[i] = name
        return names

    def _cell(self, column: int) -> str:
        letters, number = "", self._column + column + 1
        while number:
            number, digit = divmod(number - 1, 26)
            letters = chr(65 + digit) + letters
        return f"{letters}{self._row + 1}"


def _array(cells: Sequence[Cell], kind: str) -> Array:
    match kind:
        case "DOUBLE":
            return Array([_number(cell) for cell in cells], _ARROW[kind])
        case "BOOLEAN":
            return Array([cell if cell != "" else None for cell in cells], _ARROW[kind])
    return Array([_text(cell) if cell != "" else None for cell in cells], DataType.utf8())


def _number(cell: Cell) -> float | None:
    match cell:
        case float() | int():
            return float(cell)
        case dt.time():
            return dt.timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second) / _DAY
        case dt.timedelta():
            return cell / _DAY
    return None


def _text(cell: Cell) -> str:
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case dt.datetime():
            return cell.isoformat(" ")
    return str(cell)


def main() -> int:
    """Do the task that the first argument describes as JSON; errors are JSON on stdout, or an exit status."""
    task = json.loads(sys.argv[1])
    limit = task["memory_limit_bytes"]
    if sys.platform == "linux":
        most = limit + _OVERHEAD_BYTES
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        read_sheet(Path(task["workbook"]), task["shown"], task["sheet"], Path(task["rows"]), limit)
    except PressroomError as e:
        sys.stdout.write(json.dumps({"code": e.code, "message": e.message, "hint": e.hint}))
        return 1
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


if __name__ == "__main__":
    sys.exit(main())
