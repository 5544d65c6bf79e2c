"""`python -m bench.techniques`: measure, keep the results, make their section of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.benchmark import PAGE, RESULTS
from bench.contender import ROOT, ContenderFailed
from bench.dataset import cache_folder
from bench.machine import Machine, installed
from bench.results import Result, Results
from bench.techniques.kernel import KERNELS
from bench.techniques.section import NAME, comparison, write_section
from bench.techniques.technique import ALONE, BASE, OURS, TECHNIQUES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS, QUICK_ROWS = 1_000_000, 1_000
ENOUGH_SECONDS, QUICK_SECONDS = 1.5, 0.0
"""A trial is run again until it has taken that long, three times at least."""
LIMIT_SECONDS = 300.0
QUICK_TECHNIQUES = [OURS, BASE, "numpy", "duckdb"]


def main() -> int:
    """2: it can't be asked for, 1: a technique failed."""
    given = _parser().parse_args()
    if given.techniques is None:
        given.techniques = QUICK_TECHNIQUES if given.quick else list(TECHNIQUES)
    if unknown := [name for name in given.techniques if name not in TECHNIQUES]:
        print(f"error: no technique named {', '.join(unknown)}", file=sys.stderr)
        print(f"hint: there are {', '.join(TECHNIQUES)}", file=sys.stderr)
        return 2
    # Both are what the others are compared with.
    given.techniques = list(dict.fromkeys((OURS, BASE, *given.techniques)))
    partial = given.quick or (given.rows, given.techniques) != (ROWS, list(TECHNIQUES))
    out = given.out or (ROOT / "out" / NAME if partial and not given.page else None)
    kept = out / RESULTS if out and not given.page else ROOT / NAME / RESULTS
    page = out / PAGE.name if out else PAGE
    if not given.page:
        try:
            results = _measured(
                given.techniques, QUICK_ROWS if given.quick else given.rows, given.quick, not partial
            )
        except ContenderFailed as e:
            print(f"error: {e}", file=sys.stderr)
            return 1
        results.save(kept)
    # The page is made of what was kept, so that --page makes the same one.
    results = Results.load(kept)
    write_section(results, page, page.parent / "pictures")
    if not given.page:
        print(comparison(results))
        print(f"page: {page}", file=sys.stderr)
    return 0


def _measured(techniques: list[str], rows: int, quick: bool, fresh: bool) -> Results:
    packages = sorted({package for name in techniques for package in TECHNIQUES[name].packages})
    if missing := [package for package in packages if not installed(package)]:
        raise ContenderFailed(
            f"not installed: {', '.join(missing)}\nhint: `make bench` installs the bench group first"
        )
    titles = {name: TECHNIQUES[name].title for name in techniques}
    results = Results(rows, 2, Machine.this(packages), titles)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(
            NAME, total=len(KERNELS) * sum(1 + len(TECHNIQUES[name].ways) for name in techniques)
        )
        for result in _trials(
            techniques, rows, QUICK_SECONDS if quick else ENOUGH_SECONDS, fresh, progress.console.print
        ):
            results.found.append(result)
            progress.advance(task)
    return results


def _trials(
    techniques: list[str], rows: int, enough_seconds: float, fresh: bool, say: Callable[[str], None]
) -> Iterator[Result]:
    """Build what must be built, then run each technique at each kernel in each of its ways."""
    # Imported here: the page alone is made without NumPy and Arrow.
    from bench.techniques.build import BUILDERS, built
    from bench.techniques.contenders import contender, lines
    from bench.techniques.dataset import made
    from bench.techniques.oracle import right

    for technique in techniques:
        if technique in BUILDERS:
            say(f"{TECHNIQUES[technique].title}: building")
            built(technique, fresh=fresh)
    for kernel in KERNELS:
        data, expected = made(kernel, rows), right(kernel, rows)
        for technique in techniques:
            for way in (ALONE, *TECHNIQUES[technique].ways):
                trial = contender(technique, kernel, way, expected, enough_seconds)
                with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="run-") as folder:
                    run = trial.run(data, Path(folder), limit_seconds=LIMIT_SECONDS)
                say(f"{trial.title}, {kernel}, {way}: {run.phases['call'] * 1000:,.1f} ms")
                run = replace(run, counts={"lines": lines(technique, kernel)})
                yield Result(trial.name, rows, (run,))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.techniques", description=__doc__)
    add = parser.add_argument
    add("--rows", type=int, default=ROWS, help="rows of each kernel")
    add("--techniques", type=lambda text: text.split(","), help=f"of {','.join(TECHNIQUES)}; two always are")
    add("--quick", action="store_true", help=f"{QUICK_ROWS:,} rows and four techniques")
    add("--page", action="store_true", help="only make the page, out of the kept results")
    add(
        "--out",
        type=Path,
        help="folder for results.json, benchmarks.md and pictures/ (default: where the "
        f"checkout keeps them after a whole run, out/{NAME} after a partial one)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
