"""Processes that get no more memory than a test allows: the kernel kills whoever wants more."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path("/sys/fs/cgroup")


@contextlib.contextmanager
def little_memory(pid: int, limit_bytes: int) -> Iterator[None]:
    """A control group of its own for process `pid` and those that it starts from now on.

    Skips the test where groups can't be made: without root, or in a container that may not.
    """
    first = (ROOT / "memory").is_dir()
    group = (ROOT / "memory" if first else ROOT) / f"pressroom-test-{pid}"
    limit = group / ("memory.limit_in_bytes" if first else "memory.max")
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    try:
        if not limit.exists():
            pytest.skip("memory is not controlled by groups here")
        limit.write_text(str(limit_bytes))
        # Where there is swap it is part of the memory in the first version, and beside it in the second.
        if (swap := group / ("memory.memsw.limit_in_bytes" if first else "memory.swap.max")).exists():
            swap.write_text(str(limit_bytes) if first else "0")
        (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        # A group is removed when it is empty.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        wait_for(lambda: (group / "cgroup.procs").read_text() == "", "the group is empty")
        group.rmdir()
