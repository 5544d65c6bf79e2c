"""The section of docs/benchmarks.md about PDF, and its two charts, out of the results alone."""

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
from bench.pdf.contenders import OURS, WARM_UP_ROWS
from bench.pdf.readback import ALL_PAGES_ROWS

if TYPE_CHECKING:
    from pathlib import Path

    from bench.contender import Run
    from bench.results import Results

NAME = "bench/pdf"
CHARTS = {
    "bench-pdf-seconds.png": ("Time to print a PDF ledger of ten columns", SECONDS, seconds_of),
    "bench-pdf-memory.png": ("Peak memory while printing it", MEMORY, peak_of),
}
PHASES = {
    "read": "reading",
    "crunch": "crunching",
    "plate": "WeasyPrint's specimen and the plate",
    "pdf": "drawing and writing",
    "publish": "publishing",
}

HOW = """\
The ledger of bench/xlsx on A4 landscape, the same Parquet file for everyone: ten columns of given widths,
heads on every page, numbers to the right with thousands separators, ISO dates, "Page 2 of 28" at the foot,
DejaVu Sans embedded as a subset. About every seventh row takes a second line, because its customer or memo
is long. Each tool is used as somebody who knows it would ([writers.py](../bench/pdf/writers.py)): a
document with fixed column widths for WeasyPrint, a LongTable of plain strings for ReportLab, the table of
fpdf2, a table out of a CSV file for Typst, and no tags in any file. {ours} is `pressroom render` with
{threads} threads over [a report](../bench/pdf/ledger/report.yaml) whose style sheet is WeasyPrint's own,
{runs}; the others ran once. All had a run over {warm_up:,} rows before. PDFium read each file back: every
cell of every row once and in order up to {all_pages:,} rows, and above that the number of pages and the
first, the middle and the last one."""

UNEQUAL = """\
**What is not equal**

- WeasyPrint, ReportLab and fpdf2 are Python on one thread. Pressroom's core draws on {threads}; Typst is
  Rust and may use every core. CPU s tells.
- Pressroom does not lay each row out anew: it measures texts, breaks them and draws what WeasyPrint's
  specimen showed. The others lay out whatever they are given, so in them any row can look like anything.
- Pressroom's is the whole of a print: it plans SQL, crunches, asks WeasyPrint for the specimen, counts rows
  and control totals again, and syncs the file to the disk before it gets its name. The others write.
- ReportLab can't break the lines of a string in a table, so the two columns that need it are split before
  with its simpleSplit; Paragraphs in those cells, the usual way, took 1.6 times the CPU s for 3,000 rows.
- The rules of fpdf2, ReportLab and Typst are as wide as the style sheet's, but each tool breaks lines and
  pages by roundings of its own: the numbers of pages may differ by one or two in a hundred."""

MISSING = """\
- Chromium is not in this comparison: it was not on PATH. Where it is, it prints WeasyPrint's document, and
  its peak memory is that of its largest process only."""
CHROMIUM_TOO = """\
- Chromium prints WeasyPrint's document. Its peak memory is that of its largest process, not the sum of
  them."""

AGAIN = "Again: `make bench`, or `.venv/bin/python -m bench.pdf --help`."


def write_section(results: Results, page: Path, pictures: Path) -> None:
    """Put the section into `page`, with its charts in the folder `pictures` beside it."""
    put_section(page, NAME, section(results, pictures.relative_to(page.parent).as_posix()))
    # A line needs two points: a run over one number of rows has no curve.
    if len({result.rows for result in results.found}) > 1:
        for name, (title, axis, value) in CHARTS.items():
            draw_curves(pictures / name, title, curves(results, value), axis)


def section(results: Results, pictures: str) -> str:
    """The Markdown; `pictures` is the folder of the charts as a link from the page."""
    parts = [f"## PDF: {results.rows:,} rows side by side", results.machine.markdown()]
    own = results.get(OURS, results.rows)
    times = len(own.runs) if own else 1
    parts.append(
        HOW.format(
            ours=results.titles[OURS],
            threads=results.threads,
            runs="once" if times == 1 else f"the median of {times} runs",
            warm_up=WARM_UP_ROWS,
            all_pages=ALL_PAGES_ROWS,
        )
    )
    parts += [comparison(results), *disturbed(of_others(results, OURS), "a writer on one thread")]
    if own:
        parts += [_phases(own.median), where_others_win(results, own, tuple(PHASES))]
    if len({result.rows for result in results.found}) > 1:
        parts.append("### From few pages to many")
        parts += [f"![{title}]({pictures}/{name})" for name, (title, _, _) in CHARTS.items()]
        parts += [curve_table(results), _many(results)]
    unequal = UNEQUAL.format(threads=results.threads)
    parts += [f"{unequal}\n{CHROMIUM_TOO if 'chromium' in results.titles else MISSING}", AGAIN]
    return "\n\n".join(parts)


def comparison(results: Results) -> str:
    """The table at `results.rows`: fastest first, ours with the core's own seconds under it."""
    own = results.get(OURS, results.rows)
    base = own.median.seconds if own else None
    lines = []
    for result in results.at(results.rows):
        run, title = result.median, results.titles[result.contender]
        pages = run.counts["pages"]
        lines.append(
            [
                f"**{title}**, whole process" if result is own else title,
                f"{pages:,}",
                seconds(run.seconds),
                ratio(run.seconds / base) if base else "",
                _speed(pages / run.seconds),
                seconds(run.cpu_seconds),
                megabytes(run.peak_bytes),
                f"{run.file_bytes / pages:,.0f}",
                megabytes(run.file_bytes),
            ]
        )
        if result is own and base:
            core = run.phases["core"]
            speed = _speed(pages / core)
            lines.append(
                ["of it, the core's drawing", "", seconds(core), ratio(core / base), speed, "", "", "", ""]
            )
    heads = ["maker", "pages", "seconds", "ratio", "pages/s", "CPU s", "peak MB", "bytes a page", "file MB"]
    return table(heads, lines)


def _speed(pages_a_second: float) -> str:
    """Three digits that mean something: 5.4, 62, 1,290, 24,300."""
    if pages_a_second < 9.95:
        return f"{pages_a_second:.1f}"
    rounded = float(f"{pages_a_second:.3g}")
    return f"{rounded:,.0f}"


def _phases(run: Run) -> str:
    told = ", ".join(f"{what} {seconds(run.phases[name])}" for name, what in PHASES.items())
    start = seconds(start_of(run, tuple(PHASES)))
    return f"Pressroom's seconds: starting Python, importing and planning {start}, {told}."


def _asked(results: Results) -> str:
    """Why the others' curves end."""
    if results.peer_rows is not None:
        return f"In this run the others were asked for {results.peer_rows:,} rows at most."
    return (
        "A maker that had taken a minute, or at its pace would have needed half of the machine's memory, was "
        "not asked for more rows."
    )


def _many(results: Results) -> str:
    """What the longest curve ends with: ours, at its most rows."""
    most = results.curve(OURS)[-1]
    run = most.median
    pages, core = run.counts["pages"], run.phases["core"]
    return (
        f"At {most.rows:,} rows Pressroom printed {pages:,} pages in {seconds(run.seconds)} s, "
        f"{_speed(pages / run.seconds)} pages/s for the whole process and {_speed(pages / core)} for the "
        f"core alone, with {megabytes(run.peak_bytes)} MB at the peak, into {megabytes(run.file_bytes)} MB. "
        + _asked(results)
    )
