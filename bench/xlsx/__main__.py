"""`python -m bench.xlsx`: measure, keep the results, make their section of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.contender import ROOT, Contender, ContenderFailed
from bench.machine import installed
from bench.results import Results
from bench.xlsx.contenders import PEERS, ours, peer
from bench.xlsx.race import Race
from bench.xlsx.section import comparison, write_section

ROWS, RUNS, THREADS = 1_000_000, 3, 2
CURVE = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
QUICK_ROWS = 1_000
RESULTS = Path(__file__).with_name("results.json")
PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    """2: what was asked can't be; 1: a contender failed."""
    given = _parser().parse_args()
    if unknown := [name for name in given.peers if name not in PEERS]:
        print(
            f"error: no peer named {', '.join(unknown)}\nhint: there are {', '.join(PEERS)}", file=sys.stderr
        )
        return 2
    whole = (given.rows, given.runs, given.threads, given.peers, given.curve)
    partial = given.quick or whole != (ROWS, RUNS, THREADS, list(PEERS), CURVE)
    out = given.out or (ROOT / "out" / "bench" if partial and not given.page else None)
    page = out / "benchmarks.md" if out else PAGE
    if given.page:
        write_section(Results.load(RESULTS), page, page.parent / "pictures")
        return 0
    try:
        results = _measured(given)
    except ContenderFailed as e:
        print(f"error: {e}", file=sys.stderr)
        return 1
    kept = out / RESULTS.name if out else RESULTS
    results.save(kept)
    # The page is made of what was kept, so that --page makes the same one.
    results = Results.load(kept)
    write_section(results, page, page.parent / "pictures")
    print(comparison(results))
    print(f"page: {page}", file=sys.stderr)
    return 0


def _measured(given: argparse.Namespace) -> Results:
    contenders: list[Contender] = [ours(given.threads), *map(peer, given.peers)]
    if missing := [package for each in contenders for package in each.packages if not installed(package)]:
        names = ", ".join(dict.fromkeys(missing))
        raise ContenderFailed(f"not installed: {names}\nhint: `make bench` installs the bench group first")
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        rows, curve, runs = (QUICK_ROWS, (), 1) if given.quick else (given.rows, given.curve, given.runs)
        race = Race(contenders, rows, curve, runs, given.threads, progress.console.print)
        task = progress.add_task("bench/xlsx", total=race.steps())
        for _ in race.run():
            progress.advance(task)
    return race.results


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.xlsx", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="rows at which all are compared")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of ours at each number of rows")
    parser.add_argument("--threads", type=int, default=THREADS, help="threads of ours")
    parser.add_argument("--peers", type=_names, default=list(PEERS), help=f"of {','.join(PEERS)}; or none")
    parser.add_argument(
        "--curve", type=_numbers, default=CURVE, help="numbers of rows, as 10000,100000; or none"
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROWS:,} rows once and no curve")
    parser.add_argument("--page", action="store_true", help="only make the page, out of the kept results")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder for results.json, benchmarks.md and pictures/ (default: where the "
        "checkout keeps them after a whole run, out/bench after a partial one)",
    )
    return parser


def _names(text: str) -> list[str]:
    return [] if text == "none" else text.split(",")


def _numbers(text: str) -> tuple[int, ...]:
    return () if text == "none" else tuple(int(number.replace("_", "")) for number in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
