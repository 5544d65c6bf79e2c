"""The one way a job's row is changed: an event of the transition table, guarded by the states it may meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, Update, and_, case, select, update

from pressroom.jobs import TRANSITIONS, Event
from pressroom.store.tables import jobs, now

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement, Connection

BATCH = 5_000
"""Rows that one transaction changes; a statement may carry 32,766 keys in SQLite."""


class Table:
    """What the faces of the store share."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine


def change(event: Event, *where: ColumnElement[bool], **values: Any) -> Update:  # noqa: ANN401
    """UPDATE that carries out `event` on the jobs of `where` which are in a state that allows it."""
    moves = TRANSITIONS[event]
    state = case({str(a): str(b) for a, b in moves.items()}, value=jobs.c.state)
    return (
        update(jobs)
        .where(and_(jobs.c.state.in_([str(s) for s in moves]), *where))
        .values(state=state, version=jobs.c.version + 1, **values)
    )


def locked(
    connection: Connection,
    key: Column[Any],
    *where: ColumnElement[bool],
    first: ColumnElement[Any] | None = None,
    limit: int = BATCH,
) -> list[Any]:
    """Keys of rows of `where`, lowest `first` first, locked until the transaction ends.

    Those that another transaction holds are left out.

    So several reapers share the rows, and never wait for each other or a worker: no deadlock.
    SQLite needs no row locks: one transaction writes at a time.
    """
    query = (
        select(key)
        .where(*where)
        .order_by(key if first is None else first)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(connection.execute(query).scalars())


def ended() -> dict[str, Any]:
    """Columns of a job that ends now: kept from now on, its lease over, its caller to be told."""
    return {
        "phase": None,
        "finished": now(),
        "expires": now() + jobs.c.keep_seconds,
        "lease_until": None,
        "callback_due": case((jobs.c.callback.is_not(None), now()), else_=None),
        "callback_tries": 0,
    }


def held(job_id: str, attempt: int) -> ColumnElement[bool]:
    """The job, as long as `attempt` is still its fencing token."""
    return and_(jobs.c.id == job_id, jobs.c.attempt == attempt)
