"""A dataset as a table of the sandbox, whatever its format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
from arro3.core import RecordBatchReader

from pressroom.errors import BadData, BadRequest
from pressroom.sources.column_names import named_once
from pressroom.sources.csv_table import add_csv
from pressroom.sources.dataset import FORMAT_NAMES, check_width
from pressroom.sources.engine_errors import of_dataset
from pressroom.sources.sandbox import literal, quoted
from pressroom.sources.workbook import workbook_rows
from rust_core import CoreError, read_ipc

if TYPE_CHECKING:
    from pathlib import Path

    from pressroom.sources.dataset import Dataset
    from pressroom.sources.sandbox import Sandbox


def add_dataset(sandbox: Sandbox, dataset: Dataset, *, sheet: str | None = None) -> Path | None:
    """Make the dataset a table; a workbook's is that of `sheet` (default: its first).

    Parquet is read in place, as a view: returns the file that must stay readable then. Raises `BadData`.
    """
    readable: Path | None = None
    try:
        match dataset.format:
            case "csv":
                add_csv(sandbox, dataset)
            case "json":
                _add_json(sandbox, dataset)
            case "parquet":
                readable = _add_parquet(sandbox, dataset, dataset.path)
            case "arrow":
                _add_arrow(sandbox, dataset)
            case "xlsx":
                rows = workbook_rows(dataset, sheet, sandbox)
                readable = _add_parquet(sandbox, dataset, rows)
            case other:
                known = ", ".join(FORMAT_NAMES)
                raise BadRequest(f"{dataset.name}: unknown format {other!r}; there are: {known}")
    except duckdb.Error as e:
        raise of_dataset(dataset, e) from None
    columns = sandbox.columns(dataset.name)
    check_width(dataset.shown, len(columns))
    if not columns:
        raise BadData(f"{dataset.shown}: has no columns")
    return readable


def _add_arrow(sandbox: Sandbox, dataset: Dataset) -> None:
    try:
        rows = RecordBatchReader.from_stream(read_ipc(str(dataset.path)))
    except CoreError as e:
        raise BadData(f"{dataset.shown}: {e}") from None
    named_once(dataset.shown, rows.schema.names, BadData)
    sandbox.add(dataset.name, rows)


def _add_parquet(sandbox: Sandbox, dataset: Dataset, path: Path) -> Path:
    sandbox.execute(f"CREATE VIEW {quoted(dataset.name)} AS FROM read_parquet({literal(str(path))})")
    return path


def _add_json(sandbox: Sandbox, dataset: Dataset) -> None:
    name, path = quoted(dataset.name), literal(str(dataset.path))
    reader = f"read_json({path}, format='newline_delimited', auto_detect=true, sample_size=-1)"
    sandbox.execute(f"CREATE TABLE {name} AS FROM {reader}")
    # Fields that hold several types are kept as JSON: they become plain text without quotes.
    mixed = [column for column, kind in sandbox.columns(dataset.name).items() if kind == "JSON"]
    if mixed:
        texts = ", ".join(f"{quoted(c)} ->> '$' AS {quoted(c)}" for c in mixed)
        plain = f"SELECT * REPLACE ({texts}) FROM {name}"  # noqa: S608 - names are quoted
        sandbox.execute(f"CREATE OR REPLACE TABLE {name} AS {plain}")
