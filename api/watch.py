"""`JobWatch`: many clients waiting for the same jobs, one look at the database for all of them.

Each watched job has one asyncio task that reads it in a thread, at intervals that grow while nothing changes
and start anew when something does. No thread waits, and more clients do not mean more reads.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from pressroom.jobs import Job
    from pressroom.store import Store

FIRST_SECONDS = 0.05
LONGEST_SECONDS = 0.5
GROWTH = 1.3


class _Watched:
    """The newest version of one job, and whoever waits for a newer one."""

    def __init__(self) -> None:
        self.job: Job | None = None
        self.error: Exception | None = None
        self.changed = asyncio.Event()
        self.watchers = 0
        self.task: asyncio.Task[None] | None = None

    def tell(self) -> None:
        """Wake everyone who waits now; later ones wait for the next change."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class JobWatch:
    """Versions of jobs as they come; belongs to one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watched: dict[str, _Watched] = {}
        self._closing = asyncio.Event()

    async def versions(self, job_id: str, after: int = -1) -> AsyncGenerator[Job, None]:
        """Each version above `after` that is seen, the last one when the job is done.

        Close it (`contextlib.aclosing`) to stop watching. Raises `NotFound` when the job is or gets deleted.
        """
        watched = self._watched.setdefault(job_id, _Watched())
        watched.watchers += 1
        if watched.task is None:
            watched.task = asyncio.create_task(self._look(job_id, watched), name=f"watch {job_id}")
        try:
            while True:
                changed = watched.changed
                job = watched.job
                if job is not None and job.version > after:
                    after = job.version
                    yield job
                    continue
                if self._closing.is_set() or (job is not None and job.done):
                    return
                if watched.error is not None:
                    raise watched.error
                await changed.wait()
        finally:
            watched.watchers -= 1
            if watched.watchers == 0 and watched.task is not None:
                watched.task.cancel()
                if self._watched.get(job_id) is watched:
                    del self._watched[job_id]

    async def until_done(self, job_id: str, seconds: float) -> Job:
        """The job when it is done, or as it is after `seconds`."""
        return await self.until_changed(job_id, seconds, lambda job: job.done)

    async def until_changed(self, job_id: str, seconds: float, changed: Callable[[Job], bool]) -> Job:
        """The job as soon as `changed` says so or it is done, or as it is after `seconds`."""
        job = await run_in_threadpool(self._store.job, job_id)
        if job.done or changed(job) or seconds <= 0 or self._closing.is_set():
            return job
        try:
            async with asyncio.timeout(seconds), contextlib.aclosing(self.versions(job_id)) as versions:
                async for job in versions:
                    if changed(job):
                        break
        except TimeoutError:
            pass
        return job

    def close(self) -> None:
        """Let everyone go who waits, with the job as it is: the server is to stop."""
        self._closing.set()
        for watched in self._watched.values():
            watched.tell()

    async def _look(self, job_id: str, watched: _Watched) -> None:
        pause = FIRST_SECONDS
        while watched.error is None:
            try:
                job = await run_in_threadpool(self._store.job, job_id)
            except Exception as error:  # noqa: BLE001 - whoever waits gets it
                watched.error = error
                self._watched.pop(job_id, None)
                watched.tell()
                return
            if watched.job is None or job.version != watched.job.version:
                watched.job = job
                watched.tell()
                pause = FIRST_SECONDS
            await asyncio.sleep(pause)
            pause = min(pause * GROWTH, LONGEST_SECONDS)
