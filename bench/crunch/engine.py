"""An engine: how one contender reads the ledger, answers, and writes its answers down.

`python -m bench.crunch.engine NAME FORM CORES data folder` is the process that is measured.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bench.crunch.forms import ARROW, in_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.crunch.answers import Answers

ANSWERS, TOLD, PHASES = "answers.json", "told.json", "phases.json"
TIMES = 3
"""How often in-memory rows are crunched in one process; the one in the middle counts."""


class Engine(Protocol):
    """What a contender has to be: made with the number of its threads and a folder for its files."""

    def __init__(self, threads: int, folder: Path) -> None: ...

    def take(self, table: Any) -> None:
        """Take a `pyarrow.Table` over in the form that the engine likes best; this time does not count."""

    def open(self, form: str, path: Path) -> None:
        """Read, or get ready to read, a file; this time counts."""

    def answer(self, form: str) -> Any:
        """Compute everything, as a person who knows the engine would ask for it."""

    def totals(self) -> Any:
        """Only the groups' totals, of Arrow in memory."""

    def written(self, found: Any) -> Answers:
        """What was found, to be compared; this time does not count."""


def main() -> int:
    """Answer, and tell what that took."""
    name, form, cores, data, folder = sys.argv[1:]
    # The threads of an engine, and any that its libraries start, have so many cores and no more.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    os.environ["POLARS_MAX_THREADS"] = cores
    engine: Engine = import_module(f"bench.crunch.with_{name}").Engine(int(cores), Path(folder))
    phases: dict[str, float] = {}
    if form == ARROW:
        engine.take(in_memory(Path(data)))
        found, seconds, cpu_seconds = _median(lambda: engine.answer(form))
        _, phases["totals"], _ = _median(engine.totals)
    else:
        engine.open(form, Path(data))
        found = engine.answer(form)
        # On Linux and macOS the clock is the same in every process.
        seconds = time.perf_counter() - float(os.environ["BENCH_BEGAN"])
        cpu_seconds = time.process_time()
    told = {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_bytes": _peak_bytes()}
    for file, figures in ((TOLD, told), (PHASES, phases)):
        Path(folder, file).write_text(json.dumps(figures), encoding="utf-8")
    engine.written(found).save(Path(folder, ANSWERS))
    return 0


def _median(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What `work` gave, and the seconds, wall and CPU, of the run in the middle of `TIMES`."""
    runs = []
    found = None
    for _ in range(TIMES):
        # What the run before has found is given back first: that is no engine's crunch.
        found = None
        began, cpu = time.perf_counter(), time.process_time()
        found = work()
        runs.append((time.perf_counter() - began, time.process_time() - cpu))
    seconds, cpu_seconds = sorted(runs)[TIMES // 2]
    return found, seconds, cpu_seconds


def _peak_bytes() -> int:
    """The most memory that this process had so far."""
    # getrusage(2): kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    sys.exit(main())
