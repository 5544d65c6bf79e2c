"""Run one job, from the ring to the row that says how it ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, cast

import structlog
from structlog.contextvars import bound_contextvars

import rust_core
from pressroom.broker import HEAVY
from pressroom.errors import BuildFailed, Incomplete, JobCancelled, PressroomError, StorageFull, Unavailable
from pressroom.jobs import Phase
from pressroom.parameters import check_parameters
from pressroom.plates.cache import PlateCache
from pressroom.problems import problem
from pressroom.reports import installed_report
from pressroom.sources.database import Databases
from pressroom.sources.dataset import Dataset as Rows
from worker.gauge import Gauge
from worker.heartbeat import Heartbeat, Reason, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pressroom.broker import Ring
    from pressroom.build import Built, BuiltFile
    from pressroom.definition import ParameterValue
    from pressroom.files import Files
    from pressroom.jobs import Job, PublishedFile
    from pressroom.reports import Report
    from pressroom.settings import Settings
    from pressroom.sources.dataset import Format
    from pressroom.store import Store
    from pressroom.watcher import Watcher

CLAIM_TRIES = 10
"""Somebody else took the job whose turn it was; after so many times they clearly need no help."""
FULL_SECONDS = 5
"""How long a worker whose disk is full hears no ring."""
PERSIST_SECONDS = 60
"""How long an hour's work waits for a database that is away, or whose disk is full."""

log = structlog.get_logger(__name__)


class Build(Protocol):
    """`pressroom.build.build`."""

    def __call__(
        self,
        report: Report,
        datasets: Sequence[Rows],
        parameters: Mapping[str, ParameterValue],
        outputs: Sequence[str],
        folder: Path,
        *,
        control: rust_core.JobControl,
        memory_limit_bytes: int,
        weasyprint_rows: int,
        databases: Databases | None = None,
        cache: PlateCache | None = None,
        watcher: Watcher | None = None,
    ) -> Built:
        """Write the outputs into `folder`."""


