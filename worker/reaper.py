"""The reaper keeps the promises that dead processes made; any number of copies may run."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

import structlog

from pressroom.errors import PressroomError
from pressroom.pulse import Pulse
from worker.callbacks import run_callbacks

if TYPE_CHECKING:
    from pressroom.broker import Ring
    from pressroom.files import Files
    from pressroom.settings import Settings
    from pressroom.store import Store

LOOK_SECONDS = 1.0
CLEAN_SECONDS = 60.0

log = structlog.get_logger(__name__)


class Reaper:
    """Rings for jobs that wait in silence, ends those that nobody else can, removes what is too old."""

    def __init__(self, store: Store, files: Files, settings: Settings, ring: Ring) -> None:
        self._pulse = Pulse(settings.data_dir, "reaper")
        self._store = store
        self._files = files
        self._settings = settings
        self._ring = ring
        self._clean_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Look after the jobs until `stop` is set; a database or a broker that is away is waited for."""
        look = min(LOOK_SECONDS, self._settings.ring_after_seconds, self._settings.lease_seconds / 2)
        while not stop.is_set():
            try:
                self.look()
                if time.monotonic() >= self._clean_at:
                    self.clean()
                    self._clean_at = time.monotonic() + CLEAN_SECONDS
            except (PressroomError, OSError) as error:
                log.warning("the reaper tries again", error=str(error))
            stop.wait(look)

    def look(self) -> None:
        """Everything that should not wait: rings, poison, cancels of dead workers."""
        for job in self._store.fail_exhausted():
            log.warning("job ended without its worker", job=job.id, state=job.state, attempts=job.attempt)
            self._files.end_work(job.id, job.attempt)
            self._files.remove(job)
        self._ring_all()
        self._pulse.beat()

    def clean(self) -> None:
        """Everything that may wait: expired jobs and datasets, and what dead processes left on disk."""
        for job in self._store.expire():
            log.info("job expired", job=job.id)
            self._files.forget(job.id, job.rows_dataset)
        for dataset in self._store.expire_datasets():
            log.info("dataset expired", dataset=dataset.id)
            self._files.remove_dataset(dataset)
        for path in self._files.sweep(self._store.wants, self._store.knows_dataset):
            log.info("swept", path=str(path.relative_to(self._files.root)))

    def _ring_all(self) -> None:
        rung = []
        try:
            for job_id, queue in self._store.due(self._settings.ring_after_seconds):
                self._ring(job_id, queue)
                rung.append(job_id)
        except Exception as error:  # noqa: BLE001 - a broker that is away; next time again
            log.warning("ring failed", error=str(error))
        if rung:
            self._store.mark_rung(rung)
            log.info("rung", jobs=len(rung))


def run_reaper(store: Store, files: Files, settings: Settings, ring: Ring) -> None:
    """Run a reaper in this process until it is told to go."""
    stop = threading.Event()
    caller = threading.Thread(target=run_callbacks, args=(store, stop), name="callbacks", daemon=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    caller.start()
    log.info("reaper ready.")
    pulse = Pulse(settings.data_dir, "reaper")
    pulse.sweep()
    Reaper(store, files, settings, ring).run(stop)
    pulse.end()
