"""Nothing outlives its leash, however rudely anyone dies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pressroom.embedded.part import LEASH
from tests.services import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

# A part that ignores TERM and has a child in a session of its own that does so too.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
os.write(1, b"%d\\n" % os.getpid())  # in one piece: two processes write here
time.sleep(600)
"""
# Holds the lifeline, as `pressroom up` does, and does nothing else.
OWNER = """
import os, subprocess, sys, time
read, write = os.pipe()
subprocess.Popen([sys.executable, "-I", "-S", sys.argv[1], str(read), "0.2", *sys.argv[2:]], pass_fds=[read])
os.close(read)
time.sleep(600)
"""


def runs(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def part_of(pid: int) -> int:
    """The one child of a process."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


class Leashed:
    """A leash of the test's own: process, lifeline, and the pids that its part says."""

    def __init__(self, code: str, grace: str = "0.2") -> None:
        read, self.lifeline = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LEASH), str(read), grace, sys.executable, "-c", code],
            pass_fds=[read],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        os.close(read)

    def pids(self, count: int) -> list[int]:
        assert self.process.stdout is not None
        return [int(self.process.stdout.readline()) for _ in range(count)]

    def let_go(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self.lifeline)


@pytest.fixture
def leashed() -> Iterator[list[Leashed]]:
    """Whatever a test puts in here is ended after it."""
    made: list[Leashed] = []
    yield made
    for one in made:
        one.let_go()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait()
        if one.process.stdout is not None:
            one.process.stdout.close()


def test_the_status_of_the_part_is_the_leashs(leashed: list[Leashed]) -> None:
    leashed.append(Leashed("raise SystemExit(7)"))
    assert leashed[0].process.wait(10) == 7


def test_a_part_that_cannot_be_started_says_why() -> None:
    read, write = os.pipe()
    command = [sys.executable, "-I", "-S", str(LEASH), str(read), "1", "/nowhere/program"]
    ended = subprocess.run(command, pass_fds=[read], capture_output=True, text=True, timeout=10, check=False)
    os.close(read)
    os.close(write)
    assert ended.returncode == 127
    assert "/nowhere/program: No such file" in ended.stderr


def test_term_reaches_the_part_which_decides(leashed: list[Leashed]) -> None:
    code = (
        "import signal, sys, os, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(600)"
    )
    leashed.append(Leashed(code))
    leashed[0].pids(1)
    leashed[0].process.send_signal(signal.SIGTERM)
    assert leashed[0].process.wait(10) == 5


def test_an_owner_that_lets_go_ends_part_and_grandchild(leashed: list[Leashed]) -> None:
    leashed.append(Leashed(STUBBORN))
    pids = leashed[0].pids(2)
    leashed[0].let_go()
    assert leashed[0].process.wait(10) == 128 + signal.SIGKILL
    assert not any(runs(pid) for pid in pids)


def test_a_killed_part_takes_its_children_with_it(leashed: list[Leashed]) -> None:
    leashed.append(Leashed(STUBBORN))
    pids = leashed[0].pids(2)
    os.kill(part_of(leashed[0].process.pid), signal.SIGKILL)
    assert leashed[0].process.wait(10) == 128 + signal.SIGKILL
    assert not any(runs(pid) for pid in pids)


def test_a_killed_leash_takes_its_part_with_it(leashed: list[Leashed]) -> None:
    leashed.append(Leashed("import os, time; print(os.getpid(), flush=True); time.sleep(600)"))
    (pid,) = leashed[0].pids(1)
    leashed[0].process.kill()
    wait_for(lambda: not runs(pid), "the part is gone", 5)


def test_a_killed_owner_leaves_nothing_behind() -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(LEASH), sys.executable, "-c", STUBBORN],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    pids = [int(owner.stdout.readline()) for _ in range(2)]
    leash = part_of(owner.pid)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    wait_for(lambda: not any(runs(pid) for pid in (leash, *pids)), "everything is gone", 10)