class Runner:
    """What a worker's child does when it hears a ring. One job at a time."""

    def __init__(self, store: Store, files: Files, settings: Settings, build: Build, ring: Ring) -> None:
        self._store = store
        self._files = files
        self._settings = settings
        self._build = build
        self._ring = ring
        self._cache = PlateCache(settings.data_dir / "cache" / "plates")

    def answer(self, rung: str) -> None:
        """Take the job whose turn it is in the queue of `rung`, if there is one, and carry it to its end."""
        try:
            self._make_room()
            job = self._take(rung)
        except (Unavailable, StorageFull) as error:
            log.warning("no job can be taken; the reaper rings again", job=rung, error=str(error))
            if isinstance(error, StorageFull):
                # Whoever refuses at once is always free: other hosts of the queue would hear no ring.
                time.sleep(FULL_SECONDS)
            return
        if job is None:
            return
        with bound_contextvars(job=job.id, attempt=job.attempt, report=job.report):
            log.info("job taken", queue=job.queue, of=job.max_attempts)
            self._run(job)

    def _make_room(self) -> None:
        """Raise `StorageFull` when there is none: a job that no worker takes keeps its attempts and waits."""
        scratch = self._files.scratch
        # What a killed child of this host has left; a reaper may be far away.
        scratch.sweep_work(self._store.leased)
        scratch.check_room(0)

    def _take(self, rung: str) -> Job | None:
        for _ in range(CLAIM_TRIES):
            turn = self._store.next_in_line(rung)
            if turn is None:
                return None
            job = self._store.claim(turn, self._settings.lease_seconds)
            if job is not None:
                return job
        return None

    def _run(self, job: Job) -> None:
        start = time.monotonic()
        control = rust_core.JobControl(
            self._settings.threads if job.queue == HEAVY else 1, deadline_seconds=job.deadline_seconds
        )
        gauge = Gauge(len(job.outputs), control)
        heartbeat = Heartbeat(self._store, job, gauge, control, self._settings)
        try:
            try:
                with heartbeat:
                    self._work(job, control, gauge, heartbeat)
            finally:
                # First: writing down how it ended may need the room.
                self._files.scratch.end_work(job.id, job.attempt)
        except Exception as error:  # noqa: BLE001 - whatever it is, the job's row must say it
            self._record(job, heartbeat.reason, error)
        finally:
            log.info("job left", seconds=round(time.monotonic() - start, 3))

    def _work(self, job: Job, control: rust_core.JobControl, gauge: Gauge, heartbeat: Heartbeat) -> None:
        def look() -> None:
            if heartbeat.reason is not None:
                raise JobCancelled(heartbeat.reason.value)

        folder = self._files.scratch.begin_work(job.id, job.attempt)
        report = installed_report(job.report, self._settings.report_dirs)
        parameters = check_parameters(report.definition, job.parameters)
        built = self._build(
            report,
            self._rows(job, folder, look),
            parameters,
            job.outputs,
            folder,
            control=control,
            memory_limit_bytes=self._settings.memory_limit_bytes,
            weasyprint_rows=self._settings.weasyprint_rows,
            databases=Databases(self._settings.databases, self._settings.database_seconds),
            cache=self._cache,
            watcher=gauge,
        )
        check_complete(built, job.outputs)
        warnings = built.warnings
        if report.digest != job.definition_digest:
            warnings = (
                *warnings,
                "the report was changed after the job was submitted; this is the new one",
            )
        gauge.enter(Phase.PUBLISHING)
        try:
            files = [self._publish(job, file, look) for file in built.files]
        except Exception:
            self._files.unpublish(job.id, job.attempt)
            raise
        if not self._succeed(job, files, built, warnings, gauge):
            self._files.unpublish(job.id, job.attempt)
            raise JobCancelled("the job was cancelled, or another worker has it")
        log.info("job succeeded", rows=built.rows, files=len(files), phases=built.phases)

    def _rows(self, job: Job, folder: Path, look: Callable[[], None]) -> list[Rows]:
        found = {name: self._store.dataset(dataset_id) for name, dataset_id in job.datasets.items()}
        return [
            Rows(name, self._files.bring(dataset, folder, look), cast("Format", dataset.format), dataset.name)
            for name, dataset in found.items()
        ]

    def _publish(self, job: Job, file: BuiltFile, look: Callable[[], None]) -> PublishedFile:
        look()
        return self._files.publish(
            job.id,
            job.attempt,
            file.path,
            media_type=file.media_type,
            size=file.bytes,
            rows=file.rows,
            pages=file.pages,
            sheets=file.sheets,
            look=look,
        )

    def _succeed(
        self, job: Job, files: Sequence[PublishedFile], built: Built, warnings: Sequence[str], gauge: Gauge
    ) -> bool:
        """The one UPDATE that makes the files visible; it outlasts a database that can't for a moment.

        `False` when the token is stale. Raises `Unavailable` when nobody knows: the files stay, and the
        reaper removes them if the database, once it is back, does not want them.
        """
        give_up = time.monotonic() + PERSIST_SECONDS
        while True:
            try:
                return self._store.succeed(
                    job.id, job.attempt, files, built.completeness, warnings, gauge.finished(built.files)
                )
            except (Unavailable, StorageFull) as error:
                if time.monotonic() > give_up:
                    raise
                log.warning("the database can't take it; the finished job waits for it", error=str(error))
                time.sleep(1)

    def _record(self, job: Job, reason: Reason | None, error: Exception) -> None:
        """Write down why the job did not succeed; when even that fails, its lease runs out."""
        try:
            if reason is not None:
                log.info("job stopped", reason=reason.value)
                if settle(self._store, job, reason):
                    self._ring(job.id, job.queue)
                return
            expected = isinstance(error, PressroomError) and not isinstance(error, BuildFailed)
            log.warning("job failed", error=str(error), exc_info=None if expected else error)
            retryable = isinstance(error, PressroomError) and error.retryable
            if not self._store.fail(job.id, job.attempt, problem(error), retryable=retryable):
                self._store.finish_cancelled(job.id, job.attempt)
        except Exception as late:  # noqa: BLE001 - broker or database: the reaper sees to the job
            log.warning("the end of the job could not be written down or rung", error=str(late))


def check_complete(built: Built, outputs: Sequence[str]) -> None:
    """Raise `Incomplete` unless every output asked for is there and holds every row that was read."""
    made = {file.name.rpartition(".")[2] for file in built.files}
    if missing := [output for output in outputs if output not in made]:
        raise Incomplete(f"not written: {', '.join(missing)}")
    for file in built.files:
        if file.rows != built.rows:
            raise Incomplete(f"{file.name}: {file.rows} rows written, {built.rows} read")
