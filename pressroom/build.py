"""Run a job: read, crunch, design, write. What the command line's `render` and a worker's task both call."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import rust_core
from pressroom.errors import (
    BadData,
    BuildFailed,
    DeadlinePassed,
    DefinitionError,
    Incomplete,
    JobCancelled,
    LimitExceeded,
    PressroomError,
    StorageFull,
)
from pressroom.jobs import Phase
from pressroom.plan import make_plan
from pressroom.plates.pango import load_pango
from pressroom.plates.sheet import make_sheet_plate
from pressroom.plates.unreplayed import printed_alone, prints_alone
from pressroom.sources.source import Source
from pressroom.watcher import Unwatched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pressroom.definition import ParameterValue
    from pressroom.plan import Plan
    from pressroom.plates.alone import Alone
    from pressroom.plates.cache import PlateCache
    from pressroom.reports import Report
    from pressroom.sources.database import Databases
    from pressroom.sources.dataset import Dataset
    from pressroom.watcher import Watcher

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SPOOL = "spool.arrow"
WATCH_SECONDS = 0.05

ControlTotals = dict[str, tuple[int, int | None]]


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """A finished file and the core's figures of it; `seconds` is the core's own wall time."""

    name: str
    path: Path
    media_type: str
    rows: int
    bytes: int
    seconds: float
    pages: int | None = None
    sheets: int | None = None
    cells: int | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """What a run leaves: files, and the figures that show nothing was lost."""

    rows: int
    files: tuple[BuiltFile, ...]
    completeness: dict[str, Any]
    warnings: tuple[str, ...]
    phases: dict[str, float]


def build(
    report: Report,
    datasets: Sequence[Dataset],
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
    """Write `report`'s `outputs` ("pdf", "xlsx") into `folder` as `<name>.pdf` and `<name>.xlsx`.

    `folder` exists, is this run's own, and also takes the spool and the SQL engine's spill. At most
    `weasyprint_rows` rows are printed by WeasyPrint alone when no plate can replay their design. `databases`
    are those that reports may read. Raises a `PressroomError`; the caller throws the folder away then.
    """
    if "pdf" in outputs:
        load_pango()
    run = _Run(report, dict(parameters), control, weasyprint_rows, cache, watcher or Unwatched())
    with core_errors(control):
        plan, crunched = run.read(datasets, folder, memory_limit_bytes, databases)
        files: list[BuiltFile] = []
        controls: dict[str, ControlTotals] = {}
        for output in outputs:
            path = folder / f"{report.name}.{output}"
            written = run.pdf(plan, crunched, path) if output == "pdf" else run.xlsx(plan, crunched, path)
            run.warnings += written.warnings
            controls[path.name] = written.control
            files.append(_built_file(path, output, written))
        completeness = _completeness(crunched, files, controls)
    (folder / SPOOL).unlink(missing_ok=True)
    return Built(crunched.rows, tuple(files), completeness, tuple(dict.fromkeys(run.warnings)), run.seconds)


@dataclass(slots=True)
class _Run:
    """One run: the stages, and what they all look at."""

    report: Report
    parameters: dict[str, ParameterValue]
    control: rust_core.JobControl
    weasyprint_rows: int
    cache: PlateCache | None
    watcher: Watcher
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("read", "crunch", "plate"), 0.0))

    def read(
        self,
        datasets: Sequence[Dataset],
        folder: Path,
        memory_limit_bytes: int,
        databases: Databases | None,
    ) -> tuple[Plan, rust_core.Crunched]:
        """Rows in order from their sources, through the crunch, into the spool."""
        self.watcher.enter(Phase.READING)
        definition = self.report.definition
        with self._timed("read"):
            source = Source(
                self.report,
                datasets,
                self.parameters,
                threads=self.control.threads,
                memory_limit_bytes=memory_limit_bytes,
                spill=folder,
                databases=databases,
            )
        with contextlib.ExitStack() as stack:
            stack.enter_context(_interrupting(source, self.control))
            self.watcher.follow(source.progress)
            with self._timed("read"):
                stack.enter_context(source)
                plan = make_plan(definition, source.fields)
                stream = source.stream()
            self.watcher.enter(Phase.CRUNCHING)
            with self._timed("crunch"):
                try:
                    return plan, rust_core.crunch(stream, plan.to_json(), str(folder / SPOOL), self.control)
                except rust_core.StreamError as error:
                    raise source.failure(error) from error

    def pdf(self, plan: Plan, crunched: rust_core.Crunched, path: Path) -> rust_core.Written | Alone:
        """WeasyPrint designs, the core paginates and draws; or WeasyPrint draws all, where no plate can."""
        # With WeasyPrint, which was loaded because there is a PDF to make.
        from pressroom.plates.alone import write_alone
        from pressroom.plates.page import PageDesign

        self.watcher.enter(Phase.DESIGNING)
        with self._timed("plate"):
            design = PageDesign(self.report, plan, crunched, self.parameters, self.cache)
            plate = design.plate()
            alone = prints_alone(
                design.unreplayed, self.report.definition.pdf, crunched.rows, self.weasyprint_rows
            )
        if alone:
            self.watcher.enter(Phase.WRITING)
            with self._timed("pdf"):
                written = write_alone(design, crunched, path)
            self.control.check()
            self.warnings += [*design.warnings, printed_alone(design.unreplayed)]
            return written
        with self._timed("plate"):
            pagination = rust_core.paginate(crunched, plate, self.control)
            around = design.surroundings(pagination.pages)
        self.warnings += [*design.warnings, *map(str, design.unreplayed)]
        self.watcher.enter(Phase.WRITING)
        with self._timed("pdf"):
            return rust_core.write_pdf(crunched, plate, pagination, str(path), self.control, *around)

    def xlsx(self, plan: Plan, crunched: rust_core.Crunched, path: Path) -> rust_core.Written:
        """XlsxWriter designs, the core writes the rows."""
        self.watcher.enter(Phase.DESIGNING)
        with self._timed("plate"):
            plate = make_sheet_plate(self.report, plan, crunched, self.parameters)
        self.watcher.enter(Phase.WRITING)
        with self._timed("xlsx"):
            return rust_core.write_xlsx(crunched, plate, str(path), self.control)

    @contextlib.contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - start


def _built_file(path: Path, output: str, written: rust_core.Written | Alone) -> BuiltFile:
    pdf = output == "pdf"
    return BuiltFile(
        name=path.name,
        path=path,
        media_type=MEDIA_TYPES[output],
        rows=written.rows,
        bytes=written.bytes,
        seconds=written.seconds,
        pages=written.pages if pdf else None,
        sheets=None if pdf else written.sheets,
        cells=None if pdf else written.cells,
    )


def _completeness(
    crunched: rust_core.Crunched,
    files: Sequence[BuiltFile],
    controls: Mapping[str, ControlTotals],
) -> dict[str, Any]:
    """Rows and control totals of what was read, after every file has been found to hold the same."""
    for file in files:
        if file.rows != crunched.rows:
            raise Incomplete(f"{file.name}: {file.rows} rows written, {crunched.rows} read")
        for column, (count, total) in crunched.control.items():
            wrote = controls[file.name][column]
            if wrote != (count, total):
                raise Incomplete(f"{file.name}: column {column!r}: wrote {wrote}, read {(count, total)}")
    return {
        "rows_read": crunched.rows,
        "rows_written": {file.name: file.rows for file in files},
        "control_totals": {
            column: {"count": count, "sum": None if total is None else str(total)}
            for column, (count, total) in crunched.control.items()
        },
    }


@contextlib.contextmanager
def _interrupting(source: Source, control: rust_core.JobControl) -> Iterator[None]:
    """Stop reading when the job is to stop: engines and databases look at nothing of ours meanwhile."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(WATCH_SECONDS):
            try:
                control.check()
            except rust_core.CoreError:
                # And again: an engine may just have been between two queries.
                source.interrupt()

    watcher = threading.Thread(target=watch, name="interrupt", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


@contextlib.contextmanager
def core_errors(control: rust_core.JobControl) -> Iterator[None]:
    """Turn the core's exceptions, and the system's, into the errors that people and clients know.

    A job that was told to stop fails for that reason, whatever broke because of it.
    """
    try:
        yield
    except Exception as error:
        reason = _why_stopped(control) or _translate(error)
        if reason is error:
            raise
        raise reason from error


def _why_stopped(control: rust_core.JobControl) -> PressroomError | None:
    try:
        control.check()
    except rust_core.Cancelled:
        return JobCancelled("the job was cancelled")
    except rust_core.DeadlineExceeded:
        return DeadlinePassed("the job ran past its deadline", hint="allow more time, or ask for fewer rows")
    return None


def _translate(error: Exception) -> Exception:
    text = str(error)
    match error:
        case PressroomError():
            return error
        case rust_core.DiskFull():
            return StorageFull(text, hint="free space in the data folder and retry")
        case rust_core.DataError():
            return BadData(text)
        case rust_core.PlanError():
            return DefinitionError(text)
        case rust_core.LimitError():
            return LimitExceeded(text)
        case rust_core.CoreError():
            return BuildFailed(text)
        case OSError(errno=28 | 122):
            return StorageFull(
                f"no space left on the device: {error.filename or text}", hint="free space and retry"
            )
        case MemoryError():
            return BuildFailed("out of memory")
    return error
