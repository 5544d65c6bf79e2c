"""A part's pulse: a file whose time says when it last did its round, for parts that answer no questions."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

FOLDER = "pulse"
FORGOTTEN_SECONDS = 86_400.0


class Pulse:
    """The pulse of the part `part` of this machine, or of this container, in the data folder."""

    def __init__(self, data_dir: Path, part: str) -> None:
        self._folder = data_dir / FOLDER
        self._path = self._folder / f"{part}@{socket.gethostname()}"

    def beat(self) -> None:
        """A round is done. Raises `OSError`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._path.touch()

    def age(self) -> float | None:
        """Seconds since the last beat; `None` when there was none."""
        try:
            return time.time() - self._path.stat().st_mtime
        except FileNotFoundError:
            return None

    def end(self) -> None:
        """The part goes in order."""
        self._path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what parts left behind that were killed a day ago, on whichever machine."""
        for path in self._folder.glob("*@*"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS:
                    path.unlink()
