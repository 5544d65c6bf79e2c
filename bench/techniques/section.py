"""The section of docs/benchmarks.md about techniques, and its chart, out of the results alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.figures import disturbed
from bench.page import milliseconds, put_section, ratio, seconds, table
from bench.techniques.kernel import KERNELS
from bench.techniques.picture import Dots, draw_dots
from bench.techniques.technique import ALONE, BASE, HALVES, OURS, TWO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.contender import Run
    from bench.results import Results

NAME = "bench/techniques"
CHART = "bench-techniques.png"
WAYS = {ALONE: "on one thread", TWO: "on two threads of its own", HALVES: "as two halves"}
CHART_TITLE = "{rows:,} rows on one thread (hollow), on two of its own (filled)"

HOW = """\
The arithmetic of reports in every technique that somebody might reach for first, on the same {rows:,} rows.
Rows come as Arrow and results leave as Arrow or as NumPy arrays, which are the same memory; all between
counts. Each is written as somebody who knows it would ([bench/techniques](../bench/techniques)): loops over
native integers and views of Arrow's memory where there are loops; windows, as-of joins and recursive queries
where there are none. Rust is a small crate of bare kernels, with the core's versions of its crates
([bench/techniques/rust](../bench/techniques/rust)); it lets go of Python's lock for the whole call. It is not
Pressroom's own transforms, which also know decimals, fees and other orders of lots.
Each trial is a process of its own, and its results were compared with pure Python's, value by value, before
and after its times were taken. A time is that of one call, the median of 3 to 15. What is compiled ahead has
`-O3` or Rust's release and is for any x86-64 processor; Numba and Taichi compile for this one."""

HEADS = (
    "1 thread",
    "2 threads (scaling)",
    "two halves (scaling)",
    "times pure Python",
    "other thread",
    "first call",
    "lines",
)
MEANING = """\
What the columns say, all times in milliseconds:

- **2 threads**: of the technique's own, which divide the work themselves; in brackets how many times faster.
- **two halves**: two Python threads of one process, each with half of the work and one thread of the
  technique. Who cuts the work and puts the results together is not counted, and small halves suit the cache.
- **times pure Python**: how many times faster, by the faster of the first two columns.
- **other thread**: how much a second Python thread gets done during calls on one thread, of what it gets done
  alone; and how many times longer a call takes beside it. A worker's heartbeat is such a thread.
- **first call**: with the import and what is compiled then.
- **lines**: of the kernel's source, without empty lines, comments and docstrings."""

LIMITS = """\
**What the figures do not show**

- NumPy, pandas, Polars and DuckDB have no loop that carries a state. They can express commission and FIFO
  lots only because both are differences of running sums. Where a row's rounded result feeds the next row, or
  a lot is chosen by its price, that form is gone and with it the technique.
- Polars and pandas have no recursion: the tree is a loop in Python over its levels. DuckDB's recursive query
  never ends in a cycle, so a first query must find what hangs on no root.
- Numba and Taichi have no columns of text: account numbers are bytes and offsets by hand. Numba has no
  atomics on CPUs, so one thread climbs the tree. Taichi has one setting of threads for the whole process and
  is used from one thread.
- mypyc is as fast as it is here only through `librt.vecs` and native integers, and it keeps Python's lock.
- The loops of Cython, Numba and Taichi check no bounds here: a wrong index is silent damage. Rust and mypyc
  check every one. What Rust's threads share its compiler has proved safe to share, without `unsafe`.
- NumPy's arrays get huge pages from the kernel by themselves. Rust's memory is mimalloc's, which keeps what a
  call frees for the next; glibc's would give it back, to be zeroed again page by page in each call.
- On one thread a typed loop is much the same machine code whoever compiled it. Where Cython or Numba is level
  with Rust or passes it, both do the same work; where they differ, the order of work differs.
- Hash tables and queues are written by hand where a technique has none for native values: Numba, Taichi,
  mypyc, Cython without C++.
- Numba (parallel), Taichi, DuckDB and Polars were not asked for two halves: their own threads do that."""

AGAIN = "Again: `make bench`, or `.venv/bin/python -m bench.techniques --help`."


def write_section(results: Results, page: Path, pictures: Path) -> None:
    """Put the section into `page`, with its chart in the folder `pictures` beside it."""
    put_section(page, NAME, section(results, pictures.relative_to(page.parent).as_posix()))
    panels = {
        kernel.title: [
            Dots(
                title,
                alone(results, name, kernel.name).phases["call"],
                called(results, name, kernel.name, TWO),
            )
            for name, title in results.titles.items()
        ]
        for kernel in KERNELS.values()
    }
    draw_dots(pictures / CHART, CHART_TITLE.format(rows=results.rows), results.titles[OURS], panels)


