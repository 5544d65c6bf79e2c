"""The report's SQL: exactly one SELECT, its parameters bound, run in the locked sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from pressroom.errors import DefinitionError, QueryFailed
from pressroom.sources.column_names import named_once
from pressroom.sources.engine_errors import of_query
from pressroom.sources.sandbox import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pressroom.definition import ParameterValue
    from pressroom.errors import PressroomError
    from pressroom.sources.sandbox import Sandbox


def bind_query(
    sandbox: Sandbox, sql: str, parameters: Mapping[str, ParameterValue], key: str = "data.sql"
) -> duckdb.DuckDBPyRelation:
    """The rows that `sql`, which is `key` of report.yaml, gives, not yet read.

    Raises `QueryFailed` and `DefinitionError`.
    """
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as e:
        raise of_query(e, key) from None
    if len(statements) != 1 or _type(statements[0]) != duckdb.StatementType.SELECT.name:
        raise QueryFailed(
            f"report.yaml: {key}: {_what(statements)}", hint="the SQL of a report is exactly one SELECT"
        )
    asked = statements[0].named_parameters
    if unknown := sorted(asked - parameters.keys()):
        raise DefinitionError(
            f"report.yaml: {key}: ${unknown[0]} is no parameter of the report",
            hint=f"declared: {', '.join(sorted(parameters)) or 'none'}",
        )
    bound = {name: value for name, value in parameters.items() if name in asked}
    try:
        with sandbox.stop.reaches(sandbox.interrupt):
            relation = sandbox.connection.sql(_alone(sql), params=bound or None)
    except duckdb.Error as e:
        raise of_query(e, key) from None
    named_once(f"report.yaml: {key}", relation.columns)
    return relation


class OrderedRows:
    """The rows of `sql` ordered by `fields`, empty values last; each call of `__arrow_c_stream__` runs it."""

    def __init__(
        self, rows: duckdb.DuckDBPyRelation, fields: Sequence[str], sql: str, key: str = "data.sql"
    ) -> None:
        run = rows.sql_query()
        if fields:
            rows = rows.order(", ".join(f"{quoted(field)} ASC NULLS LAST" for field in fields))
        self._rows = rows
        self._key = key
        # DuckDB drops the comments before a SELECT, and writes lines of its own around one that is sorted.
        self._lines_before = _lines_before(run, sql) - _lines_before(run, rows.sql_query())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The stream. A query that fails before its first row, as one that sorts does, is a `QueryFailed`."""
        try:
            return self._rows.__arrow_c_stream__(requested_schema)
        except duckdb.Error as e:
            raise self.failure(e) from None

    def failure(self, error: Exception) -> PressroomError:
        """What an error that came out of the stream (as text, through the core) means to a person."""
        return of_query(error, self._key, lines_before=self._lines_before)


def _lines_before(part: str, sql: str) -> int:
    """The lines of `sql` above its `part`."""
    before, found, _ = sql.partition(part)
    return before.count("\n") if found else 0


def _alone(sql: str) -> str:
    """The statement without a semicolon at its end, which is well meant: it is going to stand in brackets."""
    text = sql.encode()
    operators = (at for at, kind in duckdb.tokenize(sql) if kind == duckdb.token_type.operator)
    end = next((at for at in operators if text[at : at + 1] == b";"), len(text))
    return text[:end].decode()


def _what(statements: Sequence[duckdb.Statement]) -> str:
    if not statements:
        return "holds no statement"
    if len(statements) > 1:
        return f"holds {len(statements)} statements"
    return f"is a statement of type {_type(statements[0])}"


def _type(statement: duckdb.Statement) -> str:
    try:
        return statement.type.name
    except ValueError:
        # DuckDB 2.0 knows more types (UPDATE EXTENSIONS) than its Python package has names for.
        return "unknown"
