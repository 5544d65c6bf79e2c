"""The reaper's face of the store: what is overdue, what is poison, what is too old."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, delete, func, literal, or_, select, update

from pressroom.broker import QUEUES
from pressroom.errors import WorkerLost
from pressroom.jobs import TRANSITIONS, Attempt, Dataset, Event, Job, JobState
from pressroom.problems import problem
from pressroom.store.change import Table, change, ended, locked
from pressroom.store.engine import reading, writing
from pressroom.store.requests import datasets_in_use
from pressroom.store.rows import dataset_of, job_of
from pressroom.store.runs import claimable
from pressroom.store.tables import Instant, datasets, jobs, now

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

MAX_BACK_OFF = 4
"""A silent job is rung after 1, 2, 4, 8, 16, 16, ... times the first silence: a long queue is no storm."""
RING_BATCH = 500
CALLBACK_BATCH = 20
IDS_A_STATEMENT = 500
CALLBACK_TRIES = 6
FIRST_PAUSE = 10
"""Seconds after the first call that failed; then 40, 160, 640, 2560."""


class Upkeep(Table):
    """What keeps promises when processes die. Any number of reapers may call these at once."""

    def rings_due(self, silence_seconds: float, queues: Collection[str] = QUEUES) -> list[tuple[str, str]]:
        """Take (job id, queue) of jobs of `queues` to ring: waiting in silence, or left by their worker.

        They count as rung from now on, so no other reaper gets them; `not_rung` gives them back.
        """
        silence = silence_seconds * case(
            {n: float(2**n) for n in range(MAX_BACK_OFF)}, value=jobs.c.rings, else_=float(2**MAX_BACK_OFF)
        )
        due = and_(
            jobs.c.state.in_([str(JobState.QUEUED), str(JobState.RUNNING)]),
            jobs.c.queue.in_(queues),
            claimable(),
            jobs.c.rung + silence <= now(),
        )
        with writing(self._engine) as connection:
            taken = locked(connection, jobs.c.id, due, first=jobs.c.rung, limit=RING_BATCH)
            rows = connection.execute(
                update(jobs)
                .where(jobs.c.id.in_(taken))
                .values(rung=now(), rings=jobs.c.rings + 1)
                .returning(jobs.c.id, jobs.c.queue)
            ).all()
        return sorted((row.id, row.queue) for row in rows)

    def not_rung(self, job_ids: Sequence[str]) -> None:
        """Say that nobody heard: these are due at once, and their next silence is no longer for it."""
        if not job_ids:
            return
        with writing(self._engine) as connection:
            taken = locked(connection, jobs.c.id, jobs.c.id.in_(job_ids), jobs.c.rings > 0)
            connection.execute(
                update(jobs).where(jobs.c.id.in_(taken)).values(rung=0.0, rings=jobs.c.rings - 1)
            )

    def fail_exhausted(self) -> list[Job]:
        """End jobs whose worker is gone and that no other may take: poison, and unfinished cancels."""
        gone = jobs.c.lease_until < now()
        cancelling = jobs.c.state == str(JobState.CANCELLING)
        spent = and_(jobs.c.state == str(JobState.RUNNING), jobs.c.attempt >= jobs.c.max_attempts)
        with writing(self._engine) as connection:
            taken = locked(connection, jobs.c.id, gone, or_(cancelling, spent))
            mine = jobs.c.id.in_(taken)
            abandoned = connection.execute(change(Event.ABANDON, mine, **ended()).returning(jobs)).all()
            poison = [
                connection.execute(
                    change(Event.EXHAUST, jobs.c.id == row.id, error=_reason(row), **ended()).returning(jobs)
                ).one()
                for row in connection.execute(select(jobs).where(mine, spent)).all()
            ]
        return [job_of(row) for row in (*abandoned, *poison)]

    def expire(self, at: dt.datetime | None = None) -> list[Job]:
        """Make some jobs whose time is over at `at` (default: now) `expired`; given back for their files.

        Their own rows are forgotten with them. A job is forgotten altogether when it has been expired for as
        long as it was kept.
        """
        moment = now() if at is None else literal(at, Instant())
        expired = jobs.c.state == str(JobState.EXPIRED)
        ending = jobs.c.state.in_([str(state) for state in TRANSITIONS.sources(Event.EXPIRE)])
        with writing(self._engine) as connection:
            old = locked(connection, jobs.c.id, expired, jobs.c.expires + jobs.c.keep_seconds < moment)
            connection.execute(delete(jobs).where(jobs.c.id.in_(old)))
            over = locked(connection, jobs.c.id, ending, jobs.c.expires < moment)
            rows = connection.execute(
                change(
                    Event.EXPIRE, jobs.c.id.in_(over), finished=func.coalesce(jobs.c.finished, now())
                ).returning(jobs)
            ).all()
            own = sorted(row.rows_dataset for row in rows if row.rows_dataset is not None)
            connection.execute(delete(datasets).where(datasets.c.id.in_(own)))
        return [job_of(row) for row in rows]

    def expire_datasets(self, at: dt.datetime | None = None) -> list[Dataset]:
        """Forget some datasets that are too old and that no active job reads; given back for their files."""
        moment = now() if at is None else literal(at, Instant())
        with writing(self._engine) as connection:
            # Locked first: a job that is made meanwhile either has kept its dataset or finds it gone.
            old = locked(connection, datasets.c.id, datasets.c.expires < moment)
            if not old:
                return []
            used = datasets_in_use(connection)
            gone = [id_ for id_ in old if id_ not in used]
            rows = connection.execute(
                delete(datasets).where(datasets.c.id.in_(gone)).returning(datasets)
            ).all()
        return [dataset_of(row) for row in rows]

    def callbacks_due(self) -> list[Job]:
        """Take ended jobs whose callers are to be told; for a while no other reaper gets them."""
        pause = case(
            {n: float(FIRST_PAUSE * 4**n) for n in range(CALLBACK_TRIES)},
            value=jobs.c.callback_tries,
            else_=0.0,
        )
        last = jobs.c.callback_tries + 1 >= CALLBACK_TRIES
        with writing(self._engine) as connection:
            taken = locked(connection, jobs.c.id, jobs.c.callback_due <= now(), limit=CALLBACK_BATCH)
            rows = connection.execute(
                update(jobs)
                .where(jobs.c.id.in_(taken))
                .values(
                    callback_due=case((last, None), else_=now() + pause),
                    callback_tries=jobs.c.callback_tries + 1,
                )
                .returning(jobs)
            ).all()
        return [job_of(row) for row in rows]

    def callback_heard(self, job_id: str) -> None:
        """Remember that the caller was told."""
        with writing(self._engine) as connection:
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(callback_due=None))

    def wanted(self, attempts: Collection[Attempt]) -> set[Attempt]:
        """Those of `attempts` whose published files are in use: it runs, or clients download what it made."""
        query = select(jobs.c.id, jobs.c.state, jobs.c.attempt, jobs.c.files)
        used: set[Attempt] = set()
        with reading(self._engine) as connection:
            for ids in _batched({job_id for job_id, _ in attempts}):
                for row in connection.execute(query.where(jobs.c.id.in_(ids))):
                    state = JobState(row.state)
                    if state in (JobState.RUNNING, JobState.CANCELLING):
                        used.add((row.id, row.attempt))
                    elif state is not JobState.EXPIRED:
                        used.update((row.id, int(file["path"].split("/")[2])) for file in row.files)
        return used.intersection(attempts)

    def leased(self, attempts: Collection[Attempt]) -> set[Attempt]:
        """Those of `attempts` that some worker holds a lease of."""
        query = select(jobs.c.id, jobs.c.attempt).where(jobs.c.lease_until > now())
        held: set[Attempt] = set()
        with reading(self._engine) as connection:
            for ids in _batched({job_id for job_id, _ in attempts}):
                held.update(
                    (row.id, row.attempt) for row in connection.execute(query.where(jobs.c.id.in_(ids)))
                )
        return held.intersection(attempts)

    def known_datasets(self, ids: Collection[str]) -> set[str]:
        """Those of `ids` that are recorded."""
        known: set[str] = set()
        with reading(self._engine) as connection:
            for some in _batched(ids):
                known.update(connection.scalars(select(datasets.c.id).where(datasets.c.id.in_(some))))
        return known


def _batched(ids: Collection[str]) -> Iterator[list[str]]:
    """A statement's worth of them at a time."""
    left = iter(ids)
    while some := list(islice(left, IDS_A_STATEMENT)):
        yield some


def _reason(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of jobs
    while_ = f" while {row.phase}" if row.phase else ""
    return problem(
        WorkerLost(
            f"the worker died or fell silent{while_}, in attempt {row.attempt} of {row.max_attempts}",
            hint="see the worker's log around that time; out of memory is the usual cause",
        )
    )
