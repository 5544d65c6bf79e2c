"""SQLite: what it must be told for its commits to be durable and its writers to wait for each other."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

BUSY_SECONDS = 15
"""How long a writer waits for another; a transaction of ours takes milliseconds."""
READS = "pressroom_reads"
"""Execution option of a connection that will not write."""


def open_sqlite(url: URL) -> Engine:
    """An engine for a file."""
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
        pool_size=10,
        max_overflow=50,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
    # WAL lets readers read while one writes; FULL makes a commit survive a power cut (NORMAL only a crash).
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A transaction that begins as a reader and then writes fails at once when another wrote in between:
    # no time-out helps. Writers take the lock first.
    reads = connection.get_execution_options().get(READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
