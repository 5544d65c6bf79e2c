"""`Store`: the three faces of the job table behind one door."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

import structlog

from pressroom.errors import Unavailable
from pressroom.store.engine import open_engine, reading, writing
from pressroom.store.requests import Requests
from pressroom.store.runs import Runs
from pressroom.store.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

CONNECTIONS = 3
"""A job's thread and its heartbeat; a reaper's rounds, its cleaning and its callbacks."""
START_SECONDS = 30.0
LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)


def _patiently(call: Callable[[], None], seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while True:
        try:
            return call()
        except Unavailable as error:
            if time.monotonic() > give_up:
                raise
            log.warning("waiting for the job database", error=str(error))
        time.sleep(LOOK_SECONDS)


class Store(Requests, Runs, Upkeep):
    """The job table. Safe to share between threads; every process opens its own."""

    @classmethod
    def open(cls, database_url: str, part: str = "pressroom", connections: int = CONNECTIONS) -> Self:
        """Open `sqlite:///path` or `postgresql://...`; nothing is connected, read or made yet.

        On PostgreSQL, `part` names the process in the server's list of sessions, and no more than
        `connections` are opened. Raises `BadRequest` for another URL.
        """
        return cls(open_engine(database_url, part, connections))

    def migrate(self) -> None:
        """Bring the schema up to date; any number of processes may do so at once."""
        # Alembic takes a while to import, and every worker's child opens a store.
        from pressroom.migrations import upgrade

        with writing(self._engine) as connection:
            upgrade(connection)

    def check_schema(self) -> None:
        """Raise `NotMigrated` or `SchemaTooNew` unless the schema is the one that this code works with."""
        from pressroom.migrations import check

        with reading(self._engine) as connection:
            check(connection)

    def wait_for_schema(self, seconds: float = START_SECONDS) -> None:
        """Return when the schema is the one that this code works with; what every part does first.

        A database that still starts, and a migration under way, are waited for; then `Unavailable` or
        `NotMigrated` is raised. `SchemaTooNew`, which no waiting mends, is raised at once.
        """
        _patiently(self.check_schema, seconds)

    def wait_for_database(self, seconds: float = START_SECONDS) -> None:
        """Return when the database answers, whatever is in it; raise `Unavailable` when it does not."""
        _patiently(self.ping, seconds)

    def ping(self) -> None:
        """Raise `Unavailable` when the database does not answer."""
        with reading(self._engine) as connection:
            connection.exec_driver_sql("SELECT 1")

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
