"""PostgreSQL: a few connections a process, none of which can hang or hold a lock for long."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Engine, create_engine

STATEMENT_SECONDS = 15
"""Statements of ours take milliseconds; the longest, an hourly clean-up of many jobs, a second."""
LOCK_SECONDS = 10
IDLE_SECONDS = 30
"""A process that is stopped (SIGSTOP) inside a transaction loses it, and with it the locks."""
POOL_SECONDS = 10

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


def open_postgres(url: URL, part: str, connections: int) -> Engine:
    """An engine for psycopg with at most `connections` connections, opened when they are needed."""
    ours = {**CONNECTION, "application_name": part}
    asked = {name: value for name, value in ours.items() if name not in url.query}
    options = [f"-c {name}={value}" for name, value in SESSION.items()]
    if theirs := url.query.get("options"):
        options.extend([theirs] if isinstance(theirs, str) else theirs)
    return create_engine(
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
