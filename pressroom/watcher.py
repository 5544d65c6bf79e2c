"""Who watches a run: told of its phases, and whom to ask how far its source is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from pressroom.jobs import Phase


class Watcher(Protocol):
    """Who wants to know how far a run is; called by the run's own thread."""

    def enter(self, phase: Phase) -> None:
        """A phase begins."""

    def follow(self, reading: Callable[[], float | None]) -> None:
        """`reading` tells how much of the source's query is done, from 0 to 1; any thread may call it."""


class Unwatched:
    """Nobody wants to know."""

    def enter(self, phase: Phase) -> None:
        """Nobody is told."""

    def follow(self, reading: Callable[[], float | None]) -> None:
        """Nobody asks."""
