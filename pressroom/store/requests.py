"""The client's face of the store: hand in, look up, cancel, retry, delete."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sqlalchemy import Double, and_, case, delete, func, insert, literal, select, type_coerce, update
from sqlalchemy.exc import IntegrityError

from pressroom.errors import BadRequest, Conflict, IdempotencyConflict, NotFound
from pressroom.jobs import ACTIVE, Dataset, Event, Job, JobState, NewJob, Progress, new_id
from pressroom.store.change import Table, change, ended
from pressroom.store.engine import reading, writing
from pressroom.store.rows import dataset_of, job_of
from pressroom.store.tables import Instant, datasets, job_labels, jobs, now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

MAX_PAGE = 500


class Requests(Table):
    """What the API asks for."""

    def insert_job(
        self,
        new: NewJob,
        idempotency_key: str | None = None,
        body_hash: str | None = None,
        *,
        request_hash: str | None = None,
        rows: Dataset | None = None,
    ) -> tuple[Job, bool]:
        """Make a job, or find the one that (owner, idempotency_key) already made; says which.

        `rows` is a dataset of the job's own, recorded with it or not at all; the hashes are those of
        `job_of_key`. Raises `IdempotencyConflict`
        when the earlier job was made of another body, and `NotFound` for a dataset that is gone.
        """
        try:
            with writing(self._engine) as connection:
                if rows is not None:
                    connection.execute(insert(datasets).values(dataclasses.asdict(rows)))
                made = {
                    "idempotency_key": idempotency_key,
                    "body_hash": body_hash,
                    "request_hash": request_hash,
                    "rows_dataset": None if rows is None else rows.id,
                }
                return self._insert(connection, new, made), True
        except IntegrityError:
            if idempotency_key is None:
                raise
        earlier = self.job_of_key(new.owner, idempotency_key, body_hash, request_hash)
        if earlier is None:
            # It was deleted in between: the key is free again.
            return self.insert_job(new, idempotency_key, body_hash, request_hash=request_hash, rows=rows)
        return earlier, False

    def job_of_key(
        self, owner: str, idempotency_key: str, body_hash: str | None, request_hash: str | None = None
    ) -> Job | None:
        """The job that this key made; raises `IdempotencyConflict` when it was made of another body.

        Either hash makes it the same: `body_hash` counts datasets by content, `request_hash` by id.
        """
        found = (jobs.c.owner == owner) & (jobs.c.idempotency_key == idempotency_key)
        with reading(self._engine) as connection:
            row = connection.execute(select(jobs).where(found)).one_or_none()
        if row is None:
            return None
        same_request = request_hash is not None and row.request_hash == request_hash
        if row.body_hash != body_hash and not same_request:
            raise IdempotencyConflict(
                f"Idempotency-Key {idempotency_key!r} was used for another request",
                hint="send the same body again, or a new key",
            )
        return job_of(row)

    def _insert(self, connection: Connection, new: NewJob, made: Mapping[str, str | None]) -> Job:
        values = dataclasses.asdict(new)
        values.update(
            made,
            id=new_id(),
            state=str(JobState.QUEUED),
            attempt=0,
            attempts_granted=new.max_attempts,
            progress=dataclasses.asdict(Progress()),
            created=now(),
            expires=now() + new.keep_seconds,
            not_before=now(),
            rung=now(),
            rings=0,
            callback_tries=0,
            files=[],
            warnings=[],
            version=1,
        )
        row = connection.execute(insert(jobs).values(values).returning(jobs)).one()
        if new.labels:
            labels = [{"job_id": row.id, "label": label} for label in dict.fromkeys(new.labels)]
            connection.execute(insert(job_labels), labels)
        _keep_datasets(connection, row)
        return job_of(row)

    def job(self, job_id: str) -> Job:
        """The job; raises `NotFound`."""
        with reading(self._engine) as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
        if row is None:
            raise _no_job(job_id)
        return job_of(row)

    def jobs(
        self,
        *,
        owner: str | None = None,
        state: JobState | None = None,
        report: str | None = None,
        label: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> tuple[list[Job], str | None]:
        """Jobs, newest first, and the cursor of the next page (`None` on the last).

        Jobs that come in meanwhile don't shift the pages. Raises `BadRequest` for a limit outside 1..500.
        """
        if not 1 <= limit <= MAX_PAGE:
            raise BadRequest(f"limit is {limit}; it may be 1 to {MAX_PAGE}")
        query = select(jobs).order_by(jobs.c.id.desc()).limit(limit + 1)
        if owner is not None:
            query = query.where(jobs.c.owner == owner)
        if state is not None:
            query = query.where(jobs.c.state == str(state))
        if report is not None:
            query = query.where(jobs.c.report == report)
        if label is not None:
            query = query.join(
                job_labels, and_(job_labels.c.job_id == jobs.c.id, job_labels.c.label == label)
            )
        if cursor is not None:
            query = query.where(jobs.c.id < cursor)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        page = [job_of(row) for row in rows[:limit]]
        return page, page[-1].id if len(rows) > limit else None

    def request_cancel(self, job_id: str) -> Job:
        """Ask a job to stop. A queued one is cancelled at once; one that has ended stays as it is."""
        with writing(self._engine) as connection:
            queued = jobs.c.state == str(JobState.QUEUED)
            row = connection.execute(
                change(
                    Event.CANCEL,
                    jobs.c.id == job_id,
                    **{
                        name: case((queued, value), else_=jobs.c[name])
                        for name, value in ended().items()
                        if value is not None
                    },
                ).returning(jobs)
            ).one_or_none()
            if row is None:
                row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
            if row is None:
                raise _no_job(job_id)
        return job_of(row)

    def retry(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again, with as many attempts as at first; else `Conflict`."""
        with writing(self._engine) as connection:
            row = connection.execute(
                change(
                    Event.RETRY,
                    jobs.c.id == job_id,
                    # The token never goes back: an old worker may still hold a lower one.
                    max_attempts=jobs.c.attempt + jobs.c.attempts_granted,
                    phase=None,
                    error=None,
                    finished=None,
                    callback_due=None,
                    expires=now() + jobs.c.keep_seconds,
                    not_before=now(),
                    rung=now(),
                    rings=0,
                    progress=dataclasses.asdict(Progress()),
                ).returning(jobs)
            ).one_or_none()
            if row is None:
                state = connection.execute(select(jobs.c.state).where(jobs.c.id == job_id)).scalar()
                if state is None:
                    raise _no_job(job_id)
                raise Conflict(f"job {job_id} is {state}; only a failed or cancelled job can be retried")
            _keep_datasets(connection, row)
        return job_of(row)

    def delete(self, job_id: str) -> Job:
        """Forget a job that has ended and its own rows, and give it back so that its files can be removed.

        Raises `NotFound`, and `Conflict` while it is active.
        """
        active = [str(state) for state in ACTIVE]
        with writing(self._engine) as connection:
            row = connection.execute(
                delete(jobs).where(jobs.c.id == job_id, jobs.c.state.not_in(active)).returning(jobs)
            ).one_or_none()
            if row is None:
                state = connection.execute(select(jobs.c.state).where(jobs.c.id == job_id)).scalar()
                if state is None:
                    raise _no_job(job_id)
                raise Conflict(f"job {job_id} is {state}", hint="cancel it first")
            connection.execute(delete(datasets).where(datasets.c.id == row.rows_dataset))
        return job_of(row)

    def counts(self) -> dict[tuple[str, JobState], int]:
        """How many jobs there are in each queue and state."""
        query = select(jobs.c.queue, jobs.c.state, func.count()).group_by(jobs.c.queue, jobs.c.state)
        with reading(self._engine) as connection:
            return {(queue, JobState(state)): n for queue, state, n in connection.execute(query)}

    def waiting(self) -> dict[str, float]:
        """For how long the job has been due that waits longest, in seconds, by queue with any."""
        due = type_coerce(func.max(now() - jobs.c.not_before), Double)
        query = select(jobs.c.queue, due).group_by(jobs.c.queue)
        query = query.where(jobs.c.state == str(JobState.QUEUED), jobs.c.not_before <= now())
        with reading(self._engine) as connection:
            return {row.queue: row[1] for row in connection.execute(query)}

    def add_dataset(self, dataset: Dataset) -> None:
        """Record a dataset whose file is in place."""
        with writing(self._engine) as connection:
            connection.execute(insert(datasets).values(dataclasses.asdict(dataset)))

    def dataset(self, dataset_id: str) -> Dataset:
        """The dataset; raises `NotFound`."""
        with reading(self._engine) as connection:
            row = connection.execute(select(datasets).where(datasets.c.id == dataset_id)).one_or_none()
        if row is None:
            raise _no_dataset(dataset_id)
        return dataset_of(row)

    def delete_dataset(self, dataset_id: str) -> Dataset:
        """Forget a dataset and give it back so that its file can be removed.

        Raises `NotFound`, and `Conflict` while a job that is not done reads it.
        """
        with writing(self._engine) as connection:
            # Locked first: a job that is made meanwhile either has kept it or finds it gone.
            wanted = select(datasets).where(datasets.c.id == dataset_id).with_for_update()
            row = connection.execute(wanted).one_or_none()
            if row is None:
                raise _no_dataset(dataset_id)
            if (job_id := datasets_in_use(connection).get(dataset_id)) is not None:
                raise Conflict(f"job {job_id} reads dataset {dataset_id}", hint="cancel it first")
            connection.execute(delete(datasets).where(datasets.c.id == dataset_id))
        return dataset_of(row)


