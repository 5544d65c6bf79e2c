"""A real S3-compatible server for tests, in a process of its own, and a line to it that can be cut."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import boto3

from tests.services import Process, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDTESTS",
    "AWS_SECRET_ACCESS_KEY": "a very secret key",
    "AWS_REGION": "us-east-1",
}


class ObjectServer:
    """moto's S3; its objects are in the memory of its process."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = Process(command, folder / "moto.log", {**os.environ, **environment})
        self._names = itertools.count()
        wait_for(self._listens, "the object store listens")
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=KEYS["AWS_REGION"],
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        )

    def bucket(self) -> str:
        """The name of a new bucket."""
        name = f"press-{next(self._names)}"
        self.client.create_bucket(Bucket=name)
        return name

    def unfinished(self, bucket: str) -> list[str]:
        """Keys of multipart uploads that are neither completed nor aborted."""
        return [
            upload["Key"] for upload in self.client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())
        ]

    def close(self) -> None:
        self.client.close()
        self._process.kill()

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False


class Line:
    """A TCP line to a server on this host: `hold` it in the middle of a call, `cut` it, `mend` it."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self._hold_after: int | None = None
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket
        self.mend()

    def mend(self) -> None:
        """Take connections, again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._start(self._accept, self._listener)

    def cut(self) -> None:
        """Break every connection and take no more."""
        self._hold_after = None
        # A socket that is only closed keeps its port while a thread waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            ends, self._sockets = self._sockets, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._flows.set()

    def hold(self, after_bytes: int) -> None:
        """Stop carrying anything to the server once so many more bytes have gone there."""
        self._hold_after = after_bytes

    @property
    def held(self) -> bool:
        """Whether the line is being held."""
        return not self._flows.is_set()

    def release(self) -> None:
        """Go on."""
        self._hold_after = None
        self._flows.set()

    def close(self) -> None:
        self.cut()
        for thread in self._threads:
            thread.join()

    def _start(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = listener.accept()
                there = socket.create_connection(("127.0.0.1", self._target))
                with self._lock:
                    self._sockets += [here, there]
                self._start(self._carry, here, there, True)
                self._start(self._carry, there, here, False)

    def _carry(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if counts:
                    self._flows.wait()
                    self._count(len(data))
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _count(self, size: int) -> None:
        with self._lock:
            if self._hold_after is None:
                return
            self._hold_after -= size
            if self._hold_after > 0:
                return
            self._hold_after = None
            self._flows.clear()
        self._flows.wait()


@contextlib.contextmanager
def object_server(folder: Path, **environment: str) -> Iterator[ObjectServer]:
    """A server until the block is left."""
    server = ObjectServer(folder, **environment)
    try:
        yield server
    finally:
        server.close()
