"""One press per data directory: a lock (flock(2)) that the kernel frees when its last holder is gone."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from typing import TYPE_CHECKING

from pressroom.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_SECONDS = 8
"""How long the parts of a press that was killed may take to be gone."""


@contextlib.contextmanager
def only_press(data_dir: Path) -> Iterator[int]:
    """Hold the lock of `data_dir`, as a file descriptor that the parts inherit.

    Raises `Conflict` when a press runs there; waits when it was killed and its parts are still ending.
    """
    path = data_dir / "up.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while not _locked(descriptor):
            owner = _owner(descriptor)
            if (owner is not None and _runs(owner)) or time.monotonic() > deadline:
                who = f" (process {owner})" if owner is not None else ""
                raise Conflict(
                    f"a press already runs in {data_dir}{who}",
                    hint="stop it, or choose another folder with --data-dir",
                )
            time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid()}).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(descriptor: int) -> int | None:
    try:
        return int(json.loads(os.pread(descriptor, 200, 0))["pid"])
    except (ValueError, KeyError, TypeError):
        return None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