def _keep_datasets(connection: Connection, job: Row[Any]) -> None:
    """Keep the rows a job reads for as long as it may wait; raises `NotFound` when they are gone."""
    wanted = set(job.datasets.values())
    # In order, so that two jobs of the same datasets wait for each other instead of locking each other out.
    lock = select(datasets.c.id).where(datasets.c.id.in_(wanted)).order_by(datasets.c.id).with_for_update()
    there = connection.execute(lock).scalars().all()
    connection.execute(
        update(datasets)
        .where(datasets.c.id.in_(there), datasets.c.expires < job.expires)
        .values(expires=literal(job.expires, Instant()))
    )
    if gone := wanted - set(there):
        raise _no_dataset(*sorted(gone))


def datasets_in_use(connection: Connection) -> dict[str, str]:
    """Datasets that jobs read which are not done, each with one of these jobs."""
    active = select(jobs.c.id, jobs.c.datasets).where(jobs.c.state.in_([str(state) for state in ACTIVE]))
    return {dataset: job_id for job_id, used in connection.execute(active) for dataset in used.values()}


def _no_dataset(*ids: str) -> NotFound:
    return NotFound(
        f"no dataset {', '.join(ids)}", hint="datasets are removed on request, and when their time is over"
    )


def _no_job(job_id: str) -> NotFound:
    return NotFound(f"no job {job_id}", hint="jobs are removed when their time is over")
