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
    from collections.abc import Iterator, Mapping, Sequence

    from pressroom.sources.sandbox import Sandbox

DECIMAL_DIGITS: Final = 38
"""Digits of the longest decimal, in DuckDB and in Arrow's Decimal128."""
FLOAT_DIGITS: Final = 15
"""Decimal digits that every double keeps (DBL_DIG), and that Excel shows: what has more was computed."""
_NARROW_DIGITS: Final = 18
_A_LOOK: Final = 150
"""Expressions of one look: the engine holds some vectors for each, in every thread."""
_PLAIN_NUMBER: Final = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)"


def read_as_text(kind: str) -> bool:
    """Whether a column that was sniffed as `kind` is read as text and typed by `settle`."""
    return kind == "DOUBLE" or kind.startswith("TIMESTAMP")


def as_read(name: str) -> str:
    """Where the rows of the table `name` lie as they were read, before their types are known."""
    return f"{name} as read"


def settle(sandbox: Sandbox, read: str, table: str, sniffed: Mapping[str, str]) -> None:
    """Make `table` a view of the table `read`; `sniffed` maps its text columns to what they seemed.

    A float column whose values are all plain numbers of at most 38 digits becomes a DECIMAL, so its sums are
    exact; one with exponents, `nan` or more digits becomes a DOUBLE. A timestamp column stays text when a
    value is not ISO 8601, for the report's SQL to read with `strptime`.
    """
    asked: list[str] = []
    for name, kind in sniffed.items():
        column = quoted(name)
        misfit = f"{column} IS NOT NULL AND TRY_CAST({column} AS {kind}) IS NULL"
        asked += _digits(column) if kind == "DOUBLE" else [_count(misfit)]
    found = _ask(sandbox, read, asked)
    kinds = {
        name: _number(found) if kind == "DOUBLE" else _fitting(kind, found) for name, kind in sniffed.items()
    }
    _view(sandbox, read, table, {name: kind for name, kind in kinds.items() if kind is not None})


def unfloat(sandbox: Sandbox, read: str, table: str) -> None:
    """Make `table` a view of the table `read` whose DOUBLE columns are what people typed.

    That is whole numbers, or decimals of that scale. A column with a value of more than 15 digits, an
    exponent or `nan` stays a DOUBLE.
    """
    doubles = [column for column, kind in sandbox.columns(read).items() if kind == "DOUBLE"]
    asked: list[str] = []
    for name in doubles:
        column, text = quoted(name), f"CAST({quoted(name)} AS VARCHAR)"
        digits = f"length(trim(replace(ltrim({text}, '-'), '.', ''), '0'))"
        asked += [
            _count(f"{digits} > {FLOAT_DIGITS}"),
            _count(f"{column} <> trunc({column}) OR abs({column}) >= 1e{FLOAT_DIGITS}"),
            *_digits(text),
        ]
    found = _ask(sandbox, read, asked)
    kinds: dict[str, str] = {}
    for name in doubles:
        computed, parted, kind = next(found), next(found), _number(found)
        if not computed and kind != "DOUBLE":
            kinds[name] = kind if parted else "BIGINT"
    _view(sandbox, read, table, kinds)


def _view(sandbox: Sandbox, read: str, table: str, kinds: Mapping[str, str]) -> None:
    # By way of text: a float cast to a decimal of many digits is rounded in binary.
    casts = ", ".join(
        f"CAST(CAST({quoted(c)} AS VARCHAR) AS {kind}) AS {quoted(c)}" for c, kind in kinds.items()
    )
    typed = f"* REPLACE ({casts})" if casts else "*"
    # A table would be a second copy of all rows.
    sandbox.execute(f"CREATE VIEW {quoted(table)} AS SELECT {typed} FROM {quoted(read)}")  # noqa: S608 - quoted


def _digits(text: str) -> list[str]:
    """What `_number` wants to know of the expression `text`."""
    point = f"instr({text}, '.')"
    length = f"length({text})"
    signs = f"CASE WHEN starts_with({text}, '-') OR starts_with({text}, '+') THEN 1 ELSE 0 END"
    return [
        _count(f"NOT regexp_full_match({text}, '{_PLAIN_NUMBER}')"),
        f"coalesce(max(CASE WHEN {point} > 0 THEN {point} - 1 ELSE {length} END - {signs}), 0)",
        f"coalesce(max(CASE WHEN {point} > 0 THEN {length} - {point} ELSE 0 END), 0)",
    ]


def _number(found: Iterator[int]) -> str:
    """The type that holds every number exactly, or DOUBLE; `found` goes on with the answers to `_digits`."""
    odd, whole, fraction = next(found), next(found), next(found)
    digits = max(whole, 1) + fraction
    if odd or digits > DECIMAL_DIGITS:
        return "DOUBLE"
    return f"DECIMAL({_NARROW_DIGITS if digits <= _NARROW_DIGITS else DECIMAL_DIGITS}, {fraction})"


def _fitting(kind: str, found: Iterator[int]) -> str | None:
    return None if next(found) else kind


def _count(condition: str) -> str:
    return f"count(*) FILTER ({condition})"


def _ask(sandbox: Sandbox, table: str, expressions: Sequence[str]) -> Iterator[int]:
    """What the expressions are, in one look at the table, or in a few at a wide one."""
    for first in range(0, len(expressions), _A_LOOK):
        asked = ", ".join(expressions[first : first + _A_LOOK])
        sandbox.execute(f"SELECT {asked} FROM {quoted(table)}")  # noqa: S608 - names are quoted
        (row,) = sandbox.connection.fetchall()
        yield from map(int, row)
