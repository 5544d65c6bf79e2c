"""SQLite as a source: a file opened to read only, its columns typed by every value they hold.

A column of SQLite has no type, each value has; the driver takes the first rows' and fails where later ones
differ. So the kinds in each column are asked for first, the query casts to one of them, and a row in front,
taken away again, shows the driver what they are.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import adbc_driver_sqlite
import duckdb
from arro3.core import Array, DataType, RecordBatch

from pressroom.errors import BadData, DatabaseRefused, PressroomError, QueryFailed, Unavailable
from pressroom.sources.adbc import Connection, Error
from pressroom.sources.column_names import named_once
from pressroom.sources.column_types import as_read, unfloat
from pressroom.sources.engine_errors import of_stream
from pressroom.sources.placeholders import bind, statement
from pressroom.sources.sandbox import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pressroom.definition import DatabaseTable, ParameterValue
    from pressroom.sources.sandbox import Sandbox
    from pressroom.sources.stop import Stop

_BITS: Final = (
    "CASE typeof({0}) WHEN 'real' THEN 1 WHEN 'text' THEN 2 WHEN 'blob' THEN 4 WHEN 'integer' THEN "
    # A double keeps the integers up to 2^53.
    "CASE WHEN {0} BETWEEN -9007199254740992 AND 9007199254740992 THEN 8 ELSE 16 END END"
)
"""What a value is, as a bit: the sum of the different ones tells of a column, in one of 2,000 aggregates."""
_SAMPLE: Final = {"INTEGER": "0", "REAL": "0.5", "TEXT": "''", "BLOB": "x''"}


class Sqlite:
    """An open SQLite database file."""

    def __init__(self, name: str, path: str, stop: Stop) -> None:
        self._name = name
        self._stop = stop
        try:
            self._connection = Connection(adbc_driver_sqlite._driver_path(), f"file:{quote(path)}?mode=ro")
        except Error:
            raise DatabaseRefused(
                f"database {name!r}: its file can't be opened",
                hint=f"PRESSROOM_DATABASES__{name.upper()}=sqlite:////path/to/file, which is to be readable",
            ) from None

    def add(
        self, sandbox: Sandbox, name: str, table: DatabaseTable, parameters: Mapping[str, ParameterValue]
    ) -> None:
        """Make the rows of `table.sql` the sandbox's table `name`."""
        key = f"data.sources.{name}.sql"
        asked: dict[str, ParameterValue] = {}

        def place(parameter: str) -> str:
            asked.setdefault(parameter, parameters[parameter])
            return f"?{list(asked).index(parameter) + 1}"

        sql = statement(bind(table.sql, parameters, place, key=key))
        # The bracket keeps everything but a SELECT out: ATTACH would open other files.
        rows = f"(\n{sql})"
        values = _values(asked)
        try:
            with self._stop.reaches(self._connection.cancel):
                columns = self._columns(key, sql, rows, values)
                kinds = self._kinds(key, columns, rows, values)
                sample = ", ".join(f"{_SAMPLE[kind]} AS {quoted(c)}" for c, kind in kinds.items())
                casts = ", ".join(f"CAST({quoted(c)} AS {kind})" for c, kind in kinds.items())
                typed = f"SELECT {sample} UNION ALL SELECT {casts} FROM {rows}"  # noqa: S608 - the report's own
                with self._connection.query(typed, values) as stream:
                    sandbox.add(as_read(name), stream)
        except (Error, duckdb.Error) as e:
            raise self._failed(key, str(e)) from None
        sandbox.execute(f"DELETE FROM {quoted(as_read(name))} WHERE rowid = 0")  # noqa: S608 - quoted
        unfloat(sandbox, as_read(name), name)

    def close(self) -> None:
        """Roll back and hang up."""
        self._connection.close()

    def _columns(self, key: str, sql: str, rows: str, values: RecordBatch | None) -> list[str]:
        with self._connection.query(f"SELECT * FROM {rows} LIMIT 0", values) as empty:  # noqa: S608 - its own
            columns = empty.schema.names
        # In brackets SQLite calls the second `a` `a:1`; what may stand in brackets may stand alone.
        if any(re.search(r":\d+$", column) for column in columns):
            with self._connection.query(sql, values) as alone:
                named_once(f"report.yaml: {key}", alone.schema.names)
        return columns

    def _kinds(self, key: str, columns: list[str], rows: str, values: RecordBatch | None) -> dict[str, str]:
        """The one type that holds every value of each column."""
        asked = ", ".join(f"coalesce(sum(DISTINCT {_BITS.format(quoted(c))}), 0)" for c in columns)
        with self._connection.query(f"SELECT {asked} FROM {rows}", values) as found:  # noqa: S608 - its own
            (row,) = zip(*(column.to_pylist() for column in found.read_all().columns), strict=True)
        where = f"report.yaml: {key}"
        return {column: _kind(where, column, bits) for column, bits in zip(columns, row, strict=True)}

    def _failed(self, key: str, text: str) -> PressroomError:
        reason = re.sub(r"^(\w+: )?(\[SQLite\] )?(Failed to \w+ query: )?", "", of_stream(text))
        if "locked" in reason or "busy" in reason:
            return Unavailable(f"database {self._name!r} was locked while {key} was read: {reason}")
        return QueryFailed(f"report.yaml: {key}: database {self._name!r}: {reason}")


def _kind(where: str, column: str, bits: int) -> str:
    """The type that holds values of these `_BITS`; raises `BadData` when there is none."""
    real, text, blob, wide = (bool(bits & bit) for bit in (1, 2, 4, 16))
    if blob and bits != 4:
        raise BadData(f"{where}: column {column!r} holds both BLOBs and other values")
    if blob or text or not bits:
        return "BLOB" if blob else "TEXT"
    if real and wide:
        raise BadData(
            f"{where}: column {column!r} holds floats and integers that a float would round",
            hint=f"write CAST({column} AS TEXT) AS {column}, which keeps every digit, "
            f"or CAST({column} AS REAL) AS {column}",
        )
    return "REAL" if real else "INTEGER"


def _values(asked: Mapping[str, ParameterValue]) -> RecordBatch | None:
    """One row of values as SQLite compares them: dates are texts."""
    if not asked:
        return None
    return RecordBatch.from_pydict({name: _array(value) for name, value in asked.items()})


def _array(value: ParameterValue) -> Array:
    match value:
        case int():
            return Array([int(value)], DataType.int64())
        case float():
            return Array([value], DataType.float64())
        case dt.datetime():
            return Array([value.isoformat(" ")], DataType.utf8())
        case dt.date():
            return Array([value.isoformat()], DataType.utf8())
    return Array([value], DataType.utf8())
