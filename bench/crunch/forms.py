"""The forms in which the ledger is given: Arrow in memory in the report's order, CSV file, Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

ARROW, CSV, PARQUET = "arrow", "csv", "parquet"
FORMS = {ARROW: "Arrow in memory", CSV: "CSV file", PARQUET: "Parquet file"}

TYPES = {
    "entry": "INTEGER",
    "booked": "DATE",
    "account": "INTEGER",
    "customer": "VARCHAR",
    "city": "VARCHAR",
    "kind": "VARCHAR",
    "memo": "VARCHAR",
    "quantity": "INTEGER",
    "price": "DECIMAL(12,2)",
    "amount": "DECIMAL(12,2)",
}
"""The ledger's columns, as everybody is told them who reads the CSV file."""

GROUPS, ORDER = ("city", "account"), "city, account, entry"
BATCH = 122_880
"""Rows of a batch: DuckDB's row group."""


def made_form(parquet: Path, form: str) -> Path:
    """The dataset in its form, beside the Parquet file, made when it is not there yet."""
    if form == PARQUET:
        return parquet
    path = parquet.with_suffix(f".{form}")
    if not path.is_file():
        import duckdb

        temporary = path.with_suffix(".tmp")
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            rows = connection.read_parquet(str(parquet))
            if form == CSV:
                rows.write_csv(str(temporary))
            else:
                _write_arrow(rows, temporary)
        temporary.replace(path)
    return path


def in_memory(path: Path) -> Any:
    """The rows of an Arrow file as a `pyarrow.Table` in memory, in the report's order."""
    import pyarrow as pa

    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


def _write_arrow(rows: duckdb.DuckDBPyRelation, path: Path) -> None:
    import pyarrow as pa

    batches = rows.order(ORDER).to_arrow_reader(BATCH)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batches.schema) as out:
        for batch in batches:
            out.write_batch(batch)
