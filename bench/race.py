"""The race: every contender over every number of rows, each file read back before its time counts."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contender import ROOT, Contender, ContenderFailed, Run
from bench.dataset import Dataset, cache_folder, made_dataset
from bench.page import megabytes, seconds
from bench.results import Result, Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENOUGH_SECONDS = 60.0
ENOUGH_MEMORY = 0.5
"""Of what the machine has."""
LIMIT_SECONDS = 900.0


@dataclass(slots=True)
class Race:
    """Who runs over how many rows; `say` is told each result as a line.

    `reader` is the module that reads a file back: it gets the dataset and the file, ends with an error where
    they differ, and may print what it counted as JSON. `peer_rows` is the most that the others get. All run
    over `warm_up_rows` before.

    Ours runs `runs` times at each number of rows, the others once. A peer that has taken a minute runs over
    no more rows, nor one that would take half of the memory; but all run over `rows`, to be compared.
    """

    contenders: list[Contender]
    rows: int
    curve: tuple[int, ...]
    runs: int
    threads: int
    say: Callable[[str], None]
    reader: str
    warm_up_rows: int
    peer_rows: int | None
    results: Results = field(init=False)
    _right: dict[tuple[int, str], dict[str, int]] = field(default_factory=dict)

    def steps(self) -> int:
        """How many runs there are at most, warm-ups included."""
        return sum(1 + sum(self._times(each) for _ in self._sizes(each)) for each in self.contenders)

    def run(self) -> Iterator[None]:
        """Run all of it into `results`; yields after each run."""
        self.results = results = Results.of(self.contenders, self.rows, self.threads, self.peer_rows)
        for each in self.contenders:
            # Once over few rows: compiled modules and pages of libraries are there for everybody then.
            self._run(each, made_dataset(self.warm_up_rows, cache_folder()))
            yield
        for rows in sorted({rows for each in self.contenders for rows in self._sizes(each)}):
            dataset = made_dataset(rows, cache_folder())
            for each in self.contenders:
                if rows not in self._sizes(each) or (rows != self.rows and self._enough(each, rows)):
                    continue
                runs = []
                for _ in range(self._times(each)):
                    runs.append(self._run(each, dataset))
                    yield
                result = Result(each.name, rows, tuple(runs))
                results.found.append(result)
                took = result.median
                self.say(
                    f"{each.title}, {rows:,} rows: {seconds(took.seconds)} s, {megabytes(took.peak_bytes)} MB"
                )

    def _sizes(self, contender: Contender) -> list[int]:
        sizes = sorted(contender.sizes(self.rows) if contender.sizes else {self.rows, *self.curve})
        if self._ours(contender) or self.peer_rows is None:
            return sizes
        return [rows for rows in sizes if rows <= self.peer_rows]

    def _enough(self, contender: Contender, rows: int) -> bool:
        """Whether a peer was too slow already, or at its pace would need too much memory for `rows`."""
        if self._ours(contender):
            return False
        most = self.results.machine.memory_bytes * ENOUGH_MEMORY
        return any(
            result.median.seconds > ENOUGH_SECONDS or result.median.peak_bytes / result.rows * rows > most
            for result in self.results.curve(contender.name)[-1:]
        )

    def _times(self, contender: Contender) -> int:
        return self.runs if self._ours(contender) else 1

    def _ours(self, contender: Contender) -> bool:
        return contender.ours

    def _run(self, contender: Contender, dataset: Dataset) -> Run:
        cache_folder().mkdir(parents=True, exist_ok=True)
        # In the cache, not in /tmp, which may be memory.
        with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="run-") as folder:
            run = contender.run(dataset.path, Path(folder), limit_seconds=LIMIT_SECONDS)
            counts = self._check(contender, dataset, Path(folder) / contender.file)
        return replace(run, counts=counts)

    def _check(self, contender: Contender, dataset: Dataset, file: Path) -> dict[str, int]:
        """Compare the file with the dataset; one with the bytes of a file that was right is right."""
        with file.open("rb") as opened:
            found = (dataset.rows, hashlib.file_digest(opened, "sha256").hexdigest())
        if found in self._right:
            return self._right[found]
        command = [sys.executable, "-m", self.reader, str(dataset.path), str(file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContenderFailed(
                f"{contender.title}, {dataset.rows:,} rows: wrong file: {done.stderr.strip()}"
            )
        counts: dict[str, int] = json.loads(done.stdout or "{}")
        self._right[found] = counts
        return counts
