"""A line to a PostgreSQL server that breaks when a commit has been made and before the client hears of it."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOCKET = ".s.PGSQL.5432"
COMMIT = b"COMMIT\0"
"""As its own statement: each transaction begins with READ COMMITTED."""


class Line:
    """Passes connections on, from a socket in one folder to the server's in another."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.cuts = 0
        self.closed = False
        self.folder = folder
        self._server = str(server / SOCKET)
        self._cut_next = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_next_commit(self) -> None:
        """Lose the answer to the next COMMIT, once."""
        self._cut_next.set()

    def close(self) -> None:
        """Take no more connections; once is enough."""
        if not self.closed:
            self.closed = True
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        # A process that is killed resets its connection.
        with contextlib.suppress(OSError), client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            while True:
                for source in select.select([client, server], [], [])[0]:
                    if not (said := source.recv(65536)):
                        return
                    (server if source is client else client).sendall(said)
                    if source is client and COMMIT in said and self._cut_next.is_set():
                        self._cut_next.clear()
                        # The answer has come, so the commit is made.
                        server.recv(65536)
                        self.cuts += 1
                        return


@contextlib.contextmanager
def line(folder: Path, server: Path) -> Iterator[Line]:
    """A line for the time of a test."""
    opened = Line(folder, server)
    try:
        yield opened
    finally:
        opened.close()
