"""The Rust core: crunches Arrow rows and writes PDF and XLSX, without the GIL."""

from rust_core._rust_core import (
    Cancelled,
    CoreError,
    Crunched,
    DataError,
    DeadlineExceeded,
    DiskFull,
    JobControl,
    LimitError,
    PagePlate,
    PlanError,
    PlateError,
    SheetPlate,
    WriteError,
    crunch,
    format_value,
)

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
    "PlanError",
    "PlateError",
    "SheetPlate",
    "WriteError",
    "crunch",
    "format_value",
]
