"""A session over one table, which is given in batches of DuckDB's size, so that its threads share them."""

from __future__ import annotations

import duckdb
import pyarrow as pa

BATCH_ROWS = 122_880


def opened(table: pa.Table, threads: int) -> duckdb.DuckDBPyConnection:
    """An empty database that sees the table as `given`."""
    session = duckdb.connect(config={"threads": threads})
    session.execute("SET enable_progress_bar = false")
    session.register("given", pa.Table.from_batches(table.to_batches(max_chunksize=BATCH_ROWS)))
    return session
