"""PostgreSQL as a source: rows by binary COPY in a read-only transaction, numerics exact.

A bound parameter would turn the driver's COPY off, and with it the streaming: 3,000,000 rows came as one
batch in a process of 546 MB, not as 12 in one of 88 MB. So values travel first, bound, into settings of the
transaction, and `$name` in the SQL reads the setting: no value is ever part of a statement.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import adbc_driver_postgresql
import duckdb
from arro3.core import Array, DataType, RecordBatch

from pressroom.errors import DatabaseRefused, LimitExceeded, PressroomError, QueryFailed, Unavailable
from pressroom.sources.adbc import Connection, Error
from pressroom.sources.column_names import named_once
from pressroom.sources.column_types import as_read, settle
from pressroom.sources.engine_errors import first_line, of_stream
from pressroom.sources.placeholders import bind, statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arro3.core import Schema

    from pressroom.definition import DatabaseTable, ParameterValue
    from pressroom.sources.sandbox import Sandbox
    from pressroom.sources.stop import Stop

_DEFAULTS: Final = {
    "application_name": "pressroom",
    "connect_timeout": "10",
    # A host that has vanished is noticed within half a minute.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
_MAY_PASS: Final = re.compile(
    r"server closed the connection|terminating connection|no connection to the server|could not receive data|"
    r"could not send data|SSL SYSCALL|starting up|shutting down|too many clients|remaining connection slots|"
    r"conflict with recovery|could not serialize"
)


class Postgres:
    """An open PostgreSQL database. The password is in no error."""

    def __init__(self, name: str, url: str, seconds: float, stop: Stop) -> None:
        self._name = name
        self._stop = stop
        self._secrets = _secrets(url)
        try:
            self._connection = Connection(adbc_driver_postgresql._driver_path(), _with_defaults(url))
            self._connection.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            self._connection.run(f"SET LOCAL statement_timeout = {math.ceil(seconds * 1000)}")
        except Error as e:
            raise self._not_in(str(e)) from None

    def add(
        self, sandbox: Sandbox, name: str, table: DatabaseTable, parameters: Mapping[str, ParameterValue]
    ) -> None:
        """Make the rows of `table.sql` the sandbox's table `name`."""
        key = f"data.sources.{name}.sql"
        asked: dict[str, ParameterValue] = {}

        def setting(parameter: str) -> str:
            asked[parameter] = value = parameters[parameter]
            return "NULL" if value is None else f"current_setting('pressroom.{parameter}')::{_type(value)}"

        sql = statement(bind(table.sql, parameters, setting, key=key))
        try:
            with self._stop.reaches(self._connection.cancel):
                for parameter, value in asked.items():
                    if value is not None:
                        self._connection.run("SELECT set_config($1, $2, true)", _setting(parameter, value))
                with self._connection.query(sql) as rows:
                    named_once(f"report.yaml: {key}", rows.schema.names)
                    numerics = _numerics(key, rows.schema)
                    sandbox.add(as_read(name), rows)
        except (Error, duckdb.Error) as e:
            raise self._failed(key, str(e)) from None
        settle(sandbox, as_read(name), name, dict.fromkeys(numerics, "DOUBLE"))

    def close(self) -> None:
        """Roll back and hang up."""
        self._connection.close()

    def _not_in(self, text: str) -> PressroomError:
        said = self._scrubbed(first_line(text.partition("Failed to connect: ")[2] or text))
        if ("FATAL:" not in text and "invalid" not in text) or _MAY_PASS.search(text):
            return Unavailable(f"database {self._name!r} does not answer: {said}")
        reason = said.partition("FATAL:")[2].strip() or "its URL can't be read"
        return DatabaseRefused(
            f"database {self._name!r} refuses Pressroom: {reason}",
            hint=f"PRESSROOM_DATABASES__{self._name.upper()} says where and as whom",
        )

    def _failed(self, key: str, text: str) -> PressroomError:
        found = re.search(r"(?:ERROR|FATAL):\s+(.*)", text)
        reason = self._scrubbed(found[1] if found else of_stream(text))
        if "statement timeout" in reason:
            return LimitExceeded(
                f"report.yaml: {key}: database {self._name!r} took too long",
                hint="raise PRESSROOM_DATABASE_SECONDS, or ask for less",
            )
        if _MAY_PASS.search(text):
            return Unavailable(f"database {self._name!r} was lost while {key} was read: {reason}")
        line = re.search(r"^LINE (\d+):", text, re.MULTILINE)
        hint = re.search(r"^HINT:\s+(.*)", text, re.MULTILINE)
        where = f"{key} line {line[1]}" if line else key
        return QueryFailed(
            f"report.yaml: {where}: database {self._name!r}: {reason}", hint=hint[1] if hint else None
        )

    def _scrubbed(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _with_defaults(url: str) -> str:
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    return urlunsplit(parts._replace(query=urlencode(_DEFAULTS | dict(given))))


def _secrets(url: str) -> tuple[str, ...]:
    """Texts that errors must not show: the password as it is written, and as it is meant."""
    parts = urlsplit(url)
    written = (
        parts.netloc.rpartition("@")[0].partition(":")[2],
        dict(parse_qsl(parts.query)).get("password"),
    )
    return tuple(sorted({form for text in written if text for form in (text, unquote(text))}, key=len))[::-1]


def _type(value: ParameterValue) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "bigint"
        case float():
            return "numeric"
        case dt.datetime():
            return "timestamp" if value.tzinfo is None else "timestamptz"
        case dt.date():
            return "date"
    return "text"


def _setting(name: str, value: ParameterValue) -> RecordBatch:
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    return RecordBatch.from_pydict(
        {
            "name": Array([f"pressroom.{name}"], DataType.utf8()),
            "value": Array([text], DataType.utf8()),
        }
    )


def _numerics(key: str, schema: Schema) -> list[str]:
    """The numeric columns, which come as text; raises `QueryFailed` for a type that loses its meaning."""
    found = []
    for column in map(schema.field, range(len(schema))):
        metadata: Mapping[bytes, bytes] = column.metadata
        opaque = metadata.get(b"ARROW:extension:name") == b"arrow.opaque"
        kind = metadata.get(b"POSTGRESQL:type", b"").decode()
        if opaque:
            kind = json.loads(metadata[b"ARROW:extension:metadata"])["type_name"]
        if kind == "numeric":
            found.append(column.name)
        elif opaque or kind == "money":
            to = "numeric" if kind == "money" else "text"
            raise QueryFailed(
                f"report.yaml: {key}: column {column.name!r} is of PostgreSQL's type {kind}",
                hint=f"write {column.name}::{to} AS {column.name}",
            )
    return found
