"""A contender: a command that writes one file, run in a process of its own and measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
STOPWATCH = Path(__file__).with_name("stopwatch.py")


class ContenderFailed(Exception):
    """A contender ended with an error, took too long, or wrote a file that is not its data's."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took: seconds of wall and CPU, bytes at the peak of memory and of the file.

    `phases` are the seconds that a contender tells of itself, by name; the others have none. `counts` is what
    was counted in the file when it was read back, as its pages.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    file_bytes: int
    phases: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contender:
    """`command(data, folder)` writes `folder`/`file`; `phases(folder)` reads what it told about itself.

    `packages` are the distributions whose versions matter; `title` stands in tables and charts.
    `told(folder)` are figures that count instead of the stopwatch's, where the process does more than what is
    measured. Where it does not run over the race's curve, `sizes(rows)` are its numbers of rows, made of the
    one at which all are compared.
    """

    name: str
    title: str
    file: str
    command: Callable[[Path, Path], list[str]]
    packages: tuple[str, ...] = ()
    phases: Callable[[Path], dict[str, float]] = lambda _folder: {}
    told: Callable[[Path], dict[str, float]] = lambda _folder: {}
    sizes: Callable[[int], tuple[int, ...]] | None = None
    ours: bool = False

    def run(self, data: Path, folder: Path, *, limit_seconds: float) -> Run:
        """Run the whole process over `data` with an empty `folder` for its files."""
        # The settings of an installation must not leak in.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PRESSROOM_")}
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(STOPWATCH), str(limit_seconds), *self.command(data, folder)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        figures = json.loads(done.stdout)
        if status := figures.pop("status"):
            what = f"not done within {limit_seconds:g} s" if status == -9 else f"ended with {status}"
            raise ContenderFailed(f"{self.title}, {data.name}: {what}\n{done.stderr[-2000:]}")
        figures.update(self.told(folder))
        return Run(**figures, file_bytes=(folder / self.file).stat().st_size, phases=self.phases(folder))
