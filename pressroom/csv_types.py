"""Types of CSV columns that a sniffer gets wrong for money and dates: decided by every value, and exact.

DuckDB reads `12345678901234567.89` as a float and `01/02/2020 10:00` as the second of January or the first of
February. Such columns are read as text first; here the text becomes a decimal of the scale that is written,
or an ISO timestamp, or stays what it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

DECIMAL_DIGITS = 38
"""Digits of the longest decimal, in DuckDB and in Arrow's Decimal128."""
_NARROW_DIGITS = 18
_PLAIN_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)"


def read_as_text(kind: str) -> bool:
    """Whether a column that was sniffed as `kind` is read as text and typed by `settle`."""
    return kind == "DOUBLE" or kind.startswith("TIMESTAMP")


def settle(connection: duckdb.DuckDBPyConnection, table: str, sniffed: Mapping[str, str]) -> None:
    """Give the text columns of `table` (quoted) their types; `sniffed` maps quoted names to what they seemed.

    A float column whose values are all plain numbers of at most 38 digits becomes a DECIMAL, so its sums are
    exact; one with exponents, `nan` or more digits stays a DOUBLE. A timestamp column stays text when a value
    is not ISO 8601, for the report's SQL to read with `strptime`.
    """
    if not sniffed:
        return
    casts = ", ".join(
        f"CAST({column} AS {kind}) AS {column}" for column, kind in _kinds(connection, table, sniffed)
    )
    if casts:
        typed = f"SELECT * REPLACE ({casts}) FROM {table}"  # noqa: S608 - names are quoted
        connection.execute(f"CREATE OR REPLACE TABLE {table} AS {typed}")


def _kinds(
    connection: duckdb.DuckDBPyConnection, table: str, sniffed: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for column, kind in sniffed.items():
        if kind == "DOUBLE":
            yield column, _number(connection, table, column)
        elif _count(connection, table, f"{column} IS NOT NULL AND TRY_CAST({column} AS {kind}) IS NULL") == 0:
            yield column, kind


def _number(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> str:
    if _count(connection, table, f"NOT regexp_full_match({column}, '{_PLAIN_NUMBER}')"):
        return "DOUBLE"
    whole, fraction = connection.execute(
        f"SELECT coalesce(max(length(ltrim(split_part({column}, '.', 1), '+-'))), 0), "  # noqa: S608 - quoted
        f"coalesce(max(length(split_part({column}, '.', 2))), 0) FROM {table}"
    ).fetchall()[0]
    digits = max(whole, 1) + fraction
    if digits > DECIMAL_DIGITS:
        return "DOUBLE"
    return f"DECIMAL({_NARROW_DIGITS if digits <= _NARROW_DIGITS else DECIMAL_DIGITS}, {fraction})"


def _count(connection: duckdb.DuckDBPyConnection, table: str, condition: str) -> int:
    query = f"SELECT count(*) FROM {table} WHERE {condition}"  # noqa: S608 - names are quoted
    return int(connection.execute(query).fetchall()[0][0])
