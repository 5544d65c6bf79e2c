"""The heartbeat of a running job: one thread, one round trip a second, both ways.

Out go the lease and the progress; back come cancel and lost lease. What it hears it tells the core through
`JobControl`. A job that does not listen within its grace is ended with the whole child, so that nothing of it
reaches the next job.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from enum import Enum
from typing import TYPE_CHECKING, Self

import structlog

from pressroom.errors import DeadlinePassed, PressroomError
from pressroom.problems import problem
from worker.app import GO

if TYPE_CHECKING:
    from types import TracebackType

    from pressroom.jobs import Job
    from pressroom.settings import Settings
    from pressroom.store import Store
    from rust_core import JobControl
    from worker.gauge import Gauge

BEAT_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Reason(Enum):
    """Why a job is told to stop."""

    CANCELLED = "someone asked"
    LOST = "another worker has it"
    GOING = "this worker is told to go"
    DEADLINE = "its time is over"


class Heartbeat:
    """Beats while the `with` block runs; `reason` says why the job was told to stop, if it was."""

    def __init__(self, store: Store, job: Job, gauge: Gauge, control: JobControl, settings: Settings) -> None:
        self.reason: Reason | None = None
        self._store = store
        self._job = job
        self._gauge = gauge
        self._control = control
        self._lease = settings.lease_seconds
        self._grace = settings.cancel_grace_seconds
        self._started = time.monotonic()
        self._told: float | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"heartbeat {job.id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _loop(self) -> None:
        context = {"job": self._job.id, "attempt": self._job.attempt}
        with structlog.contextvars.bound_contextvars(**context):
            while not self._over.wait(min(BEAT_SECONDS, self._lease / 3)):
                self._beat()

    def _beat(self) -> None:
        reason = self._hear()
        if reason is not None and self.reason in (None, Reason.GOING):
            self.reason = reason
            self._control.cancel()
            log.info("job is told to stop", reason=reason.value)
        if self.reason is not None and self._told is None:
            self._told = time.monotonic()
        if self._told is not None and time.monotonic() - self._told > self._grace and not self._over.is_set():
            self._end_it()

    def _hear(self) -> Reason | None:
        try:
            beat = self._store.beat(
                self._job.id, self._job.attempt, self._gauge.phase, self._gauge.read(), self._lease
            )
        except Exception as error:  # noqa: BLE001 - without its heartbeat the job could not even be stopped
            # The lease may run out meanwhile; the token still guards what is published.
            log.warning("heartbeat did not reach the database", error=str(error))
        else:
            if beat.lost:
                return Reason.LOST
            if beat.cancel:
                return Reason.CANCELLED
        if time.monotonic() - self._started > self._job.deadline_seconds:
            return Reason.DEADLINE
        if GO in signal.sigpending():
            return Reason.GOING
        return None

    def _end_it(self) -> None:
        """The grace is over: say what happened to the job, then end this process."""
        log.error("job does not stop; its process is killed", reason=self.reason)
        try:
            settle(self._store, self._job, self.reason)
        except PressroomError as error:
            log.warning("the reaper will have to say so", error=str(error))
        os.kill(os.getpid(), signal.SIGKILL)


def settle(store: Store, job: Job, reason: Reason | None) -> bool:
    """Write down how a job ended that was told to stop; says whether it is queued again."""
    match reason:
        case Reason.CANCELLED:
            store.finish_cancelled(job.id, job.attempt)
        case Reason.DEADLINE:
            late = DeadlinePassed(
                f"the job ran longer than {job.deadline_seconds:g} s",
                hint="allow more time, or ask for fewer rows",
            )
            if not store.fail(job.id, job.attempt, problem(late)):
                store.finish_cancelled(job.id, job.attempt)
        case Reason.GOING:
            if store.give_back(job.id, job.attempt):
                return True
            store.finish_cancelled(job.id, job.attempt)
        case Reason.LOST | None:
            pass
    return False
