"""Column types that a reader gets wrong for money and dates: decided by every value, and exact.

DuckDB reads `12345678901234567.89` as a float and `01/02/2020 10:00` as the second of January or the first of
February. Such columns are read as text first; here the text becomes a decimal of the scale that is written,
or an ISO timestamp, or stays what it is. Workbooks and SQLite hold 12.34 as a float: here it is a decimal
again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pressroom.sources.sandbox import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pressroom.sources.sandbox import Sandbox

DECIMAL_DIGITS: Final = 38
"""Digits of the longest decimal, in DuckDB and in Arrow's Decimal128."""
FLOAT_DIGITS: Final = 15
"""Decimal digits that every double keeps (DBL_DIG), and that Excel shows: what has more was computed."""
_NARROW_DIGITS: Final = 18
_PLAIN_NUMBER: Final = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)"


def read_as_text(kind: str) -> bool:
    """Whether a column that was sniffed as `kind` is read as text and typed by `settle`."""
    return kind == "DOUBLE" or kind.startswith("TIMESTAMP")


def settle(sandbox: Sandbox, table: str, sniffed: Mapping[str, str]) -> None:
    """Give the text columns of `table` their types; `sniffed` maps their names to what they seemed.

    A float column whose values are all plain numbers of at most 38 digits becomes a DECIMAL, so its sums are
    exact; one with exponents, `nan` or more digits stays a DOUBLE. A timestamp column stays text when a value
    is not ISO 8601, for the report's SQL to read with `strptime`.
    """
    _retype(sandbox, table, dict(_settled(sandbox, quoted(table), sniffed)))


def unfloat(sandbox: Sandbox, table: str) -> None:
    """Make the DOUBLE columns of `table` what people typed: whole numbers, or decimals of that scale.

    A column with a value of more than 15 digits, an exponent or `nan` stays a DOUBLE.
    """
    doubles = [column for column, kind in sandbox.columns(table).items() if kind == "DOUBLE"]
    _retype(sandbox, table, dict(_unfloated(sandbox, quoted(table), doubles)))


def _settled(sandbox: Sandbox, table: str, sniffed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, kind in sniffed.items():
        column = quoted(name)
        if kind == "DOUBLE":
            yield name, _number(sandbox, table, column)
        elif not _any(sandbox, table, f"{column} IS NOT NULL AND TRY_CAST({column} AS {kind}) IS NULL"):
            yield name, kind


def _unfloated(sandbox: Sandbox, table: str, doubles: list[str]) -> Iterator[tuple[str, str]]:
    for name in doubles:
        column, text = quoted(name), f"CAST({quoted(name)} AS VARCHAR)"
        digits = f"length(trim(replace(ltrim({text}, '-'), '.', ''), '0'))"
        if _any(
            sandbox, table, f"NOT regexp_full_match({text}, '{_PLAIN_NUMBER}') OR {digits} > {FLOAT_DIGITS}"
        ):
            continue
        whole = not _any(sandbox, table, f"{column} <> trunc({column}) OR abs({column}) >= 1e{FLOAT_DIGITS}")
        yield name, "BIGINT" if whole else _number(sandbox, table, text)


def _retype(sandbox: Sandbox, table: str, kinds: Mapping[str, str]) -> None:
    if not kinds:
        return
    # By way of text: a float cast to a decimal of many digits is rounded in binary.
    casts = ", ".join(
        f"CAST(CAST({quoted(c)} AS VARCHAR) AS {kind}) AS {quoted(c)}" for c, kind in kinds.items()
    )
    name = quoted(table)
    typed = f"SELECT * REPLACE ({casts}) FROM {name}"  # noqa: S608 - names are quoted
    sandbox.execute(f"CREATE OR REPLACE TABLE {name} AS {typed}")


def _number(sandbox: Sandbox, table: str, text: str) -> str:
    """The type that holds every number of the expression `text` exactly, or DOUBLE."""
    if _any(sandbox, table, f"NOT regexp_full_match({text}, '{_PLAIN_NUMBER}')"):
        return "DOUBLE"
    whole, fraction = _row(
        sandbox,
        f"SELECT coalesce(max(length(ltrim(split_part({text}, '.', 1), '+-'))), 0), "  # noqa: S608 - quoted
        f"coalesce(max(length(split_part({text}, '.', 2))), 0) FROM {table}",
    )
    digits = max(whole, 1) + fraction
    if digits > DECIMAL_DIGITS:
        return "DOUBLE"
    return f"DECIMAL({_NARROW_DIGITS if digits <= _NARROW_DIGITS else DECIMAL_DIGITS}, {fraction})"


def _any(sandbox: Sandbox, table: str, condition: str) -> bool:
    return bool(_row(sandbox, f"SELECT count(*) FROM {table} WHERE {condition}")[0])  # noqa: S608 - quoted


def _row(sandbox: Sandbox, query: str) -> tuple[int, ...]:
    sandbox.execute(query)
    (row,) = sandbox.connection.fetchall()
    return tuple(int(value) for value in row)
