"""How large a job is, guessed from a look at its datasets: only which queue it joins depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SAMPLE_BYTES = 256 * 1024
_BYTES_PER_CELL = {"parquet": 2.0, "arrow": 8.0, "xlsx": 4.0}
"""Of the formats that are not lines of text; Parquet of real tables takes 1 to 4, XLSX 3 to 6."""


def estimate_cells(
    datasets: Iterable[tuple[Path, str, int]], columns: int, *, rows: int | None = None
) -> float:
    """Rows x `columns` of a report over `datasets` (path, format, bytes); `rows` when they are known."""
    if rows is not None:
        return float(rows * columns)
    return sum(_cells(path, form, size, columns) for path, form, size in datasets)


def _cells(path: Path, form: str, size: int, columns: int) -> float:
    if form in _BYTES_PER_CELL:
        return size / _BYTES_PER_CELL[form]
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    lines = max(1, sample.count(b"\n"))
    return size / len(sample) * lines * columns
