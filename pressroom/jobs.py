"""Jobs, datasets and published files as all of Pressroom sees them, and the one table of a job's life."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from pressroom.definition import ParameterValue


Attempt = tuple[str, int]
"""A job's id and the number of one of its attempts, its fencing token."""


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def done(self) -> bool:
        """Whether no worker will touch the job again, unless someone retries it."""
        return self not in ACTIVE


ACTIVE = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.CANCELLING})


class Phase(StrEnum):
    """What a running job is at."""

    READING = "reading"
    CRUNCHING = "crunching"
    DESIGNING = "designing"
    WRITING = "writing"
    PUBLISHING = "publishing"


class Event(StrEnum):
    """What can happen to a job; `TRANSITIONS` says when."""

    CLAIM = "claim"
    GIVE_BACK = "give_back"
    PUT_OFF = "put_off"
    SUCCEED = "succeed"
    FAIL = "fail"
    EXHAUST = "exhaust"
    CANCEL = "cancel"
    STOP = "stop"
    ABANDON = "abandon"
    RETRY = "retry"
    EXPIRE = "expire"


class Transitions(dict[Event, dict[JobState, JobState]]):
    """For each event the states it may find a job in, and the state it leaves it in.

    ```
    queued     ── claim ─────▶ running      a worker takes it; attempt + 1 is its fencing token
    running    ── claim ─────▶ running      the lease ran out: another worker takes it over
    running    ── give_back ─▶ queued       the worker is told to go; the attempt is not counted
    running    ── put_off ───▶ queued       failed in a way that may pass (disk full), attempts left
    running    ── succeed ───▶ succeeded    files are published; only the holder of the token can
    running    ── fail ──────▶ failed
    running    ── exhaust ───▶ failed       the lease ran out and no attempts are left: poison
    queued     ── cancel ────▶ cancelled
    running    ── cancel ────▶ cancelling   asked; the worker hears it with its next heartbeat
    cancelling ── stop ──────▶ cancelled    the worker has stopped
    cancelling ── abandon ───▶ cancelled    the worker died before it could say so
    failed     ── retry ─────▶ queued       with as many attempts again
    cancelled  ── retry ─────▶ queued
    queued     ── expire ────▶ expired      nobody took it for as long as jobs are kept
    succeeded  ── expire ────▶ expired      its files are removed
    failed     ── expire ────▶ expired
    cancelled  ── expire ────▶ expired
    ```
    """

    def sources(self, event: Event) -> tuple[JobState, ...]:
        """States in which `event` may happen."""
        return tuple(self[event])

    def target(self, event: Event, source: JobState) -> JobState | None:
        """State after `event` in `source`; `None` when it can't happen there."""
        return self[event].get(source)


TRANSITIONS = Transitions(
    {
        Event.CLAIM: {JobState.QUEUED: JobState.RUNNING, JobState.RUNNING: JobState.RUNNING},
        Event.GIVE_BACK: {JobState.RUNNING: JobState.QUEUED},
        Event.PUT_OFF: {JobState.RUNNING: JobState.QUEUED},
        Event.SUCCEED: {JobState.RUNNING: JobState.SUCCEEDED},
        Event.FAIL: {JobState.RUNNING: JobState.FAILED},
        Event.EXHAUST: {JobState.RUNNING: JobState.FAILED},
        Event.CANCEL: {JobState.QUEUED: JobState.CANCELLED, JobState.RUNNING: JobState.CANCELLING},
        Event.STOP: {JobState.CANCELLING: JobState.CANCELLED},
        Event.ABANDON: {JobState.CANCELLING: JobState.CANCELLED},
        Event.RETRY: {JobState.FAILED: JobState.QUEUED, JobState.CANCELLED: JobState.QUEUED},
        Event.EXPIRE: {
            JobState.QUEUED: JobState.EXPIRED,
            JobState.SUCCEEDED: JobState.EXPIRED,
            JobState.FAILED: JobState.EXPIRED,
            JobState.CANCELLED: JobState.EXPIRED,
        },
    }
)


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A finished file: checked, named by its hash, never changed again."""

    name: str
    media_type: str
    bytes: int
    sha256: str
    rows: int
    pages: int | None
    sheets: int | None
    path: str
    """Its key in the storage: `files/<job>/<attempt>/<name>`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; what is not known is `None`."""

    percent: float = 0.0
    rows_read: int = 0
    rows_written: int = 0
    pages: int = 0
    cells: int = 0
    bytes: int = 0
    eta_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows that a client has handed in."""

    id: str
    owner: str
    name: str
    format: str
    bytes: int
    sha256: str
    path: str
    """Its key in the storage: `datasets/<id>`."""
    created: dt.datetime
    expires: dt.datetime


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a client asks for, checked; the store makes a `Job` of it."""

    owner: str
    report: str
    definition_digest: str
    parameters: Mapping[str, ParameterValue]
    outputs: tuple[str, ...]
    labels: tuple[str, ...]
    datasets: Mapping[str, str]
    queue: str
    max_attempts: int
    deadline_seconds: float
    keep_seconds: float
    priority: int = 0
    callback: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its row in the database says; `version` grows with every change."""

    id: str
    owner: str
    report: str
    definition_digest: str
    state: JobState
    phase: Phase | None
    attempt: int
    max_attempts: int
    parameters: Mapping[str, ParameterValue]
    outputs: tuple[str, ...]
    labels: tuple[str, ...]
    datasets: Mapping[str, str]
    """Name in the report's SQL to dataset id, in the order given."""
    priority: int
    queue: str
    callback: str | None
    progress: Progress
    created: dt.datetime
    started: dt.datetime | None
    finished: dt.datetime | None
    expires: dt.datetime
    deadline_seconds: float
    files: tuple[PublishedFile, ...]
    completeness: Mapping[str, Any] | None
    warnings: tuple[str, ...]
    error: Mapping[str, Any] | None
    version: int
    rows_dataset: str | None = None
    """The dataset made of the rows that came with the job: nobody else's, so it ends with the job."""

    @property
    def done(self) -> bool:
        """Whether the job has ended."""
        return self.state.done


@dataclass(frozen=True, slots=True)
class Beat:
    """What the database answers to a heartbeat."""

    cancel: bool = field(default=False)
    """Someone has asked the job to stop."""
    lost: bool = field(default=False)
    """The job is no longer this attempt's: another worker has it, or it has ended."""

    @property
    def stop(self) -> bool:
        """Whether the work must end."""
        return self.cancel or self.lost


_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """A ULID in lower case: 48 bits of milliseconds, 80 of chance; 26 characters that sort by time."""
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
