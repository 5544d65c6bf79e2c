"""Databases that reports read: the installation names them, the report says which and with what SQL.

Each is opened once per job, to read only and in one transaction: all tables of a report show one moment.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from pressroom.errors import DatabaseRefused, DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import SecretStr

    from pressroom.definition import DatabaseTable, ParameterValue
    from pressroom.sources.sandbox import Sandbox
    from pressroom.sources.stop import Stop


class Database(Protocol):
    """An open database: `Postgres`, `Sqlite`."""

    def add(
        self, sandbox: Sandbox, name: str, table: DatabaseTable, parameters: Mapping[str, ParameterValue]
    ) -> None:
        """Make the rows of `table.sql` the sandbox's table `name`."""

    def close(self) -> None:
        """Hang up."""


@dataclass(frozen=True, slots=True)
class Databases:
    """The databases of an installation by name, as URLs, and how long a statement of theirs may take."""

    urls: Mapping[str, SecretStr] = field(default_factory=dict)
    seconds: float = 600.0

    @contextlib.contextmanager
    def opened(self, stop: Stop) -> Iterator[OpenDatabases]:
        """For the time of one job; each database is opened when it is first asked for."""
        databases = OpenDatabases(self, stop)
        try:
            yield databases
        finally:
            databases.close()


class OpenDatabases:
    """The databases that a job has opened so far."""

    def __init__(self, databases: Databases, stop: Stop) -> None:
        self._databases = databases
        self._stop = stop
        self._open: dict[str, Database] = {}

    def add(
        self, sandbox: Sandbox, name: str, table: DatabaseTable, parameters: Mapping[str, ParameterValue]
    ) -> None:
        """Make the rows of a report's source the sandbox's table `name`.

        Raises `DefinitionError` for a database that the installation does not name, `DatabaseRefused`,
        `QueryFailed`, `LimitExceeded` and, when the same may work later, `Unavailable`.
        """
        url = self._databases.urls.get(table.database)
        if url is None:
            raise DefinitionError(
                f"report.yaml: data.sources.{name}.database: no database is named {table.database!r} here",
                hint=f"set PRESSROOM_DATABASES__{table.database.upper()}; "
                f"there are: {', '.join(sorted(self._databases.urls)) or 'none'}",
            )
        if table.database not in self._open:
            self._open[table.database] = self._connect(table.database, url.get_secret_value())
        self._open[table.database].add(sandbox, name, table, parameters)

    def close(self) -> None:
        """Hang up everywhere."""
        for database in self._open.values():
            database.close()

    def _connect(self, name: str, url: str) -> Database:
        # Each driver is loaded by the jobs that need it.
        match url.partition(":")[0]:
            case "postgresql" | "postgres":
                from pressroom.sources.postgres import Postgres

                return Postgres(name, url, self._databases.seconds, self._stop)
            case "sqlite":
                from pressroom.sources.sqlite import Sqlite

                return Sqlite(name, urlsplit(url).path.removeprefix("/"), self._stop)
        raise DatabaseRefused(
            f"database {name!r}: its URL is neither PostgreSQL's nor SQLite's",
            hint=f"PRESSROOM_DATABASES__{name.upper()}=postgresql://user@host/database or sqlite:////path",
        )
