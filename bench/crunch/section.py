"""The section of docs/benchmarks.md about the crunch, and its two charts, out of the results alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.chart import MEMORY, SECONDS, draw_curves
from bench.crunch.contenders import ENGINES, OURS, WARM_UP_ROWS, name_of
from bench.crunch.engine import TIMES
from bench.crunch.forms import ARROW, CSV, PARQUET
from bench.figures import curve_table, curves, disturbed, peak_of, seconds_of, took
from bench.page import megabytes, put_section, ratio, seconds, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.contender import Run
    from bench.results import Results

NAME = "bench/crunch"
CHARTS = {
    "bench-crunch-seconds.png": ("Time to crunch a Parquet ledger", SECONDS, seconds_of),
    "bench-crunch-memory.png": ("Peak memory while crunching it", MEMORY, peak_of),
}
ONE_CORE = 1

HOW = """\
The ledger of bench/xlsx by city and account, and everything that a report of it asks: of each account, each
city and all rows nine figures (count, sum, mean, least, most and median of the amounts, the quantity, the
mean price by quantity, how many customers), the running sum of each row in its account, a crosstab of
cities and kinds with totals on both sides, the twenty largest amounts, the sum of each day, and of each of
the ten columns how many values, the least, the most and the longest
([report.yaml](../bench/crunch/ledger/report.yaml)). Each engine is asked as somebody who knows it would
([with_duckdb.py](../bench/crunch/with_duckdb.py), [with_polars.py](../bench/crunch/with_polars.py),
[with_pandas.py](../bench/crunch/with_pandas.py)), and its answers were compared with
those of the others before its time counted."""

IN_MEMORY = """\
The rows are in memory as Arrow, in the report's order. Pressroom and DuckDB read them as they are; Polars and
pandas have made frames of them before the clock starts, pandas with repeated texts numbered and decimals as
floats. The median of {times} times in one process. Pressroom also writes the rows with their running sums to
a file, from which it would print."""

FILES = """\
Whole processes, from the start of the interpreter to the last answer. The rows stand in the file by their
entry: each engine also brings them into the report's order, with their running sums; DuckDB hands them over
batch by batch, Polars and pandas keep them in memory, Pressroom in a file. {runs}"""

UNEQUAL = """\
**What is not equal**

- Pressroom reads files with DuckDB, which also sorts for it, with 1 GB of memory; beyond that it spills to
  the disk. The others may take what the machine has.
- Pressroom's sums of decimals are exact; so are those of DuckDB and Polars. pandas has no decimals: floats.
- Pressroom, Polars and pandas take the order of the rows in memory for granted; DuckDB's window sorts each
  account again. Pressroom's answer is one pass; the others are asked one question after the other.
