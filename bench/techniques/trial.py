"""One technique at one kernel, by `python -m bench.techniques.trial` and the arguments of `main`.

A process of its own. Its figures are written as JSON to `out` only when every result was right.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.techniques.build import function
from bench.techniques.dataset import halves, load
from bench.techniques.oracle import difference, load_right
from bench.techniques.technique import ALONE, HALVES, TWO
from bench.techniques.ticks import counted_beside

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST_RUNS, MOST_RUNS = 3, 15


def figures_of(
    technique: str, kernel: str, data: Path, right: Path, way: str, enough_seconds: float
) -> dict[str, float]:
    """The figures, in seconds: `first` with the import, `call` and `cpu` as medians; `ticks` is a share."""
    # Polars asks for this when it is imported.
    os.environ["POLARS_MAX_THREADS"] = str(threads := 2 if way == TWO else 1)
    table, expected = load(data), load_right(right)
    began = time.perf_counter()
    computed = function(technique, kernel)
    if way != HALVES:
        expected = expected[:1]

        def call() -> list[Any]:
            return [computed(table, threads)]
    else:
        expected, works, pool = expected[1:], halves(table), ThreadPoolExecutor(2)

        def call() -> list[Any]:
            return list(pool.map(lambda work: computed(work, 1), works))

    results = call()
    figures = {"first": time.perf_counter() - began}
    _check(results, expected)
    figures |= _timed(call, enough_seconds)
    if way == ALONE:
        figures["ticks"], figures["beside"] = counted_beside(call)
    _check(call(), expected)
    return figures


def _timed(call: Callable[[], object], enough_seconds: float) -> dict[str, float]:
    calls: list[tuple[float, float]] = []
    while len(calls) < LEAST_RUNS or (
        len(calls) < MOST_RUNS and sum(seconds for seconds, _ in calls) < enough_seconds
    ):
        began, cpu = time.perf_counter(), time.process_time()
        results = call()
        calls.append((time.perf_counter() - began, time.process_time() - cpu))
        # Freed here: what one run leaves behind is not another's time.
        del results
    seconds, cpus = zip(*calls, strict=True)
    return {"call": statistics.median(seconds), "cpu": statistics.median(cpus)}


def _check(results: list[Any], expected: list[Any]) -> None:
    for found, should in zip(results, expected, strict=True):
        if told := difference(found, should):
            sys.exit(f"wrong result: {told}")


def main(technique: str, kernel: str, data: str, right: str, way: str, enough_seconds: str, out: str) -> None:
    """The command line's."""
    figures = figures_of(technique, kernel, Path(data), Path(right), way, float(enough_seconds))
    Path(out).write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
