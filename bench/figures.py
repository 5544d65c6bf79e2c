"""What the sections of the page say alike of their results: curves, where others win, a busy machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.chart import Curve
from bench.page import megabytes, seconds, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bench.contender import Run
    from bench.results import Result, Results

DISTURBED = 0.1


def seconds_of(run: Run) -> float:
    """Wall seconds of the whole process."""
    return run.seconds


def peak_of(run: Run) -> int:
    """Bytes at the peak of memory."""
    return run.peak_bytes


def size_of(run: Run) -> int:
    """Bytes of the file."""
    return run.file_bytes


def start_of(run: Run, phases: Sequence[str]) -> float:
    """Seconds of ours that are in no phase: starting Python, importing, planning."""
    return run.seconds - sum(run.phases[name] for name in phases)


def disturbed(runs: Iterable[tuple[float, float]], who: str) -> list[str]:
    """A warning where `who`, on one core, took far longer than it worked: the machine was not its own.

    `runs` are seconds of wall and CPU.
    """
    waited = max((wall / cpu - 1 for wall, cpu in runs), default=0.0)
    if waited < DISTURBED:
        return []
    return [
        f"**The machine did other work during this run:** {who} took up to {waited:.0%} longer than it "
        "worked. Measure again on an idle machine; until then CPU time says more than seconds."
    ]


def of_others(results: Results, ours: str) -> list[tuple[float, float]]:
    """Seconds of wall and CPU of all others where contenders are compared."""
    runs = [result.median for result in results.at(results.rows) if result.contender != ours]
    return [(run.seconds, run.cpu_seconds) for run in runs]


def where_others_win(results: Results, own: Result, phases: Sequence[str]) -> str:
    """Where other writers are better than ours: said by the figures, whatever they are."""
    title, curve = results.titles[own.contender], results.curve(own.contender)
    few, lines = curve[0].median, ["**Where others win**", ""]
    if faster := _better(results, curve[0], seconds_of):
        start = f"{title} {seconds(few.seconds)} s, of which {seconds(start_of(few, phases))} s are its start"
        lines.append(f"- Time for {curve[0].rows:,} rows ({start}): {_said(results, faster, seconds_of)}.")
    for what, value in (("Peak memory", peak_of), ("Bytes of the file", size_of)):
        if better := _better(results, own, value):
            mine = f"{title} {megabytes(value(own.median))} MB"
            lines.append(f"- {what} for {own.rows:,} rows ({mine}): {_said(results, better, value)}.")
    behind = [each.rows for each in curve if _better(results, each, seconds_of)]
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
        return f"{seconds(value(run))} s" if value is seconds_of else f"{megabytes(value(run))} MB"

    return ", ".join(f"{results.titles[r.contender]} {figure(r.median)}" for r in found)


def took(run: Run) -> str:
    """Seconds and peak MB, for a cell."""
    return f"{seconds(run.seconds)} s, {megabytes(run.peak_bytes)} MB"


def curve_table(results: Results, titles: Mapping[str, str] | None = None) -> str:
    """Seconds and peak MB of each contender, or of those with `titles`, over each number of rows."""
    titles = titles or results.titles
    sizes = sorted({result.rows for result in results.found if result.contender in titles})
    lines = []
    for name, title in titles.items():
        found = [results.get(name, rows) for rows in sizes]
        lines.append([title, *(took(result.median) if result else "" for result in found)])
    return table(["rows", *(f"{rows:,}" for rows in sizes)], lines)


def curves(
    results: Results, value: Callable[[Run], float], titles: Mapping[str, str] | None = None
) -> list[Curve]:
    """One curve of `value` over rows for each contender, or for those with `titles`, ours first."""
    return [
        Curve(title, tuple((r.rows, value(r.median)) for r in results.curve(contender)))
        for contender, title in (titles or results.titles).items()
    ]
