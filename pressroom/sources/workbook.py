"""A workbook's sheet as rows: read by a process of its own, which a hostile file can only bring down itself.

calamine holds the sheet from its first cell to its last in memory, so two cells far apart are enough to ask
for half a terabyte. The reader gets as much memory as the SQL engine, can be killed, and leaves Parquet.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Final

from pressroom.errors import BadData, LimitExceeded, StorageFull

if TYPE_CHECKING:
    from pathlib import Path

    from pressroom.sources.dataset import Dataset
    from pressroom.sources.sandbox import Sandbox

MAX_UNPACKED_BYTES: Final = 4 * 2**30
"""A full sheet (1,048,576 rows) of 40 columns takes about 2 GiB of XML."""
MAX_RATIO: Final = 500
"""Unpacked bytes per packed one; sheets of numbers and texts have 5 to 30, the emptiest ones below 200."""
_SMALL_BYTES: Final = 2**20
"""Below this no ratio matters."""

OUT_OF_MEMORY: Final = 3
"""Exit status of a reader that needed more memory than it may have."""
_ERRORS: Final = {"bad_data": BadData, "limit_exceeded": LimitExceeded, "storage_full": StorageFull}


def workbook_rows(dataset: Dataset, sheet: str | None, sandbox: Sandbox) -> Path:
    """The rows of `sheet` (default: the first that is shown) as a Parquet file in the sandbox's spill folder.

    Raises `BadData` that names sheet and cell, `LimitExceeded`, `StorageFull`, `JobCancelled`.
    """
    _check_size(dataset)
    rows = sandbox.spill / f"workbook-{len(list(sandbox.spill.glob('workbook-*')))}.parquet"
    task = {
        "workbook": str(dataset.path),
        "shown": dataset.shown,
        "sheet": sheet,
        "rows": str(rows),
        "memory_limit_bytes": sandbox.memory_limit_bytes,
    }
    command = [sys.executable, "-P", "-m", "pressroom.sources.workbook_reader", json.dumps(task)]
    with subprocess.Popen(  # noqa: S603 - this Python, a module of ours
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as reader:
        try:
            with sandbox.stop.reaches(reader.kill):
                said, failed = reader.communicate()
        finally:
            reader.kill()
    sandbox.stop.check()
    if reader.returncode == 0:
        return rows
    if said:
        found = json.loads(said)
        raise _ERRORS[found["code"]](found["message"], hint=found["hint"])
    # What is not Python ends with a signal when it gets no memory.
    if reader.returncode < 0 or reader.returncode == OUT_OF_MEMORY:
        raise LimitExceeded(
            f"{dataset.shown}: takes more memory than {sandbox.memory_limit_bytes:,} bytes to read",
            hint="raise PRESSROOM_MEMORY_LIMIT_BYTES, or save the sheet as CSV",
        )
    raise BadData(f"{dataset.shown}: can't be read as a workbook: {failed.strip().splitlines()[-1]}")


def _check_size(dataset: Dataset) -> None:
    """Refuse what unpacks to more than a workbook holds; the reader's memory limit catches lies."""
    try:
        with zipfile.ZipFile(dataset.path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (OSError, zipfile.BadZipFile) as e:
        raise BadData(f"{dataset.shown}: can't be read: {e}") from None
    packed = max(1, dataset.path.stat().st_size)
    if unpacked > MAX_UNPACKED_BYTES or unpacked > max(_SMALL_BYTES, packed * MAX_RATIO):
        raise LimitExceeded(
            f"{dataset.shown}: {packed:,} bytes unpack to {unpacked:,}; at most {MAX_UNPACKED_BYTES:,}, and "
            f"{MAX_RATIO} times the file's size, are read",
            hint="save the sheet as CSV",
        )
