"""Connections: what SQLite must be told for its commits to be durable, and whose errors its errors are."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from pressroom.errors import StorageFull, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_SECONDS = 15
"""How long a writer waits for another; a transaction of ours takes milliseconds."""
_READS = "pressroom_reads"


def open_engine(database_url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://...`."""
    if not database_url.startswith("sqlite"):
        return create_engine(database_url, pool_pre_ping=True, isolation_level="READ COMMITTED")
    engine = create_engine(
        database_url,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
        pool_size=10,
        max_overflow=50,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
    # WAL lets readers read while one writes; FULL makes a commit survive a power cut (NORMAL only a crash).
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that begins as a reader and then writes fails at once when another wrote in between:
    # no time-out helps. Writers take the lock first.
    reads = connection.get_execution_options().get(_READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes; commits at the end, rolls back on any error."""
    with _our_errors(), engine.begin() as connection:
        yield connection


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view; it blocks no writer."""
    with _our_errors(), engine.connect().execution_options(**{_READS: True}) as connection:
        yield connection


@contextlib.contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        text = str(error.orig)
        if "disk is full" in text or "No space left" in text:
            raise StorageFull(
                "the disk of the job database is full", hint="free space in the data folder and retry"
            ) from error
        if isinstance(error, OperationalError) and "no such table" not in text:
            raise Unavailable(f"the job database does not answer: {text}", hint="try again") from error
        raise
