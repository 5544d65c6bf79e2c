"""The one interface behind which datasets and finished files are kept: whole files under keys, never changed.

A key is a path with `/`: `datasets/<id>`, `files/<job>/<attempt>/<name>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Label:
    """What a file says of itself to whoever downloads it without us: media type, and name to save it as."""

    media_type: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a storage, or an empty folder in one that has folders."""

    key: str
    changed: float
    """Seconds since 1970, by the storage's clock."""


class Storage(Protocol):
    """Safe to use from any number of processes and threads at once.

    Every call raises `Unavailable` when the storage is away, `StorageRefused` when it does not let us in, and
    `StorageFull`.
    """

    sweep_seconds: float
    """How often listing all of it is worth its price."""

    def check(self) -> None:
        """Raise unless it answers, soon."""

    def put(self, made: Path, key: str, label: Label, sha256: str, look: Callable[[], None]) -> None:
        """Take over the file `made`, of this SHA-256; whole and durable when it returns, else not there.

        `look` is called now and then, and breaks it off by raising. `made` is gone afterwards. Raises
        `BuildFailed` when the key is taken, or when what was read is not of this SHA-256.
        """

    def size(self, key: str) -> int | None:
        """Bytes of a file; `None` when it is not there."""

    def read(self, key: str, wanted: range) -> Iterator[bytes]:
        """The bytes `wanted`, in chunks of a few MiB; raises `NotFound` when there are fewer."""

    def local(self, key: str) -> Path | None:
        """Where the file is on this host; `None` when it has to be brought here to be opened."""

    def link(self, key: str, seconds: int) -> str | None:
        """An address that gives the file to anybody for so long; `None` when the storage has none."""

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Everything below `prefix`."""

    def remove(self, key: str) -> None:
        """Remove a file; gone already is as good."""

    def remove_below(self, prefix: str) -> None:
        """Remove everything below `prefix`."""
