"""Callbacks: tell whoever asked for it that a job has ended. At least once, in any order."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx
import structlog
from structlog.contextvars import bound_contextvars

from pressroom.errors import PressroomError

if TYPE_CHECKING:
    import threading

    from pressroom.jobs import Job
    from pressroom.store import Store

LOOK_SECONDS = 1.0
TIMEOUT_SECONDS = 5.0

log = structlog.get_logger(__name__)


def run_callbacks(store: Store, stop: threading.Event) -> None:
    """Call until `stop` is set. A call that fails is tried again, later each time, a few times."""
    # It logs every address that it calls, and a caller's may hold a secret.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        # No redirects: they would lead out of the hosts that the installation allows.
        with httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
            while not stop.wait(LOOK_SECONDS):
                try:
                    for job in store.callbacks_due():
                        with bound_contextvars(job=job.id, attempt=job.attempt):
                            call(client, store, job)
                except PressroomError as error:
                    log.warning("callbacks wait for the database", error=str(error))
    finally:
        # An error that nobody expects ends the whole reaper, for its supervisor to see.
        stop.set()


def call(client: httpx.Client, store: Store, job: Job) -> None:
    """POST the job's id and state; a 2xx answer is what ends the matter."""
    if job.callback is None:
        return
    said = {
        "id": job.id,
        "report": job.report,
        "state": str(job.state),
        "labels": list(job.labels),
        "finished": job.finished.isoformat() if job.finished else None,
    }
    try:
        # What else it answers is not read, however long.
        with client.stream("POST", job.callback, json=said) as answer:
            answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        log.warning("callback failed", error=f"it answered {error.response.status_code}")
    except httpx.HTTPError as error:
        log.warning("callback failed", error=str(error) or type(error).__name__)
    else:
        store.callback_heard(job.id)
        log.info("callback heard")
