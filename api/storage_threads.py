"""Threads for calls that may wait for a storage that is away, so that all other calls go on meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio
from anyio import to_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

THREADS = 24
T = TypeVar("T")


class StorageThreads:
    """At most `THREADS` calls at a time, and none of those threads that the rest of the API works in."""

    def __init__(self) -> None:
        self._limit = anyio.CapacityLimiter(THREADS)

    async def run(self, call: Callable[[], T]) -> T:
        """What `call` returns or raises."""
        return await to_thread.run_sync(call, limiter=self._limit)

    async def each(self, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        """The chunks, each fetched in a thread when it is asked for."""
        while (chunk := await self.run(lambda: next(chunks, None))) is not None:
            yield chunk
