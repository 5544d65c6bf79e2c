"""The leash of one part of the press: when its owner, the part or the leash ends, so does everything below.

    pressroom up --lifeline (a pipe)--> leash --fork, death signal--> part --> its own children

Run as a script by a bare interpreter (`python -I -S leash.py LIFELINE GRACE COMMAND...`), so it imports only
the standard library and costs a few milliseconds. LIFELINE is the read end of a pipe whose write end only the
owner holds: end of file means the owner is gone, even by kill -9. GRACE is the seconds the part then has. On
Linux the leash is a child subreaper (prctl(2)), so orphans of a killed part come back to it and are killed;
elsewhere the process group stands in for that. Its exit status is the part's (128 + signal when killed).
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform == "linux"


def prctl(option: int, value: int) -> None:
    """Set one process attribute (prctl(2)); does nothing outside Linux."""
    if LINUX:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(option, value, 0, 0, 0) != 0:
            code = ctypes.get_errno()
            raise OSError(code, f"prctl({option}): {os.strerror(code)}")


def descendants(root: int) -> list[int]:
    """Processes below `root`, children before their own children, without those that have ended."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # proc(5): `pid (comm) state ppid ...`, and comm may hold anything, spaces and brackets too.
            state, parent = (entry / "stat").read_bytes().rpartition(b")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if state != b"Z":
            parents[int(entry.name)] = int(parent)
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def signal_all(pids: list[int], number: int) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


class Leash:
    """One part as a child process, and its whole family."""

    def __init__(self, command: list[str], lifeline: int, grace: float) -> None:
        self.lifeline = lifeline
        self.grace = grace
        self.status: int | None = None
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        os.set_inheritable(lifeline, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, self._forward)
        self.part = self._fork(command)

    def _fork(self, command: list[str]) -> int:
        owner = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == owner:  # else the leash died before the death signal was set
                os.execvp(command[0], command)  # noqa: S606 - what the owner asks for
        except OSError as e:
            print(f"{command[0]}: {e.strerror}", file=sys.stderr, flush=True)  # noqa: T201 - no logging this low
        os._exit(127)

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        """The part's own handler decides what a stop means: a worker drains, a broker writes its file."""
        if number != signal.SIGCHLD and self.status is None:
            signal_all([self.part], number)

    def run(self) -> int:
        """Until the part has ended or the owner is gone; leaves nothing alive."""
        while self.status is None:
            readable, _, _ = select.select([self.lifeline, self._wake_read], [], [])
            if self._wake_read in readable:
                os.read(self._wake_read, 4096)
            self._reap()
            if self.lifeline in readable and not os.read(self.lifeline, 1):
                self._end_part()
        self._kill_family()
        return self.status

    def _end_part(self) -> None:
        signal_all([self.part], signal.SIGTERM)
        deadline = time.monotonic() + self.grace
        while self.status is None and (left := deadline - time.monotonic()) > 0:
            select.select([self._wake_read], [], [], min(left, 0.1))
            self._reap()
        if self.status is None:
            signal_all([self.part], signal.SIGKILL)
            os.waitpid(self.part, 0)
            self.status = 128 + signal.SIGKILL

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.part:
                code = os.waitstatus_to_exitcode(status)
                self.status = 128 - code if code < 0 else code

    def _kill_family(self) -> None:
        if not LINUX:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.killpg(0, signal.SIGTERM)
            return
        # A dying process may fork between the look and the signal, so look until there is none.
        while pids := descendants(os.getpid()):
            signal_all(pids, signal.SIGKILL)
            self._reap()
            time.sleep(0.005)
        self._reap()


def main() -> int:
    """Arguments: lifeline descriptor, grace in seconds, command."""
    return Leash(sys.argv[3:], int(sys.argv[1]), float(sys.argv[2])).run()


if __name__ == "__main__":
    sys.exit(main())
