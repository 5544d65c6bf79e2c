"""The section of docs/benchmarks.md about XLSX, and its two charts, out of the results alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.chart import MEMORY, SECONDS, draw_curves
from bench.figures import (
    curve_table,
    curves,
    disturbed,
    of_others,
    peak_of,
    seconds_of,
    start_of,
    where_others_win,
)
from bench.page import megabytes, put_section, ratio, seconds, table
from bench.xlsx.contenders import OURS, WARM_UP_ROWS

if TYPE_CHECKING:
    from pathlib import Path

    from bench.contender import Run
    from bench.results import Results

NAME = "bench/xlsx"
CHARTS = {
    "bench-xlsx-seconds.png": ("Time to write an XLSX ledger of ten columns", SECONDS, seconds_of),
    "bench-xlsx-memory.png": ("Peak memory while writing it", MEMORY, peak_of),
}
PHASES = {
    "read": "reading",
    "crunch": "crunching",
    "plate": "the plate",
    "xlsx": "writing",
    "publish": "publishing",
}

HOW = """\
A ledger of ten columns, the same Parquet file for everyone: three integers, four texts of which one is unique
in each row, two decimals, a date. Each writer is used as somebody who knows it would
([writers.py](../bench/xlsx/writers.py)): the same header, number formats, widths, frozen header and filter,
and typed cells. {ours} is `pressroom render` with {threads} threads over
[a report of its own](../bench/xlsx/ledger/report.yaml), {runs}; the others ran once. All had a run over
{warm_up:,} rows before, so that compiled modules were there. Every cell of every file was read back with
python-calamine and equals the dataset."""

UNEQUAL = """\
**What is not equal**

- The others are Python APIs that write on one thread; Pressroom's core writes on {threads}. CPU s tells.
- Pressroom's is the whole of a print: it plans SQL, crunches, counts rows and control totals again, writes a
  title and the print set-up too, and syncs the file to the disk before it gets its name. The others write.
- XlsxWriter and openpyxl take rows from DuckDB as Python objects, as does PyExcelerate; polars and
  rustpy-xlsxwriter take a frame that polars has read, the latter as Arrow.
- polars writes an Excel table where the others set a filter. XlsxWriter without constant_memory and polars
  share equal texts in the file, Pressroom those of columns that repeat them; the others repeat each text.
- In the others any cell can be anything. Pressroom writes tables that a report describes."""

AGAIN = "Again: `make bench`, or `.venv/bin/python -m bench.xlsx --help`."


def write_section(results: Results, page: Path, pictures: Path) -> None:
    """Put the section into `page`, with its charts in the folder `pictures` beside it."""
    put_section(page, NAME, section(results, pictures.relative_to(page.parent).as_posix()))
    # A line needs two points: a run over one number of rows has no curve.
    if len({result.rows for result in results.found}) > 1:
        for name, (title, axis, value) in CHARTS.items():
            draw_curves(pictures / name, title, curves(results, value), axis)


def section(results: Results, pictures: str) -> str:
    """The Markdown; `pictures` is the folder of the charts as a link from the page."""
    parts = [f"## XLSX: {results.rows:,} rows side by side", results.machine.markdown()]
    own = results.get(OURS, results.rows)
    times = len(own.runs) if own else 1
    runs = "once" if times == 1 else f"the median of {times} runs"
    parts.append(
        HOW.format(ours=results.titles[OURS], threads=results.threads, runs=runs, warm_up=WARM_UP_ROWS)
    )
    parts += [comparison(results), *disturbed(of_others(results, OURS), "a writer on one thread")]
    if own:
        parts += [_phases(own.median), where_others_win(results, own, tuple(PHASES))]
    if len({result.rows for result in results.found}) > 1:
        parts.append("### From few rows to many")
        parts += [f"![{title}]({pictures}/{name})" for name, (title, _, _) in CHARTS.items()]
        parts.append(curve_table(results))
        parts.append(
            "A sheet holds 1,048,576 rows, so the others end there; Pressroom goes on to the next sheet by "
            "itself. A writer that had taken a minute was not asked for more rows."
        )
    parts += [UNEQUAL.format(threads=results.threads), AGAIN]
    return "\n\n".join(parts)


def comparison(results: Results) -> str:
    """The table at `results.rows`: fastest first, ours with the core's own seconds under it."""
    own = results.get(OURS, results.rows)
    base = own.median.seconds if own else None
    lines = []
    for result in results.at(results.rows):
        run, title = result.median, results.titles[result.contender]
        lines.append(
            [
                f"**{title}**, whole process" if result is own else title,
                seconds(run.seconds),
                ratio(run.seconds / base) if base else "",
                seconds(run.cpu_seconds),
                megabytes(run.peak_bytes),
                megabytes(run.file_bytes),
            ]
        )
        if result is own and base:
            core = run.phases["core"]
            lines.append(["of it, the core's writing", seconds(core), ratio(core / base), "", "", ""])
    return table(["writer", "seconds", "ratio", "CPU s", "peak MB", "file MB"], lines)


def _phases(run: Run) -> str:
    told = ", ".join(f"{what} {seconds(run.phases[name])}" for name, what in PHASES.items())
    start = seconds(start_of(run, tuple(PHASES)))
    return f"Pressroom's seconds: starting Python, importing and planning {start}, {told}."
