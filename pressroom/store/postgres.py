"""PostgreSQL: a few connections a process, none of which can hang or hold a lock for long."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.errors import OperationalError
from sqlalchemy import URL, Connection, Engine, create_engine, event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from psycopg.abc import RV, PQGen

STATEMENT_SECONDS = 15
"""Statements of ours take milliseconds; the longest, an hourly clean-up of many jobs, a second."""
LOCK_SECONDS = 10
IDLE_SECONDS = 30
"""A process that is stopped (SIGSTOP) inside a transaction loses it, and with it the locks."""
POOL_SECONDS = 10
ANSWER_SECONDS = 20
"""A server that is frozen, or out of reach behind a proxy that is not, can't end a statement itself."""

CONNECTION: dict[str, Any] = {
    "connect_timeout": 5,
    # A host that vanished without a word is noticed in 25 s while waiting, 15 s while sending.
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""libpq's parameters; those in the URL go first."""
SESSION = {
    "timezone": "UTC",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
}


class _Connection(psycopg.Connection[Any]):
    """A connection that is closed when the server takes longer to answer than it may work on a statement."""

    answer_seconds: float | None = ANSWER_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """See `psycopg.Connection.wait`. Raises `OperationalError` after `answer_seconds`."""
        seconds = self.answer_seconds if timeout is None else timeout
        begun = time.monotonic()
        try:
            return super().wait(gen, interval, seconds)
        except OperationalError as error:
            # What has a code is the server's answer, however late.
            answered = error.sqlstate is not None
            if answered or timeout is not None or seconds is None or time.monotonic() - begun < seconds:
                raise
            # What it would say later is the answer to another question.
            self.close()
            raise OperationalError(f"no answer in {seconds:g} s") from error


@contextlib.contextmanager
def patience(connection: Connection) -> Iterator[None]:
    """Statements of this connection to PostgreSQL take as long as they need."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, _Connection):
        raise TypeError(f"{driver} was not made by open_postgres")
    driver.answer_seconds = None
    try:
        yield
    finally:
        driver.answer_seconds = ANSWER_SECONDS


def open_postgres(url: URL, part: str, connections: int) -> Engine:
    """An engine for psycopg with at most `connections` connections, opened when they are needed."""
    ours = {**CONNECTION, "application_name": part}
    asked = {name: value for name, value in ours.items() if name not in url.query}
    options = [f"-c {name}={value}" for name, value in SESSION.items()]
    if theirs := url.query.get("options"):
        options.extend([theirs] if isinstance(theirs, str) else theirs)
    engine = create_engine(
        url,
        connect_args={**asked, "options": " ".join(options)},
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        # A server that was restarted leaves dead connections behind.
        pool_pre_ping=True,
        # One statement changes a job, guarded by its state and token: nothing needs more.
        isolation_level="READ COMMITTED",
        hide_parameters=True,
    )

    @event.listens_for(engine, "do_connect")
    def connect(
        _dialect: object, _record: object, cargs: Sequence[Any], cparams: Mapping[str, Any]
    ) -> _Connection:
        return _Connection.connect(*cargs, **cparams)

    return engine
