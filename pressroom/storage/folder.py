"""A folder as storage: renamed into place, synced, never seen half-written.

obstore's LocalStore is not used here: it copies where a rename does, and syncs neither file nor folder, so
that a power cut could take a file that the database calls finished.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from typing import TYPE_CHECKING

from pressroom.disk import check_data_folder, disk_errors, sha256, sync
from pressroom.errors import BuildFailed, NotFound
from pressroom.storage.storage import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pressroom.storage.storage import Label

_CHUNK = 1 << 20


class FolderStorage:
    """Files under `root`; a name is complete, except `.<name>.tmp` while it is copied from another disk."""

    sweep_seconds = 60.0

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def check(self) -> None:
        """Whether the folder can be written to."""
        check_data_folder(self.root)

    def put(self, made: Path, key: str, label: Label, sha256: str, look: Callable[[], None]) -> None:
        """A rename; across file systems a copy beside the target and a rename there."""
        target = self._path(key)
        look()
        with disk_errors():
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                raise BuildFailed(f"{key} is there already; a token is used once")
            sync(made)
            _move(made, target, sha256)
            folder = target.parent
            while folder.is_relative_to(self.root):
                sync(folder)
                folder = folder.parent

    def size(self, key: str) -> int | None:
        """Bytes of a file; `None` when it is not there."""
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, key: str, wanted: range) -> Iterator[bytes]:
        """The bytes `wanted`, a MiB at a time."""
        try:
            file = self._path(key).open("rb")
        except FileNotFoundError:
            raise NotFound(f"{key} is not in the data folder") from None
        with file:
            file.seek(wanted.start)
            left = len(wanted)
            while left:
                chunk = file.read(min(_CHUNK, left))
                if not chunk:
                    raise NotFound(f"{key} is {left:,} bytes shorter than recorded")
                left -= len(chunk)
                yield chunk

    def local(self, key: str) -> Path | None:
        """Its place."""
        return self._path(key)

    def link(self, key: str, seconds: int) -> str | None:
        """A folder has no address."""
        return None

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Files and empty folders below `prefix`."""
        for folder, folders, names in os.walk(self._path(prefix)):
            place = self.root.joinpath(folder)
            leaf = not folders and not names and place != self.root / prefix
            for path in [place] if leaf else [place / name for name in names]:
                try:
                    changed = path.stat().st_mtime
                except FileNotFoundError:
                    continue
                yield Entry(path.relative_to(self.root).as_posix(), changed)

    def remove(self, key: str) -> None:
        """Remove a file, or a folder that is empty still."""
        path = self._path(key)
        if path.is_dir():
            with contextlib.suppress(OSError):
                path.rmdir()
        else:
            path.unlink(missing_ok=True)

    def remove_below(self, prefix: str) -> None:
        """Remove a folder with everything in it."""
        shutil.rmtree(self._path(prefix), ignore_errors=True)

    def _path(self, key: str) -> Path:
        path = (self.root / key).resolve()
        if not path.is_relative_to(self.root):
            raise NotFound(f"{key}: this path leads out of the data folder")
        return path


def _move(made: Path, target: Path, digest: str) -> None:
    try:
        made.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}.tmp")
        try:
            shutil.copyfile(made, beside)
            sync(beside)
            whole = sha256(beside) == digest
            if whole:
                beside.rename(target)
        finally:
            beside.unlink(missing_ok=True)
        if not whole:
            raise BuildFailed(f"{target.name}: the copy is not what was copied") from None
        made.unlink()
