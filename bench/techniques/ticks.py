"""A second Python thread that does nothing but count: how far it gets says who holds Python's lock."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ALONE_SECONDS = 0.3
CALLS_SECONDS = 0.5


class Ticker(threading.Thread):
    """Counts as long as it is entered; `count` may be read at any time."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.count = 0
        self._stopped = False

    def run(self) -> None:
        """Count."""
        while not self._stopped:
            self.count += 1

    def __enter__(self) -> Ticker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self.join()


def counted_beside(call: Callable[[], object]) -> tuple[float, float]:
    """How fast a second thread counts during calls, of what it counts alone; and the seconds of one call."""
    with Ticker() as ticker:
        began, count = time.perf_counter(), ticker.count
        time.sleep(ALONE_SECONDS)
        alone = (ticker.count - count) / (time.perf_counter() - began)
        calls, ticks, seconds = 0, 0, 0.0
        # Only what is counted within calls: between two of them the lock is nobody's.
        while seconds < CALLS_SECONDS:
            began, count = time.perf_counter(), ticker.count
            call()
            ticks += ticker.count - count
            seconds += time.perf_counter() - began
            calls += 1
    return ticks / seconds / alone, seconds / calls
