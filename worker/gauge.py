"""How far a run is: the core's row counters and the phases, as one number that never goes back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from pressroom.jobs import Phase, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pressroom.build import BuiltFile

READ = 5.0
"""Percent of the way when datasets, databases and transforms have become tables."""
CRUNCHED = 40.0
"""Percent of the way when every row is read and crunched; the outputs share the rest."""
DESIGN_SHARE = 0.15
"""Part of an output's share that its design takes."""
WRITTEN = 98.0


class Counter(Protocol):
    """Where the core says how far a stage is."""

    def progress(self) -> tuple[int, int]:
        """Rows done, rows in all (0: not known)."""


class Gauge:
    """Follows one run; `enter` and `follow` are called by the run's thread, `read` by the heartbeat's."""

    def __init__(self, outputs: int, counter: Counter) -> None:
        self.phase = Phase.READING
        self._outputs = max(1, outputs)
        self._counter = counter
        self._reading: Callable[[], float | None] = lambda: None
        self._designed = 0
        self._rows_read = 0
        self._percent = 0.0
        self._start = time.monotonic()

    def enter(self, phase: Phase) -> None:
        """A phase begins."""
        if self.phase is Phase.CRUNCHING:
            self._rows_read = self._counter.progress()[0]
        if phase is Phase.DESIGNING:
            self._designed += 1
        self.phase = phase

    def follow(self, reading: Callable[[], float | None]) -> None:
        """`reading` tells how much of the source's query is done."""
        self._reading = reading

    def read(self) -> Progress:
        """Percent, rows and the seconds that are likely left."""
        done, total = self._counter.progress()
        self._percent = max(self._percent, self._reached(done, total))
        elapsed = time.monotonic() - self._start
        likely = self._percent >= 5 and elapsed >= 1
        return Progress(
            percent=round(self._percent, 1),
            rows_read=done if self.phase is Phase.CRUNCHING else self._rows_read,
            rows_written=done if self.phase is Phase.WRITING else 0,
            eta_seconds=round(elapsed * (100 - self._percent) / self._percent, 1) if likely else None,
        )

    def finished(self, files: Sequence[BuiltFile]) -> Progress:
        """The figures of a run that has ended well."""
        return Progress(
            percent=100.0,
            rows_read=max((file.rows for file in files), default=0),
            rows_written=sum(file.rows for file in files),
            pages=sum(file.pages or 0 for file in files),
            cells=sum(file.cells or 0 for file in files),
            bytes=sum(file.bytes for file in files),
            eta_seconds=0.0,
        )

    def _reached(self, done: int, total: int) -> float:
        part = min(1.0, done / total) if total else 0.0
        share = (WRITTEN - CRUNCHED) / self._outputs
        base = CRUNCHED + share * max(0, self._designed - 1)
        match self.phase:
            case Phase.READING:
                return READ * (self._reading() or 0.0)
            case Phase.CRUNCHING:
                # Nobody knows how many rows the query will have given; it knows how far it is.
                return READ + (CRUNCHED - READ) * (self._reading() or 0.0)
            case Phase.DESIGNING:
                return base
            case Phase.WRITING:
                return base + share * (DESIGN_SHARE + (1 - DESIGN_SHARE) * part)
            case Phase.PUBLISHING:
                return WRITTEN
