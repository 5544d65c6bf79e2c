"""A CSV file as a table: every line read strictly, every column typed by all of its values."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING, Final

import duckdb

from pressroom.errors import BadData
from pressroom.sources.column_types import as_read, read_as_text, settle
from pressroom.sources.dataset import check_width
from pressroom.sources.engine_errors import of_dataset, of_machine
from pressroom.sources.sandbox import literal, quoted

if TYPE_CHECKING:
    from pressroom.sources.dataset import Dataset
    from pressroom.sources.sandbox import Sandbox

_DELIMITERS: Final = (",", ";", "\t", "|")


def add_csv(sandbox: Sandbox, dataset: Dataset) -> None:
    """Make the CSV file a table; raises `BadData` with its line for what is wrong in it."""
    read = as_read(dataset.name)
    delimiter, header = _header(dataset)
    lower = _checked(dataset, header)
    quote = literal('"')
    fixed = (
        f"read_csv({literal(str(dataset.path))}, delim={literal(delimiter)}, quote={quote}, "
        f"escape={quote}, comment='', header=true, skip=0, strict_mode=true, null_padding=false, "
        # 01/02/2020 is a different day on each side of the Atlantic: only ISO dates are typed.
        "ignore_errors=false, dateformat='%Y-%m-%d',"
    )
    create = f"CREATE OR REPLACE TABLE {quoted(read)} AS FROM {fixed} auto_detect=false,"
    try:
        with sandbox.stop.reaches(sandbox.interrupt):
            # Sniffed from every row: after a sample DuckDB casts what does not fit, 1.5 to 2 and 007 to 7.
            sniffed = sandbox.connection.sql(f"FROM {fixed} auto_detect=true, sample_size=-1)")
    except duckdb.Error as e:
        if failure := of_machine(e):
            raise failure from None
        # Read as plain text, a broken line is named.
        texts = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in header)
        sandbox.execute(f"{create} columns={{{texts}}})")
        raise of_dataset(dataset, e) from None
    if [c.lower() for c in sniffed.columns] != lower:
        raise BadData(
            f"{dataset.shown}:1: the column names can't be told from the rows",
            hint="the first line is the column names, and every line has as many values",
        )
    kinds = {c: str(kind) for c, kind in zip(sniffed.columns, sniffed.types, strict=True)}
    typed = ", ".join(
        f"{literal(c)}: '{'VARCHAR' if read_as_text(kind) else kind}'" for c, kind in kinds.items()
    )
    sandbox.execute(f"{create} columns={{{typed}}})")
    if not sandbox.connection.table(quoted(read)).limit(1).fetchall():
        raise BadData(f"{dataset.shown}: has column names but no rows")
    settle(sandbox, read, dataset.name, {c: kind for c, kind in kinds.items() if read_as_text(kind)})


def _checked(dataset: Dataset, header: list[str]) -> list[str]:
    """The header's names in lower case, each there and different from the others."""
    check_width(dataset.shown, len(header))
    for i, column in enumerate(header, start=1):
        if not column.strip():
            raise BadData(f"{dataset.shown}:1: column {i} has no name")
    lower = [column.lower() for column in header]
    if twice := sorted({c for c in header if lower.count(c.lower()) > 1}):
        raise BadData(f"{dataset.shown}:1: more than one column is named {', '.join(twice)}")
    return lower


def _header(dataset: Dataset) -> tuple[str, list[str]]:
    """The delimiter of a CSV file, and its column names: the one that cuts its first line into most."""
    try:
        # Bytes that are no UTF-8 are found when DuckDB reads the file; it names their line.
        with dataset.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            # A quoted name may hold a line break; no header needs more lines than this.
            lines = list(islice(file, 64))
    except OSError as e:
        raise BadData(f"{dataset.shown}: can't be read: {e.strerror}") from None
    best: tuple[str, list[str]] = (",", [])
    csv.field_size_limit(2**24)
    for delimiter in _DELIMITERS:
        header = next(csv.reader(lines, delimiter=delimiter), [])
        if len(header) > len(best[1]):
            best = (delimiter, header)
    return best
