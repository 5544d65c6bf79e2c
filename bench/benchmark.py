"""A benchmark: what differs between one and the next, and the command that runs any of them."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.contender import ROOT, Contender, ContenderFailed
from bench.machine import installed
from bench.race import Race
from bench.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RESULTS = "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The benchmark in the folder `name`: its contenders, its numbers of rows, its section of the page.

    `contenders(threads, peers)` are those that race. `rows` is where all are compared; `quick_rows` and
    `quick_peers` are for `--quick`. `warm_up_rows` and `peer_rows` are the race's. `section(results, page,
    pictures)` makes the section, `comparison(results)` its main table.
    """

    name: str
    description: str | None
    contenders: Callable[[int, Sequence[str]], list[Contender]]
    peers: tuple[str, ...]
    quick_peers: tuple[str, ...]
    rows: int
    quick_rows: int
    curve: tuple[int, ...]
    warm_up_rows: int
    peer_rows: int | None
    section: Callable[[Results, Path, Path], None]
    comparison: Callable[[Results], str]
    runs: int = 3
    threads: int = 2

    @property
    def results(self) -> Path:
        """The results of the last whole run, which the committed page is made of."""
        return ROOT / self.name / RESULTS

    def main(self) -> int:
        """Measure, keep the results, make their section; 2: it can't be asked for, 1: a contender failed."""
        given = self._parser().parse_args()
        if given.peers is None:
            given.peers = list(self.quick_peers if given.quick else self.peers)
        if unknown := [name for name in given.peers if name not in self.peers]:
            names = ", ".join(unknown)
            print(f"error: no peer named {names}\nhint: there are {', '.join(self.peers)}", file=sys.stderr)
            return 2
        asked = (given.rows, given.runs, given.threads, tuple(given.peers), given.curve, given.peer_rows)
        partial = given.quick or asked != (
            self.rows,
            self.runs,
            self.threads,
            self.peers,
            self.curve,
            self.peer_rows,
        )
        out = given.out or (ROOT / "out" / self.name if partial and not given.page else None)
        page = out / PAGE.name if out else PAGE
        if given.page:
            self.section(Results.load(self.results), page, page.parent / "pictures")
            return 0
        try:
            results = self._measured(given)
        except ContenderFailed as e:
            print(f"error: {e}", file=sys.stderr)
            return 1
        kept = out / RESULTS if out else self.results
        results.save(kept)
        # The page is made of what was kept, so that --page makes the same one.
        results = Results.load(kept)
        self.section(results, page, page.parent / "pictures")
        print(self.comparison(results))
        print(f"page: {page}", file=sys.stderr)
        return 0

    def _measured(self, given: argparse.Namespace) -> Results:
        contenders = self.contenders(given.threads, given.peers)
        if missing := [package for each in contenders for package in each.packages if not installed(package)]:
            names = ", ".join(dict.fromkeys(missing))
            raise ContenderFailed(
                f"not installed: {names}\nhint: `make bench` installs the bench group first"
            )
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            race = Race(
                contenders,
                self.quick_rows if given.quick else given.rows,
                () if given.quick else given.curve,
                1 if given.quick else given.runs,
                given.threads,
                progress.console.print,
                reader=f"{self.name.replace('/', '.')}.readback",
                warm_up_rows=self.warm_up_rows,
                peer_rows=given.peer_rows,
            )
            task = progress.add_task(self.name, total=race.steps())
            for _ in race.run():
                progress.advance(task)
        return race.results

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(
            prog=f"python -m {self.name.replace('/', '.')}", description=self.description
        )
        add = parser.add_argument
        add("--rows", type=int, default=self.rows, help="rows at which all are compared")
        add("--runs", type=int, default=self.runs, help="runs of ours at each number of rows")
        add("--threads", type=int, default=self.threads, help="threads of ours")
        add("--peers", type=_names, help=f"of {','.join(self.peers)}; or none")
        add("--curve", type=_numbers, default=self.curve, help="numbers of rows, as 10000,100000; or none")
        add("--peer-rows", type=int, default=self.peer_rows, help="the most rows that peers get")
        add("--quick", action="store_true", help=f"{self.quick_rows:,} rows once and no curve")
        add("--page", action="store_true", help="only make the page, out of the kept results")
        add(
            "--out",
            type=Path,
            help="folder for results.json, benchmarks.md and pictures/ (default: where the "
            f"checkout keeps them after a whole run, out/{self.name} after a partial one)",
        )
        return parser


def _names(text: str) -> list[str]:
    return [] if text == "none" else text.split(",")


def _numbers(text: str) -> tuple[int, ...]:
    return () if text == "none" else tuple(int(number.replace("_", "")) for number in text.split(","))
