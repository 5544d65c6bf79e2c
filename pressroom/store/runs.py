"""The worker's face of the store: claim, beat, end. Every call but `claim` carries the fencing token."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, exists, func, or_, select, update

from pressroom.jobs import Beat, Event, Job, JobState, Phase, Progress
from pressroom.store.change import Table, change, ended, held
from pressroom.store.engine import reading, writing
from pressroom.store.rows import files_json, job_of
from pressroom.store.tables import jobs, now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Update

    from pressroom.jobs import PublishedFile

PUT_OFF_SECONDS = 10
"""Pause before a job that failed for a passing reason runs again."""
PUT_OFF_AGAIN_SECONDS = 300
"""Pause when that happens again: what is away for some minutes must not use up everybody's attempts."""
SERVED_SECONDS = 600
"""How far back fairness between owners looks."""


def claimable() -> ColumnElement[bool]:
    """Jobs that a worker may take: waiting, or left alone by a worker whose lease ran out."""
    queued = (jobs.c.state == str(JobState.QUEUED)) & (jobs.c.not_before <= now())
    left = (jobs.c.state == str(JobState.RUNNING)) & (jobs.c.lease_until < now())
    return or_(queued, left) & (jobs.c.attempt < jobs.c.max_attempts)


class Runs(Table):
    """What a worker does with a job."""

    def next_in_line(self, rung: str) -> str | None:
        """The job to take when `rung` was rung: the one whose turn it is in the same queue.

        A ring says only that there is work. Highest priority first, then the owner who was served longest ago
        (a flood of one owner delays another by one job, not by the flood), then the oldest.
        """
        rung_queue = select(jobs.c.queue).where(jobs.c.id == rung).scalar_subquery()
        served = (
            select(jobs.c.owner, func.max(jobs.c.started).label("last"))
            .where(jobs.c.started > now() - SERVED_SECONDS)
            .group_by(jobs.c.owner)
            .subquery()
        )
        query = (
            select(jobs.c.id)
            .outerjoin(served, served.c.owner == jobs.c.owner)
            .where(jobs.c.state.in_([str(JobState.QUEUED), str(JobState.RUNNING)]))
            .where(jobs.c.queue == rung_queue, claimable())
            .order_by(jobs.c.priority.desc(), func.coalesce(served.c.last, 0), jobs.c.id)
            .limit(1)
        )
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def claim(self, job_id: str, lease_seconds: float) -> Job | None:
        """Take a job for `lease_seconds`; the `attempt` it comes back with is the fencing token.

        `None` when it is not there to be taken: doubled and late rings end here.
        """
        statement = change(
            Event.CLAIM,
            jobs.c.id == job_id,
            claimable(),
            attempt=jobs.c.attempt + 1,
            phase=str(Phase.READING),
            progress=dataclasses.asdict(Progress()),
            started=now(),
            lease_until=now() + lease_seconds,
            rings=0,
        )
        with writing(self._engine) as connection:
            row = connection.execute(statement.returning(jobs)).one_or_none()
        return None if row is None else job_of(row)

    def beat(self, job_id: str, attempt: int, phase: Phase, progress: Progress, lease_seconds: float) -> Beat:
        """Renew the lease, write down how far the job is, hear whether it is still wanted."""
        active = jobs.c.state.in_([str(JobState.RUNNING), str(JobState.CANCELLING)])
        statement = (
            update(jobs)
            .where(held(job_id, attempt), active)
            .values(
                phase=str(phase),
                progress=dataclasses.asdict(progress),
                lease_until=now() + lease_seconds,
                version=jobs.c.version + 1,
            )
            .returning(jobs.c.state)
        )
        with writing(self._engine) as connection:
            state = connection.execute(statement).scalar_one_or_none()
        return Beat(cancel=state == JobState.CANCELLING, lost=state is None)

    def succeed(
        self,
        job_id: str,
        attempt: int,
        files: Sequence[PublishedFile],
        completeness: Mapping[str, Any],
        warnings: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> bool:
        """End a job with its published files; `False` when the token is stale or the job was cancelled.

        True again when this attempt has succeeded already: a connection may break after its commit.
        """
        done = dataclasses.replace(progress or Progress(), percent=100.0, eta_seconds=0.0)
        statement = change(
            Event.SUCCEED,
            held(job_id, attempt),
            files=files_json(files),
            completeness=dict(completeness),
            warnings=list(warnings),
            progress=dataclasses.asdict(done),
            error=None,
            **ended(),
        )
        if self._end(statement):
            return True
        succeeded = held(job_id, attempt) & (jobs.c.state == str(JobState.SUCCEEDED))
        with reading(self._engine) as connection:
            return bool(connection.execute(select(exists().where(succeeded))).scalar_one())

    def fail(self, job_id: str, attempt: int, error: Mapping[str, Any], *, retryable: bool = False) -> bool:
        """End a job with a problem; one that may pass is put off instead while attempts are left."""
        if retryable:
            # Since it was handed in or retried; what was given back does not count.
            nth = jobs.c.attempts_granted - jobs.c.max_attempts + jobs.c.attempt
            put_off = change(
                Event.PUT_OFF,
                held(job_id, attempt),
                jobs.c.attempt < jobs.c.max_attempts,
                error=dict(error),
                phase=None,
                lease_until=None,
                not_before=now() + case((nth <= 1, PUT_OFF_SECONDS), else_=PUT_OFF_AGAIN_SECONDS),
                rung=now(),
            )
            if self._end(put_off):
                return True
        return self._end(change(Event.FAIL, held(job_id, attempt), error=dict(error), **ended()))

    def finish_cancelled(self, job_id: str, attempt: int) -> bool:
        """End a job that was asked to stop and has."""
        return self._end(change(Event.STOP, held(job_id, attempt), **ended()))

    def give_back(self, job_id: str, attempt: int) -> bool:
        """Put a job back in its queue unfinished; the attempt is not counted, though its token is spent."""
        back = change(
            Event.GIVE_BACK,
            held(job_id, attempt),
            max_attempts=jobs.c.max_attempts + 1,
            phase=None,
            progress=dataclasses.asdict(Progress()),
            lease_until=None,
            not_before=now(),
            # Rung long ago: the reaper need not wait for silence.
            rung=0.0,
            rings=0,
        )
        return self._end(back)

    def _end(self, statement: Update) -> bool:
        with writing(self._engine) as connection:
            return connection.execute(statement.returning(jobs.c.id)).one_or_none() is not None
