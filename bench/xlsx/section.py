"""The section of docs/benchmarks.md about XLSX, and its two charts, out of the results alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.chart import MEMORY, SECONDS, Curve, draw_curves
from bench.page import megabytes, put_section, ratio, seconds, table
from bench.xlsx.contenders import OURS, WARM_UP_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.contender import Run
    from bench.results import Result, Results

NAME = "bench/xlsx"
CHARTS = {
    "bench-xlsx-seconds.png": ("Time to write an XLSX ledger of ten columns", SECONDS),
    "bench-xlsx-memory.png": ("Peak memory while writing it", MEMORY),
}
DISTURBED = 0.1
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
        for name, (title, axis) in CHARTS.items():
            draw_curves(pictures / name, title, _curves(results, name), axis)


def section(results: Results, pictures: str) -> str:
    """The Markdown; `pictures` is the folder of the charts as a link from the page."""
    parts = [f"## XLSX: {results.rows:,} rows side by side", results.machine.markdown()]
    own = results.get(OURS, results.rows)
    times = len(own.runs) if own else 1
    runs = "once" if times == 1 else f"the median of {times} runs"
    parts.append(
        HOW.format(ours=results.titles[OURS], threads=results.threads, runs=runs, warm_up=WARM_UP_ROWS)
    )
    parts += [comparison(results), *_disturbed(results)]
    if own:
        parts += [_phases(own.median), _lost(results, own)]
    if len({result.rows for result in results.found}) > 1:
        parts.append("### From few rows to many")
        parts += [f"![{title}]({pictures}/{name})" for name, (title, _) in CHARTS.items()]
        parts.append(_curve_table(results))
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


def _disturbed(results: Results) -> list[str]:
    """A warning where writers on one thread took far longer than they worked: the machine was not theirs."""
    others = [r.median for r in results.at(results.rows) if r.contender != OURS]
    waited = max((run.seconds / run.cpu_seconds - 1 for run in others), default=0.0)
    if waited < DISTURBED:
        return []
    return [
        "**The machine did other work during this run:** a writer on one thread took up to "
        f"{waited:.0%} longer than it worked. Compare CPU s rather than seconds, and measure again on an "
        "idle machine."
    ]


def _phases(run: Run) -> str:
    told = ", ".join(f"{what} {seconds(run.phases[name])}" for name, what in PHASES.items())
    return f"Pressroom's seconds: starting Python, importing and planning {seconds(_start(run))}, {told}."


def _start(run: Run) -> float:
    """Seconds of the process that are in no phase."""
    return run.seconds - sum(run.phases[name] for name in PHASES)


def _lost(results: Results, own: Result) -> str:
    """Where other writers are better than ours: said by the figures, whatever they are."""
    title, curve = results.titles[OURS], results.curve(OURS)
    few, lines = curve[0].median, ["**Where others win**", ""]
    if faster := _better(results, curve[0], _seconds):
        start = f"{title} {seconds(few.seconds)} s, of which {seconds(_start(few))} s are its start"
        lines.append(f"- Time for {curve[0].rows:,} rows ({start}): {_said(results, faster, _seconds)}.")
    for what, value in (("Peak memory", _peak), ("Bytes of the file", _size)):
        if better := _better(results, own, value):
            mine = f"{title} {megabytes(value(own.median))} MB"
            lines.append(f"- {what} for {own.rows:,} rows ({mine}): {_said(results, better, value)}.")
    behind = [each.rows for each in curve if _better(results, each, _seconds)]
    ahead = [each.rows for each in curve if not behind or each.rows > behind[-1]]
    if ahead:
        lines += ["", f"From {ahead[0]:,} rows on, none of them takes less time than {title}."]
    return "\n".join(lines)


def _better(results: Results, own: Result, value: Callable[[Run], float]) -> list[Result]:
    """The results over as many rows with less of `value` than ours, least first."""
    less = [r for r in results.at(own.rows) if value(r.median) < value(own.median)]
    return sorted(less, key=lambda r: value(r.median))


def _said(results: Results, found: list[Result], value: Callable[[Run], float]) -> str:
    def figure(run: Run) -> str:
        return f"{seconds(value(run))} s" if value is _seconds else f"{megabytes(value(run))} MB"

    return ", ".join(f"{results.titles[r.contender]} {figure(r.median)}" for r in found)


def _seconds(run: Run) -> float:
    return run.seconds


def _peak(run: Run) -> int:
    return run.peak_bytes


def _size(run: Run) -> int:
    return run.file_bytes


def _curve_table(results: Results) -> str:
    """Seconds and peak MB of each contender over each number of rows."""
    sizes = sorted({result.rows for result in results.found})
    lines = []
    for name, title in results.titles.items():
        cells = []
        for rows in sizes:
            result = results.get(name, rows)
            run = result.median if result else None
            cells.append(f"{seconds(run.seconds)} s, {megabytes(run.peak_bytes)} MB" if run else "")
        lines.append([title, *cells])
    return table(["rows", *(f"{rows:,}" for rows in sizes)], lines)


def _curves(results: Results, name: str) -> list[Curve]:
    value: Callable[[Run], float] = _peak if "memory" in name else _seconds
    return [
        Curve(title, tuple((r.rows, value(r.median)) for r in results.curve(contender)))
        for contender, title in results.titles.items()
    ]
