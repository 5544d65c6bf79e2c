"""This host's own scratch: work folders of runs, and datasets while they are received. Nobody else sees it.

```
<data folder>/
  incoming/<id>              a dataset that is being received
  work/<job>.<attempt>/      datasets that had to be brought here, spool, spill, files in the making
```
"""

from __future__ import annotations

import contextlib
import shutil
import time
from typing import TYPE_CHECKING

from pressroom.disk import check_data_folder, disk_errors
from pressroom.errors import StorageFull

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RESERVE_BYTES = 64 * 2**20
"""Room that is left to the database: its commits are what nothing may lose."""


class Scratch:
    """The scratch folders in `root`. Safe to use from any number of processes at once."""

    def __init__(self, root: Path, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self.root = root.resolve()
        self.reserve_bytes = reserve_bytes

    def check(self) -> None:
        """Raise `StorageRefused` unless it can be written to."""
        check_data_folder(self.root)

    def begin_work(self, job_id: str, attempt: int) -> Path:
        """An empty folder for one attempt. Raises `StorageFull` when there is no room for it."""
        folder = self._folder("work") / f"{job_id}.{attempt}"
        with disk_errors():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        return folder

    def end_work(self, job_id: str, attempt: int) -> None:
        """Remove an attempt's folder with everything in it."""
        shutil.rmtree(self.root / "work" / f"{job_id}.{attempt}", ignore_errors=True)

    def incoming(self, name: str) -> Path:
        """A place for a dataset that is being received."""
        return self._folder("incoming") / name

    def check_room(self, wanted_bytes: int) -> None:
        """Raise `StorageFull` when `wanted_bytes` more would eat into the reserve."""
        free = shutil.disk_usage(self._folder()).free
        needed = wanted_bytes + self.reserve_bytes
        if free < needed:
            raise StorageFull(
                f"{free:,} bytes are free in the data folder, {needed:,} are needed",
                hint="free space in the data folder and retry",
            )

    def sweep_work(self, runs: Callable[[str, int], bool]) -> list[str]:
        """Remove the work folders of attempts that `runs` denies, and say which: a token is used once."""
        swept = []
        # Listed before it is asked about: what is made meanwhile is not in the list.
        for folder in self._entries("work"):
            job_id, _, attempt = folder.name.partition(".")
            if attempt.isdecimal() and not runs(job_id, int(attempt)):
                shutil.rmtree(folder, ignore_errors=True)
                swept.append(f"work/{folder.name}")
        return swept

    def sweep_incoming(self, *, older_than_seconds: float = 3600) -> list[str]:
        """Remove what was being received and has not been touched for so long, and say what."""
        swept = []
        before = time.time() - older_than_seconds
        for path in self._entries("incoming"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()
                    swept.append(f"incoming/{path.name}")
        return swept

    def _entries(self, name: str) -> Iterator[Path]:
        with contextlib.suppress(FileNotFoundError):
            yield from sorted((self.root / name).iterdir())

    def _folder(self, *parts: str) -> Path:
        folder = self.root.joinpath(*parts)
        with disk_errors():
            folder.mkdir(parents=True, exist_ok=True)
        return folder
