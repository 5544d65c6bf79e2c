"""DuckDB: SQL, one query for each answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from bench.crunch.answers import Answers, extent, number, table
from bench.crunch.forms import ARROW, CSV, GROUPS, ORDER, TYPES

if TYPE_CHECKING:
    from pathlib import Path

# The median of decimals is rounded to their digits; of floats it is not.
FIGURES = """
    count(DISTINCT customer), sum(quantity), sum(price * quantity) / sum(quantity),
    sum(amount), avg(amount), min(amount), max(amount), count(amount),
    median(amount::DOUBLE)
"""
QUERIES = {
    "groups": f"SELECT city, account, {FIGURES} FROM ledger GROUP BY ROLLUP (city, account)",
    "kinds": "SELECT city, kind, sum(amount) FROM ledger GROUP BY CUBE (city, kind)",
    "largest": f"SELECT * FROM ledger ORDER BY amount DESC, {ORDER} LIMIT 20",
    "days": "SELECT booked, sum(amount) FROM ledger GROUP BY booked ORDER BY booked",
    "columns": "SELECT "
    + ", ".join(
        f"count({name}), min({name}), max({name}), "
        + (f"max(length({name}))" if kind == "VARCHAR" else "NULL")
        for name, kind in TYPES.items()
    )
    + " FROM ledger",
}
RUNNING = "sum(amount) OVER (PARTITION BY city, account ORDER BY entry ROWS UNBOUNDED PRECEDING)"


class Engine:
    """A connection with its threads; from a CSV file the rows are read into its memory once."""

    def __init__(self, threads: int, folder: Path) -> None:
        self._connection = duckdb.connect(config={"threads": threads, "temp_directory": str(folder)})
        self._connection.execute("SET enable_progress_bar = false")

    def take(self, table: Any) -> None:
        """As it is: DuckDB scans Arrow."""
        self._connection.register("ledger", table)

    def open(self, form: str, path: Path) -> None:
        """A table of the CSV file, which costs more to read again; a view of the Parquet file."""
        if form == CSV:
            columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
            read = f"read_csv('{path}', header = true, columns = {{{columns}}})"
            self._connection.execute(f"CREATE TABLE ledger AS SELECT * FROM {read}")
        else:
            self._connection.execute(f"CREATE VIEW ledger AS SELECT * FROM read_parquet('{path}')")

    def answer(self, form: str) -> dict[str, Any]:
        """Each query's result as Arrow; rows from files also in the report's order, batch by batch."""
        found = {name: self._connection.sql(query).to_arrow_table() for name, query in QUERIES.items()}
        # Arrow in memory has the report's order already: its rows lack the running sums only.
        rows = f"SELECT *, {RUNNING} AS running FROM ledger ORDER BY {ORDER}"
        if form == ARROW:
            rows = f"SELECT entry, {RUNNING} AS running FROM ledger"
        found["running"] = _running(self._connection.sql(rows).to_arrow_reader())
        return found

    def totals(self) -> Any:
        """One query."""
        return self._connection.sql(QUERIES["groups"]).to_arrow_table()

    def written(self, found: dict[str, Any]) -> Answers:
        """The tables' rows."""
        import pyarrow.compute as pc

        groups = _rows(found["groups"])
        (columns,) = _rows(found["columns"])
        return Answers(
            report=next([number(v) for v in row[2:]] for row in groups if row[:2] == (None, None)),
            cities=table([(row[0], *row[2:]) for row in groups if row[0] and row[1] is None], 1),
            accounts=table([row for row in groups if row[1] is not None], len(GROUPS)),
            kinds=table(_rows(found["kinds"]), 2),
            largest=found["largest"].column("entry").to_pylist(),
            days=table(_rows(found["days"]), 1),
            columns={name: extent(*columns[4 * place : 4 * place + 4]) for place, name in enumerate(TYPES)},
            running=[len(found["running"]), number(pc.sum(found["running"]).as_py() or 0)],
        )


def _rows(table: Any) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _running(batches: Any) -> Any:
    """The running sums of a reader that keeps nothing else."""
    import pyarrow as pa

    return pa.chunked_array([batch.column("running") for batch in batches])
