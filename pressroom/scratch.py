"""This host's own scratch: work folders of runs, and datasets while they are received. Nobody else sees it.

```
<data folder>/
  incoming/<id>              a dataset that is being received
  work/<job>.<attempt>/      datasets that had to be brought here, spool, spill, files in the making
```
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from typing import TYPE_CHECKING

from pressroom.disk import check_data_folder, disk_errors
from pressroom.errors import StorageFull, StorageRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from pressroom.jobs import Attempt

RESERVE_BYTES = 64 * 2**20
"""Room that is left to the database: its commits are what nothing may lose."""
LEFT_SECONDS = 3600.0
"""What nobody has touched for so long was left by a dead process."""


class Scratch:
    """The scratch folders in `root`. Safe to use from any number of processes at once."""

    def __init__(self, root: Path, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self.root = root.resolve()
        self.reserve_bytes = reserve_bytes
        self._locks: dict[str, int] = {}
        """Open folders of the attempts of this process, by name."""

    def check(self) -> None:
        """Raise `StorageRefused` unless it can be written to and locked."""
        check_data_folder(self.root)
        try:
            handle = os.open(self.root, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_SH)
            finally:
                os.close(handle)
        except OSError as error:
            raise StorageRefused(
                f"the data folder can't be locked: {error.strerror}",
                hint="PRESSROOM_DATA_DIR names another, on a local disk",
            ) from error

    def begin_work(self, job_id: str, attempt: int) -> Path:
        """An empty folder for one attempt, this process's until it ends or dies.

        Raises `StorageFull` when there is no room for it.
        """
        name = f"{job_id}.{attempt}"
        folder = self._folder("work") / name
        with disk_errors():
            shutil.rmtree(folder, ignore_errors=True)
            made = folder.with_name(f".{name}")
            made.mkdir()
            self._locks[name] = lock = os.open(made, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Renamed when it is locked: a sweep never sees it free.
            made.rename(folder)
        return folder

    def end_work(self, job_id: str, attempt: int) -> None:
        """Remove an attempt's folder with everything in it."""
        name = f"{job_id}.{attempt}"
        shutil.rmtree(self.root / "work" / name, ignore_errors=True)
        if (lock := self._locks.pop(name, None)) is not None:
            os.close(lock)

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

    def sweep_work(self, leased: Callable[[Collection[Attempt]], set[Attempt]]) -> list[str]:
        """Remove the work folders of processes that are dead, and say which.

        The kernel knows: a folder is locked for as long as its process lives. What is not locked, and not
        `leased` either, goes: on a volume that hosts share, none sees the others' locks.
        """
        free = {folder: _attempt(folder.name) for folder in self._entries("work") if not _locked(folder)}
        attempts = {attempt for attempt in free.values() if attempt is not None}
        held = leased(attempts) if attempts else set()
        swept = []
        for folder, attempt in free.items():
            dead = _left(folder) if attempt is None else attempt not in held
            if dead and _remove(folder):
                swept.append(f"work/{folder.name}")
        return swept

    def sweep_incoming(self, *, older_than_seconds: float = LEFT_SECONDS) -> list[str]:
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


def _attempt(name: str) -> Attempt | None:
    job_id, _, number = name.partition(".")
    return (job_id, int(number)) if job_id and number.isdecimal() else None


def _left(folder: Path) -> bool:
    """Whether nobody has touched for long what is no attempt's, or not yet."""
    try:
        return folder.stat().st_mtime < time.time() - LEFT_SECONDS
    except OSError:
        return False


def _locked(folder: Path) -> bool:
    """Whether a process lives that has locked the folder; what can't be looked at counts as locked."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _remove(folder: Path) -> bool:
    """Remove a folder; whether it was there and is gone."""
    if not folder.exists():
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