- The others answer any question; Pressroom those of reports, and it keeps the rows even where only totals
  are asked."""

AGAIN = "Again: `make bench`, or `.venv/bin/python -m bench.crunch --help`."


def write_section(results: Results, page: Path, pictures: Path) -> None:
    """Put the section into `page`, with its charts in the folder `pictures` beside it."""
    put_section(page, NAME, section(results, pictures.relative_to(page.parent).as_posix()))
    if len(_sizes(results, PARQUET)) > 1:
        for name, (title, axis, value) in CHARTS.items():
            lines = curves(results, value, _parquet(results))
            draw_curves(pictures / name, title, lines, axis)


def section(results: Results, pictures: str) -> str:
    """The Markdown; `pictures` is the folder of the charts as a link from the page."""
    own = results.get(name_of(OURS, PARQUET, results.threads), results.rows)
    times = len(own.runs) if own else 1
    runs = (
        "Each ran once." if times == 1 else f"Pressroom's is the median of {times} runs; the others ran once."
    )
    alone = [
        (run.seconds, run.cpu_seconds)
        for engine in ENGINES
        if engine != OURS and (run := _run(results, engine, ARROW, ONE_CORE, results.rows))
    ]
    parts = [
        f"## Crunch: {results.rows:,} rows side by side",
        results.machine.markdown(),
        HOW,
        "### Arrow in memory",
        IN_MEMORY.format(times=TIMES),
        comparison(results),
        *disturbed(alone, "an engine on one core"),
        "### Files",
        FILES.format(runs=runs),
        _files(results),
        _where_others_win(results),
    ]
    if len(_sizes(results, PARQUET)) > 1:
        parts.append("### From few rows to many: Parquet")
        parts += [f"![{title}]({pictures}/{name})" for name, (title, _, _) in CHARTS.items()]
        parts.append(curve_table(results, _parquet(results)))
    parts += [UNEQUAL, f"All had a run over {WARM_UP_ROWS:,} rows before.", AGAIN]
    return "\n\n".join(parts)


def comparison(results: Results) -> str:
    """Arrow in memory: each engine on one core and on all, fastest first, for each number of rows."""
    lines = []
    for rows in reversed(_sizes(results, ARROW)):
        found = {engine: _run(results, engine, ARROW, results.threads, rows) for engine in ENGINES}
        base = found[OURS]
        ranked = sorted(
            ((engine, run) for engine, run in found.items() if run), key=lambda each: each[1].seconds
        )
        for engine, run in ranked:
            alone = _run(results, engine, ARROW, ONE_CORE, rows)
            title = ENGINES[engine][0]
            lines.append(
                [
                    f"**{title}**" if engine == OURS else title,
                    f"{rows:,}",
                    seconds(alone.seconds) if alone else "",
                    seconds(run.seconds),
                    ratio(run.seconds / base.seconds) if base else "",
                    f"{alone.seconds / run.seconds:.2f}" if alone else "",
                    seconds(run.cpu_seconds),
                    seconds(run.phases["totals"]),
                ]
            )
    cores = f"{results.threads} cores"
    return table(
        [
            "engine",
            "rows",
            "1 core, s",
            f"{cores}, s",
            "ratio",
            f"1 to {cores}",
            "CPU s",
            "groups' totals only, s",
        ],
        lines,
    )


def _files(results: Results) -> str:
    """Seconds and peak memory from each kind of file."""
    sizes = [(form, rows) for form in (CSV, PARQUET) for rows in _sizes(results, CSV)]
    heads = [f"{'CSV' if form == CSV else 'Parquet'}, {rows:,}" for form, rows in sizes]
    lines = []
    for engine, (title, _) in ENGINES.items():
        runs = [_run(results, engine, form, results.threads, rows) for form, rows in sizes]
        if any(runs):
            cells = [took(run) if run else "" for run in runs]
            lines.append([f"**{title}**" if engine == OURS else title, *cells])
    return table(["engine", *heads], lines)


def _where_others_win(results: Results) -> str:
    """Where another engine takes less time or memory than ours, by the figures."""
    lines = []
    for form, what in ((ARROW, "Arrow in memory"), (CSV, "CSV"), (PARQUET, "Parquet")):
        for cores in (ONE_CORE, results.threads) if form == ARROW else (results.threads,):
            for rows in _sizes(results, form):
                where = f"{what}, {rows:,} rows" + (f", {cores} core(s)" if form == ARROW else "")
                lines += _better(
                    results, (form, cores, rows), f"{where}: less time", seconds_of, seconds, "s"
                )
                if form == ARROW and cores > ONE_CORE:
                    lines += _better(
                        results,
                        (form, cores, rows),
                        f"{where}, groups' totals only: less time",
                        lambda run: run.phases["totals"],
                        seconds,
                        "s",
                    )
                if form != ARROW:
                    lines += _better(
                        results, (form, cores, rows), f"{where}: less memory", peak_of, megabytes, "MB"
                    )
    return "\n".join(["**Where others win**", "", *(lines or ["Nowhere in this run."])])


def _better(
    results: Results,
    at: tuple[str, int, int],
    where: str,
    value: Callable[[Run], float],
    shown: Callable[[float], str],
    unit: str,
) -> list[str]:
    own = _run(results, OURS, *at)
    others = {engine: _run(results, engine, *at) for engine in ENGINES if engine != OURS}
    less = [
        f"{ENGINES[engine][0]} {shown(value(run))}"
        for engine, run in others.items()
        if run and own and value(run) < value(own)
    ]
    return [f"- {where}: {', '.join(less)}; Pressroom {shown(value(own))} {unit}."] if less and own else []


def _parquet(results: Results) -> dict[str, str]:
    """Titles of the contenders of the curve, ours first."""
    names = {name_of(engine, PARQUET, results.threads): title for engine, (title, _) in ENGINES.items()}
    return {name: title for name, title in names.items() if results.curve(name)}


def _run(results: Results, engine: str, form: str, cores: int, rows: int) -> Run | None:
    result = results.get(name_of(engine, form, cores), rows)
    return result.median if result else None


def _sizes(results: Results, form: str) -> list[int]:
    """The numbers of rows over which ours ran in that form."""
    return [result.rows for result in results.curve(name_of(OURS, form, results.threads))]
