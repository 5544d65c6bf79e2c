"""A report built in this process: the work in a thread, so that Ctrl-C and the bar stay alive."""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rust_core
from pressroom.build import Built, build
from pressroom.cli.screen import bar
from pressroom.disk import sync
from pressroom.jobs import Phase
from pressroom.parameters import check_parameters
from pressroom.reports import open_report
from pressroom.sources.database import Databases
from pressroom.sources.dataset import Dataset, detect_format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pressroom.settings import Settings
    from pressroom.watcher import Watcher

LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Rendered:
    """What a run left, and how."""

    built: Built
    threads: int
    publish_seconds: float


def render_files(
    report_name: str,
    files: Mapping[str, Path],
    parameters: Mapping[str, str],
    outputs: Sequence[str],
    out: Path,
    *,
    settings: Settings,
    threads: int,
) -> Rendered:
    """Build `outputs` in a folder inside `out`, then move them up; an error leaves `out` as it was."""
    report = open_report(report_name, settings.report_dirs)
    values = check_parameters(report.definition, parameters)
    sources = datasets(files)
    control = rust_core.JobControl(threads)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".pressroom-", dir=out) as work:
        built = _watched(
            lambda watcher: build(
                report,
                sources,
                values,
                outputs,
                Path(work),
                control=control,
                memory_limit_bytes=settings.memory_limit_bytes,
                weasyprint_rows=settings.weasyprint_rows,
                databases=Databases(settings.databases, settings.database_seconds),
                watcher=watcher,
            ),
            control,
            report.definition.title,
        )
        began = time.perf_counter()
        for file in built.files:
            _publish(file.path, out / file.name)
        sync(out)
        return Rendered(built, control.threads, time.perf_counter() - began)


def datasets(files: Mapping[str, Path]) -> list[Dataset]:
    """Files as datasets, their formats found from what is in them."""
    return [Dataset(name, path, detect_format(path, path.name)) for name, path in files.items()]


def write_stats(rendered: Rendered, path: Path) -> None:
    """Figures of a run as JSON; an output's `seconds` is the core's own wall time for that file."""
    built = rendered.built
    found: dict[str, Any] = {
        "rows": built.rows,
        "phases": {
            **dict.fromkeys(("read", "crunch", "plate", "pdf", "xlsx"), 0.0),
            **built.phases,
            "publish": rendered.publish_seconds,
        },
    }
    for file in built.files:
        figures: dict[str, Any] = {"bytes": file.bytes, "seconds": file.seconds}
        if file.pages is not None:
            found["pdf"] = {"pages": file.pages, **figures}
        else:
            found["xlsx"] = {"sheets": file.sheets, "cells": file.cells, **figures}
    found["threads"] = rendered.threads
    found["peak_rss_bytes"] = peak_rss_bytes()
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


def peak_rss_bytes() -> int:
    """Most memory this process has held (getrusage(2): kilobytes on Linux, bytes on macOS)."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


class _Position:
    """Where a run is, for its bar."""

    def __init__(self, title: str, control: rust_core.JobControl) -> None:
        self.words = title
        self._control = control
        self._reading: Callable[[], float | None] = lambda: None

    def enter(self, phase: Phase) -> None:
        self.words = phase

    def follow(self, reading: Callable[[], float | None]) -> None:
        self._reading = reading

    def done(self) -> tuple[float, float | None]:
        """How much of the phase is done, and of what; `None` where nobody knows."""
        if self.words in (Phase.READING, Phase.CRUNCHING):
            part = self._reading()
            return (0, None) if part is None else (part, 1)
        done, total = self._control.progress()
        return done, total or None


def _watched(work: Callable[[Watcher], Built], control: rust_core.JobControl, title: str) -> Built:
    position = _Position(title, control)
    with bar(title) as move, ThreadPoolExecutor(1, thread_name_prefix="build") as pool:
        result = pool.submit(work, position)
        with _cancelling(control):
            while True:
                move(position.words, *position.done())
                with contextlib.suppress(NotYet):
                    return result.result(timeout=LOOK_SECONDS)


@contextlib.contextmanager
def _cancelling(control: rust_core.JobControl) -> Iterator[None]:
    """Ctrl-C reaches the core too: the pool waits for its thread, which ends within 50 ms of work."""
    try:
        yield
    except BaseException:
        control.cancel()
        raise


def _publish(made: Path, target: Path) -> None:
    sync(made)
    made.replace(target)
