"""DuckDB's errors in a person's words: whose fault it is, where, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import duckdb

from pressroom.errors import BadData, JobCancelled, LimitExceeded, PressroomError, QueryFailed, StorageFull

if TYPE_CHECKING:
    from pressroom.sources.dataset import Dataset

_CSV_LINE: Final = re.compile(r"CSV Error on Line: (\d+)")
_JSON_LINE: Final = re.compile(r"at byte \d+ in line (\d+)")
_STREAM: Final = re.compile(
    r"^(reading rows: )?(C Data interface error: )*"
    r"([\w ]+ Error: reading the stream registered as '[^']*' failed: (C Data interface error: )*)?"
)


def of_machine(error: object) -> PressroomError | None:
    """An error that is not the data's fault nor the SQL's: cancelled, out of disk or of memory."""
    text = str(error)
    if isinstance(error, duckdb.InterruptException) or text.startswith("INTERRUPT"):
        return JobCancelled("cancelled while the rows were read")
    if "No space left" in text or "failed to offload" in text.lower():
        return StorageFull(first_line(text), hint="free space in the data folder and retry")
    if isinstance(error, duckdb.OutOfMemoryException) or text.startswith("Out of Memory"):
        return LimitExceeded(
            first_line(text), hint="raise PRESSROOM_MEMORY_LIMIT_BYTES, or select fewer columns"
        )
    return None


def of_query(error: object, key: str = "data.sql", *, lines_before: int = 0) -> PressroomError:
    """DuckDB's own words: what failed, at which line of the SQL at `key`, and what it proposes.

    DuckDB counts lines from what it was told to run, which begins `lines_before` lines into that SQL.
    """
    text = _STREAM.sub("", str(error))
    found = re.search(r"^LINE (\d+):", text, re.MULTILINE)
    where = f"{key} line {int(found[1]) + lines_before}" if found else key
    hints = [
        line.strip() for line in text.splitlines() if line.lower().startswith(("candidate", "did you mean"))
    ]
    return of_machine(text) or QueryFailed(
        f"report.yaml: {where}: {first_line(text)}", hint=hints[0] if hints else None
    )


def of_dataset(dataset: Dataset, error: duckdb.Error) -> BadData:
    """What is wrong with a dataset, and in which line of it."""
    text = str(error)
    line: int | None = None
    if found := _CSV_LINE.search(text):
        line = int(found.group(1))
    elif found := _JSON_LINE.search(text):
        # DuckDB 2.0 counts the lines of JSON from 2.
        line = int(found.group(1)) - 1
    where = f"{dataset.shown}:{line}" if line else dataset.shown
    lines = [part.strip() for part in text.splitlines() if part.strip() and "Possible" not in part]
    # DuckDB says first where and what (`CSV Error on Line: 3`), then the line, then the reason.
    signs = ("Expected Number", "Error when conv", "nicode", "alformed", "quote", "Maximum line")
    reason = next((part for sign in signs for part in lines if sign in part), None) or of_stream(error)
    reason = re.sub(r'^[\w ]+ Error: | in file "[^"]*",| in line \d+', "", reason).replace(
        str(dataset.path), dataset.shown
    )
    return BadData(f"{where}: {reason.rstrip('.')}")


def of_stream(error: object) -> str:
    """What the producer of an Arrow stream said, without the names of those that passed it on."""
    return first_line(_STREAM.sub("", str(error)))


def first_line(error: object) -> str:
    """The first line that says something."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "unknown error")