def section(results: Results, pictures: str) -> str:
    """The Markdown; `pictures` is the folder of the chart as a link from the page."""
    title = CHART_TITLE.format(rows=results.rows)
    slow = [alone(results, BASE, kernel).phases for kernel in KERNELS if BASE in results.titles]
    parts = [
        f"## Techniques: {results.rows:,} rows of report arithmetic",
        results.machine.markdown(),
        HOW.format(rows=results.rows),
        *disturbed([(phases["call"], phases["cpu"]) for phases in slow], "pure Python"),
        comparison(results),
        "Milliseconds on one thread or on two of the technique's own, whichever is faster; in brackets how "
        "many times as long as Rust.",
        f"![{title}]({pictures}/{CHART})",
        who_wins(results),
        MEANING,
    ]
    for kernel in KERNELS.values():
        parts += [f"### {kernel.title}", kernel.contract, kernel_table(results, kernel.name)]
    return "\n\n".join([*parts, builds(results), LIMITS, AGAIN])


def called(results: Results, technique: str, kernel: str, way: str) -> float | None:
    """The seconds of a call, or None where the technique has no such way."""
    found = results.get(f"{technique}/{kernel}/{way}", results.rows)
    return found.median.phases["call"] if found else None


def best(results: Results, technique: str, kernel: str) -> float:
    """The seconds of a call over all the work, on one thread or on two of the technique's own."""
    took = (called(results, technique, kernel, way) for way in (ALONE, TWO))
    return min(seconds for seconds in took if seconds is not None)


def alone(results: Results, technique: str, kernel: str) -> Run:
    """The trial on one thread."""
    found = results.get(f"{technique}/{kernel}/{ALONE}", results.rows)
    if found is None:
        raise LookupError(f"no result of {technique} at {kernel} in {NAME}/results.json: measure again")
    return found.median


def comparison(results: Results) -> str:
    """The main table: techniques by kernels, fastest in the sum first."""
    rows = []
    for name in _ranked(
        {name: sum(best(results, name, kernel) for kernel in KERNELS) for name in results.titles}
    ):
        cells = []
        for kernel in KERNELS:
            took = best(results, name, kernel)
            times = ratio(took / best(results, OURS, kernel))
            cells.append(milliseconds(took) if name == OURS else f"{milliseconds(took)} ({times})")
        rows.append([_title(results, name), *cells])
    return table(["technique", *(kernel.title for kernel in KERNELS.values())], rows)


def kernel_table(results: Results, kernel: str) -> str:
    """All figures of one kernel, fastest first."""
    rows = []
    for name in _ranked({name: best(results, name, kernel) for name in results.titles}):
        run = alone(results, name, kernel)
        took, shared = run.phases["call"], min(run.phases["ticks"], 1.0)
        scaled = [
            f"{milliseconds(seconds)} ({ratio(took / seconds)})" if seconds else ""
            for seconds in (called(results, name, kernel, way) for way in (TWO, HALVES))
        ]
        rows.append(
            [
                _title(results, name),
                milliseconds(took),
                *scaled,
                ratio(best(results, BASE, kernel) / best(results, name, kernel)),
                f"{shared:.0%}, {ratio(run.phases['beside'] / took)}",
                milliseconds(run.phases["first"]),
                str(run.counts["lines"]),
            ]
        )
    return table(["technique", *HEADS], rows)


def who_wins(results: Results) -> str:
    """Where Rust is not the fastest, or not the shortest: said by the figures, whatever they are."""
    told = ["**Where others win**", ""]
    for kernel in KERNELS.values():
        for way, what in WAYS.items():
            found = {name: called(results, name, kernel.name, way) for name in results.titles}
            took = {name: seconds for name, seconds in found.items() if seconds is not None}
            if faster := [name for name in _ranked(took) if took[name] < took[OURS]]:
                names = ", ".join(f"{results.titles[name]} {milliseconds(took[name])}" for name in faster)
                told.append(f"- {kernel.title} {what} (Rust {milliseconds(took[OURS])} ms): {names} ms.")
    told.append(f"- Lines of code of all four kernels: {_shorter(results)}.")
    return "\n".join(told)


def _shorter(results: Results) -> str:
    """Of the four kernels together, fewest first."""
    lines = {
        name: sum(alone(results, name, kernel).counts["lines"] for kernel in KERNELS)
        for name in results.titles
    }
    return ", ".join(f"{results.titles[name]} {lines[name]}" for name in _ranked(lines))


def builds(results: Results) -> str:
    """What it takes before the first call, where there is something to build."""
    took = {
        title: run.phases["build"]
        for name, title in results.titles.items()
        if "build" in (run := alone(results, name, next(iter(KERNELS)))).phases
    }
    told = ", ".join(
        f"{title} {seconds(value)}" for title, value in sorted(took.items(), key=lambda item: item[1])
    )
    return f"Seconds of the build of all four kernels: {told}. Rust's are those with all crates it stands on."


def _title(results: Results, name: str) -> str:
    return f"**{results.titles[name]}**" if name == OURS else results.titles[name]


def _ranked(values: Mapping[str, float]) -> list[str]:
    """Names, least value first."""
    return sorted(values, key=lambda name: values[name])
