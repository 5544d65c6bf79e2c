"""`Store`: the three faces of the job table behind one door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pressroom.store.engine import open_engine, reading, writing
from pressroom.store.requests import Requests
from pressroom.store.runs import Runs
from pressroom.store.upkeep import Upkeep

if TYPE_CHECKING:
    from types import TracebackType


class Store(Requests, Runs, Upkeep):
    """The job table. Safe to share between threads; every process opens its own."""

    @classmethod
    def open(cls, database_url: str) -> Self:
        """Open `sqlite:///path` or `postgresql+psycopg://...`; nothing is read or made yet."""
        return cls(open_engine(database_url))

    def migrate(self) -> None:
        """Bring the schema up to date; any number of processes may do so at once."""
        # Alembic takes a while to import, and every worker's child opens a store.
        from pressroom.migrations import upgrade

        with writing(self._engine) as connection:
            upgrade(connection)

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
