"""`Stop`: one way to break off whatever a source is busy with, from another thread."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from pressroom.errors import JobCancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Stop:
    """Asked once, it stays asked; work that waits outside this process names how it is broken off."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._ways: list[Callable[[], object]] = []

    def ask(self) -> None:
        """Break off what is under way. May be called again: work may begin just when it is asked."""
        self._asked.set()
        for way in tuple(self._ways):
            way()

    def check(self) -> None:
        """Raise `JobCancelled` once it has been asked."""
        if self._asked.is_set():
            raise JobCancelled("cancelled while the rows were read")

    @contextlib.contextmanager
    def reaches(self, way: Callable[[], object]) -> Iterator[None]:
        """While inside, `ask` calls `way`; whatever fails inside after that failed because of it."""
        self._ways.append(way)
        try:
            self.check()
            yield
        except Exception:
            self.check()
            raise
        finally:
            self._ways.remove(way)
