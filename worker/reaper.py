"""The reaper keeps the promises that dead processes made; any number of copies may run."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import structlog
from structlog.contextvars import bound_contextvars

from pressroom.broker import QUEUES
from pressroom.errors import PressroomError, Unavailable
from pressroom.pulse import Pulse
from worker.callbacks import run_callbacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from pressroom.broker import Ring, Unheard
    from pressroom.files import Files
    from pressroom.settings import Settings
    from pressroom.store import Store

LOOK_SECONDS = 1.0
CLEAN_SECONDS = 60.0

log = structlog.get_logger(__name__)


class Reaper:
    """Rings for jobs that wait in silence, ends those that nobody else can, removes what is too old."""

    def __init__(self, store: Store, files: Files, settings: Settings, ring: Ring, unheard: Unheard) -> None:
        self._pulse = Pulse(settings.data_dir, "reaper")
        self._store = store
        self._files = files
        self._settings = settings
        self._ring = ring
        self._unheard = unheard
        self._sweep_at = 0.0
        self._leases_count_from = 0.0

    def run(self, stop: threading.Event) -> None:
        """Look after the jobs until `stop` is set; a database or a broker that is away is waited for."""
        look = min(LOOK_SECONDS, self._settings.ring_after_seconds, self._settings.lease_seconds / 2)
        # Cleaning by itself: what waits for a slow storage must not keep jobs waiting for their ring.
        with ThreadPoolExecutor(1, thread_name_prefix="cleaner") as thread:
            cleaning = thread.submit(_again_and_again, partial(self.clean, stop), CLEAN_SECONDS, stop)
            _again_and_again(self.look, look, stop)
        cleaning.result()
        self._pulse.end()

    def look(self) -> None:
        """Everything that should not wait: rings, poison, cancels of dead workers."""
        try:
            if time.monotonic() < self._leases_count_from:
                self._store.ping()
            else:
                self._end_exhausted()
                self._ring_all()
        except Unavailable:
            # Leases run out meanwhile: when it is back, workers that live renew theirs first.
            self._leases_count_from = time.monotonic() + self._settings.lease_seconds
            raise
        self._pulse.beat()

    def clean(self, stop: threading.Event) -> None:
        """Everything that may wait: expired jobs and datasets, and what dead processes left behind.

        Ends early when `stop` is set; what is left then, a later sweep finds.
        """
        while expired := self._store.expire():
            for job in expired:
                if stop.is_set():
                    return
                with bound_contextvars(job=job.id, attempt=job.attempt):
                    log.info("job expired")
                    self._files.forget(job.id, job.rows_dataset)
        while gone := self._store.expire_datasets():
            for dataset in gone:
                if stop.is_set():
                    return
                log.info("dataset expired", dataset=dataset.id)
                self._files.remove_dataset(dataset)
        self._pulse.sweep()
        swept = self._files.scratch.sweep_work(self._store.leased)
        swept += self._files.scratch.sweep_incoming()
        if time.monotonic() >= self._sweep_at:
            swept += self._files.sweep(self._store.wanted, self._store.known_datasets)
            self._sweep_at = time.monotonic() + self._files.sweep_seconds
        for path in swept:
            log.info("swept", path=path)

    def _end_exhausted(self) -> None:
        for job in self._store.fail_exhausted():
            with bound_contextvars(job=job.id, attempt=job.attempt):
                # What it has left is for the sweep: the job may be tried again by now.
                log.warning("job ended without its worker", state=job.state)

    def _ring_all(self) -> None:
        try:
            # Who hears a ring takes the job whose turn it is, whosever ring it was: one that lies there is
            # enough, and a long queue does not fill the broker.
            silent = [queue for queue in QUEUES if self._unheard(queue) == 0]
        except Exception as error:  # noqa: BLE001 - a broker that is away; next time again
            log.warning("ring failed", error=str(error))
            return
        due = self._store.rings_due(self._settings.ring_after_seconds, silent)
        for place, (job_id, queue) in enumerate(due):
            with bound_contextvars(job=job_id):
                try:
                    self._ring(job_id, queue)
                except Exception as error:  # noqa: BLE001 - a broker that is away; next time again
                    log.warning("ring failed", error=str(error), waiting=len(due) - place)
                    self._store.not_rung([waiting for waiting, _ in due[place:]])
                    return
                log.info("rung", queue=queue)


def _again_and_again(work: Callable[[], None], seconds: float, stop: threading.Event) -> None:
    try:
        while not stop.is_set():
            try:
                work()
            except (PressroomError, OSError) as error:
                log.warning("the reaper tries again", error=str(error))
            stop.wait(seconds)
    finally:
        # An error that nobody expects ends the whole reaper, for its supervisor to see.
        stop.set()


def run_reaper(store: Store, files: Files, settings: Settings, ring: Ring, unheard: Unheard) -> None:
    """Run a reaper in this process until it is told to go."""
    stop = threading.Event()
    caller = threading.Thread(target=run_callbacks, args=(store, stop), name="callbacks", daemon=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    caller.start()
    log.info("reaper ready.")
    Reaper(store, files, settings, ring, unheard).run(stop)
