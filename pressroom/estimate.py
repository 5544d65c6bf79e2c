"""How large a job is, guessed from a look at its datasets: only which queue it joins depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pressroom.jobs import Dataset

SAMPLE_BYTES = 256 * 1024
_BYTES_PER_CELL = {"parquet": 2.0, "arrow": 8.0, "xlsx": 4.0}
"""Of the formats that are not lines of text; Parquet of real tables takes 1 to 4, XLSX 3 to 6."""


def estimate_cells(
    datasets: Iterable[Dataset],
    columns: int,
    head: Callable[[Dataset, int], bytes],
    *,
    rows: int | None = None,
) -> float:
    """Rows x `columns` of a report over `datasets`; `rows` when they are known.

    `head` reads the first bytes of a dataset: no more of it is looked at.
    """
    if rows is not None:
        return float(rows * columns)
    return sum(_cells(dataset, columns, head) for dataset in datasets)


def _cells(dataset: Dataset, columns: int, head: Callable[[Dataset, int], bytes]) -> float:
    if dataset.format in _BYTES_PER_CELL:
        return dataset.bytes / _BYTES_PER_CELL[dataset.format]
    sample = head(dataset, SAMPLE_BYTES)
    lines = max(1, sample.count(b"\n"))
    return dataset.bytes / len(sample) * lines * columns
