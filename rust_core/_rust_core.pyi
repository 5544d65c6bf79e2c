"""Types of the extension module; kept by hand and checked against it by stubtest."""

from typing import Any, Protocol, final, type_check_only

__all__ = [
    "Cancelled",
    "CoreError",
    "Crunched",
    "DataError",
    "DeadlineExceeded",
    "DiskFull",
    "JobControl",
    "LimitError",
    "PagePlate",
    "Pagination",
    "PlanError",
    "PlateError",
    "SheetPlate",
    "StreamError",
    "WriteError",
    "Written",
    "crunch",
    "format_value",
    "paginate",
    "read_ipc",
    "spread_rows",
    "transform",
    "write_pdf",
    "write_xlsx",
]

@type_check_only
class ArrowStream(Protocol):
    """Anything that speaks the Arrow PyCapsule interface: DuckDB, Polars, pyarrow, arro3."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

class CoreError(Exception):
    """A call of the core failed; the text says what and where."""

class Cancelled(CoreError):
    """The job was cancelled."""

class DeadlineExceeded(CoreError):
    """The job ran past its deadline."""

class DataError(CoreError):
    """The rows do not fit the plan."""

class StreamError(DataError):
    """The rows could not be read to their end."""

class PlanError(CoreError):
    """The plan can't be carried out."""

class PlateError(CoreError):
    """A plate does not fit the plan or can't be read."""

class LimitError(CoreError):
    """A limit of the file format was passed."""

class WriteError(CoreError):
    """A file could not be written or read."""

class DiskFull(WriteError):
    """The disk is full."""

@final
class JobControl:
    """Cancel and deadline in, progress out; shared by a job's threads."""

    def __new__(cls, threads: int = 0, deadline_seconds: float | None = None) -> JobControl: ...
    def cancel(self) -> None: ...
    def check(self) -> None: ...
    @property
    def cancelled(self) -> bool: ...
    @property
    def threads(self) -> int: ...
    def progress(self) -> tuple[int, int]: ...

@final
class Crunched:
    """A report's rows in their spool, and everything computed from them."""

    @property
    def rows(self) -> int: ...
    @property
    def control(self) -> dict[str, tuple[int, int | None]]: ...
    def summary(self) -> dict[str, Any]: ...
    def stream(self) -> ArrowStream:
        """The printed columns of every row."""

    def groups(self, level: int, limit: int) -> list[dict[str, Any]]: ...

@final
class SheetPlate:
    """A workbook specimen and where its rows go."""

    def __new__(cls, json: str, workbook: bytes) -> SheetPlate: ...

@final
class PagePlate:
    """A page design and its furniture."""

    def __new__(cls, json: str, furniture: bytes) -> PagePlate: ...

@final
class Pagination:
    """Which band stands on which page."""

    @property
    def pages(self) -> int: ...

@final
class Written:
    """Figures of a written file."""

    @property
    def rows(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def pages(self) -> int: ...
    @property
    def sheets(self) -> int: ...
    @property
    def cells(self) -> int: ...
    @property
    def control(self) -> dict[str, tuple[int, int | None]]: ...
    @property
    def warnings(self) -> list[str]: ...

def transform(stream: ArrowStream, plan: str, path: str, control: JobControl) -> int:
    """Write the table that `plan` makes of `stream` to the Arrow IPC file `path`; gives its rows."""

def crunch(stream: ArrowStream, plan: str, spool: str, control: JobControl) -> Crunched: ...
def paginate(crunched: Crunched, plate: PagePlate, control: JobControl) -> Pagination: ...
def write_pdf(
    crunched: Crunched,
    plate: PagePlate,
    pagination: Pagination,
    path: str,
    control: JobControl,
    surroundings: bytes | None = None,
    before: int = 0,
) -> Written:
    """`surroundings` are the pages before the table, two that stand for its own, and those after it."""

def write_xlsx(crunched: Crunched, plate: SheetPlate, path: str, control: JobControl) -> Written: ...
def spread_rows(crunched: Crunched, sheet: str, taken: list[str], below: int) -> list[tuple[str, int, int]]:
    """Name, first detail row (from 0) and detail rows of each sheet that `sheet` of a plate becomes."""

def read_ipc(path: str) -> ArrowStream: ...
def format_value(code: str, value: object) -> str: ...
