"""One supervised part of the press: a leashed child process, its log file, its readiness and its restarts."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LEASH = Path(__file__).with_name("leash.py")
ORPHAN_GRACE_SECONDS = 3
"""What a part gets when `pressroom up` itself was killed; its jobs' leases run out and others take over."""
LOG_BYTES = 10 * 2**20
LOG_FILES = 3
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60
"""A part that ran this long starts its back-off anew."""


@dataclass(frozen=True)
class PartSpec:
    """What to start and how to see that it is ready: a line that it logs, or a question that it answers."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready_line: re.Pattern[str] | None = None
    ready_answer: Callable[[], bool] | None = None
    descriptors: tuple[int, ...] = ()
    keeps_nothing: bool = False
    """Nothing is lost when it is killed, so it is not waited for."""
    before_restart: Callable[[str], None] = field(default=lambda _: None)
    """Called with the part's last lines before it is started again."""


class Part:
    """A part's process through all of its lives."""

    def __init__(self, spec: PartSpec, log_folder: Path, lock: int) -> None:
        self.spec = spec
        self.log = log_folder / f"{spec.name}.log"
        self.restarts = 0
        self._lock = lock
        self._last: deque[str] = deque(maxlen=20)
        self._ready_line = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._lifeline: int | None = None
        self._started = 0.0
        self._start_at: float | None = None
        self._pause = FIRST_PAUSE_SECONDS
        self._writer = _log_writer(self.log)

    @property
    def pid(self) -> int | None:
        """Process id of the leash, which is also the process group; `None` while nothing runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the part, on its leash, in a session of its own so that Ctrl-C reaches only the press."""
        read_end, write_end = os.pipe()
        self._ready_line.clear()
        self._last.clear()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                [
                    *(sys.executable, "-I", "-S", str(LEASH), str(read_end), str(ORPHAN_GRACE_SECONDS)),
                    *self.spec.command,
                ],
                env=dict(self.spec.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # The leash holds the data directory's lock too: it is free only when the whole press is gone.
                pass_fds=(read_end, self._lock, *self.spec.descriptors),
            )
        except BaseException:
            os.close(write_end)
            raise
        finally:
            os.close(read_end)
        self._lifeline = write_end
        self._started = time.monotonic()
        self._start_at = None
        self._reader = threading.Thread(
            target=self._read, args=(self._process,), name=f"log of {self.spec.name}", daemon=True
        )
        self._reader.start()

    def ready(self) -> bool:
        """Whether the part does its work by now."""
        if self._process is None or self._process.poll() is not None:
            return False
        if self.spec.ready_line is not None and not self._ready_line.is_set():
            return False
        return self.spec.ready_answer is None or self.spec.ready_answer()

    def ended(self) -> int | None:
        """Exit status of a part that has just ended; its remains are cleared away. `None` while it runs."""
        if self._process is None or (status := self._process.poll()) is None:
            return None
        self._clear_away()
        return status

    def last_lines(self, count: int = 5) -> str:
        """What it said last, for an error message."""
        return "\n".join(list(self._last)[-count:])

    def restart_later(self) -> float:
        """Plan the next life; returns the pause in seconds, twice as long after each short life."""
        if time.monotonic() - self._started > STEADY_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        self._start_at = time.monotonic() + pause
        return pause

    def restart_if_due(self) -> bool:
        """Start again once the pause is over."""
        if self._start_at is None or time.monotonic() < self._start_at:
            return False
        self.restarts += 1
        self.spec.before_restart(self.last_lines(20))
        self.start()
        return True

    def ask_to_stop(self) -> None:
        """TERM: the part drains or gives its work back."""
        self._start_at = None
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def stopped_within(self, seconds: float) -> bool:
        """Whether the part has ended by itself, waiting for that up to `seconds`."""
        if self._process is not None:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return False
            self._clear_away()
        return True

    def kill(self) -> None:
        """End the part and all below it, now."""
        if self._process is None:
            return
        # Letting go of the lifeline makes the leash kill the family; the group's end is the last resort.
        self._let_go()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(ORPHAN_GRACE_SECONDS + 1)
        self._clear_away()

    def _let_go(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def _clear_away(self) -> None:
        """Kill what a killed leash may have left in its group, and read the log to its end."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _bury(process.pid)
        self._let_go()
        if self._reader is not None:
            self._reader.join(timeout=2)
        self._process = None

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines:
            for raw in lines:
                line = raw.decode("utf-8", "replace").rstrip()
                self._last.append(line)
                self._writer.info("%s", line)
                if self.spec.ready_line is not None and self.spec.ready_line.search(line):
                    self._ready_line.set()


def _bury(group: int) -> None:
    """Wait for orphans of a process group: the press is their subreaper, so they would stay as zombies."""
    deadline = time.monotonic() + 1
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-group, os.WNOHANG) == (0, 0):
                time.sleep(0.005)


def _log_writer(path: Path) -> logging.Logger:
    """A logger that is in no tree: the part's lines as they are, in files of bounded size."""
    writer = logging.Logger(path.stem, logging.INFO)  # noqa: LOG001 - it must not reach the root's handlers
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    writer.addHandler(handler)
    return writer
