"""Files on disk: datasets as they come in, finished files as they go out. What has a name here is complete.

```
<data folder>/
  datasets/<id>                     a dataset;            .<id>.tmp while it is being received
  work/<job>.<attempt>/             a run's spool, spill and files in the making
  files/<job>/<attempt>/<name>      a finished file;      .<name>.tmp beside it while it is being copied
```
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import time
from typing import TYPE_CHECKING, Protocol

from pressroom.errors import BuildFailed, NotFound, StorageFull
from pressroom.jobs import PublishedFile
from pressroom.proofread import proofread
from pressroom.upload import Upload, storage_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pressroom.jobs import Dataset, Job

RESERVE_BYTES = 64 * 2**20
"""Room that is left to the database: its commits are what nothing may lose."""
_CHUNK = 1 << 20


class Wants(Protocol):
    """Whether a folder of an attempt, of work or published, is in use: `Store.wants`."""

    def __call__(self, job_id: str, attempt: int, *, published: bool) -> bool:
        """Whether it is."""


class Files:
    """The data folder of an installation. Safe to use from any number of processes at once."""

    def __init__(self, root: Path, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self.root = root.resolve()
        self.reserve_bytes = reserve_bytes

    # Datasets

    def receiving(
        self, name: str, *, owner: str, max_bytes: int, keep_seconds: float, expected_bytes: int | None = None
    ) -> Upload:
        """A dataset to be written chunk by chunk; see `Upload`.

        Raises `BadRequest` for a name that is none; `TooLarge` and `StorageFull` when known beforehand.
        """
        self.check_room(expected_bytes or 0)
        folder = self._folder("datasets")
        return Upload(
            folder, name, owner=owner, max_bytes=max_bytes, keep_seconds=keep_seconds, expected=expected_bytes
        )

    def receive(
        self, chunks: Iterable[bytes], name: str, *, owner: str, max_bytes: int, keep_seconds: float
    ) -> Dataset:
        """Write a whole dataset to disk; on any error nothing is left of it."""
        with self.receiving(name, owner=owner, max_bytes=max_bytes, keep_seconds=keep_seconds) as upload:
            for chunk in chunks:
                upload.write(chunk)
            return upload.finish()

    def remove_dataset(self, dataset: Dataset) -> None:
        """Remove a dataset's file; gone already is as good."""
        self.path(dataset).unlink(missing_ok=True)

    # A run's own folder

    def begin_work(self, job_id: str, attempt: int) -> Path:
        """An empty folder for one attempt. Raises `StorageFull` when there is next to no room."""
        self.check_room(0)
        folder = self._folder("work") / f"{job_id}.{attempt}"
        with storage_errors():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        return folder

    def end_work(self, job_id: str, attempt: int) -> None:
        """Remove an attempt's folder with everything in it."""
        shutil.rmtree(self.root / "work" / f"{job_id}.{attempt}", ignore_errors=True)

    # Finished files

    def publish(
        self,
        job_id: str,
        attempt: int,
        made: Path,
        *,
        media_type: str,
        size: int,
        rows: int,
        pages: int | None = None,
        sheets: int | None = None,
    ) -> PublishedFile:
        """Proofread the file `made` of `size` bytes, make it durable, give it its place; `made` is gone then.

        Raises `BuildFailed` when it is not a whole file of its media type, and `StorageFull`. A reader sees
        nothing or the whole file.
        """
        proofread(made, media_type, size)
        folder = self._folder("files", job_id, str(attempt))
        target = folder / made.name
        if target.exists():
            raise BuildFailed(f"{job_id}/{attempt}/{made.name} is there already; a token is used once")
        with storage_errors():
            digest = _sha256(made)
            _fsync(made)
            _move(made, target, digest)
            for changed in (folder, folder.parent, folder.parent.parent):
                _fsync(changed)
        path = target.relative_to(self.root).as_posix()
        return PublishedFile(made.name, media_type, size, digest, rows, pages, sheets, path)

    def path(self, what: PublishedFile | Dataset) -> Path:
        """Where a finished file or a dataset is. Raises `NotFound` for a path that leads elsewhere."""
        path = (self.root / what.path).resolve()
        if not path.is_relative_to(self.root):
            raise NotFound(f"{what.name}: its path leads out of the data folder")
        return path

    def unpublish(self, job_id: str, attempt: int) -> None:
        """Remove what one attempt has published."""
        shutil.rmtree(self.root / "files" / job_id / str(attempt), ignore_errors=True)

    def remove(self, job: Job | str) -> None:
        """Remove every finished file of a job."""
        shutil.rmtree(self.root / "files" / (job if isinstance(job, str) else job.id), ignore_errors=True)

    def forget(self, job_id: str, rows_dataset: str | None) -> None:
        """Remove every finished file of a job that nobody can retry, and the dataset of its own rows."""
        self.remove(job_id)
        if rows_dataset is not None:
            (self.root / "datasets" / rows_dataset).unlink(missing_ok=True)

    # Room and rubbish

    def check_room(self, wanted_bytes: int) -> None:
        """Raise `StorageFull` when `wanted_bytes` more would eat into the reserve."""
        free = shutil.disk_usage(self._folder()).free
        needed = wanted_bytes + self.reserve_bytes
        if free < needed:
            raise StorageFull(
                f"{free:,} bytes are free in the data folder, {needed:,} are needed",
                hint="free space in the data folder and retry",
            )

    def sweep(
        self,
        wants: Wants,
        knows_dataset: Callable[[str], bool],
        *,
        older_than_seconds: float = 3600,
    ) -> list[Path]:
        """Remove what dead processes left, and give back what that was.

        Folders of attempts go as soon as `wants` denies them: tokens are never used again.
        Datasets and uploads nobody knows go when untouched for `older_than_seconds`.
        """
        swept = []
        # Listed before it is asked about: what is made meanwhile is not in the list.
        for folder, job_id, attempt, published in [*self._attempts()]:
            if not wants(job_id, attempt, published=published):
                shutil.rmtree(folder, ignore_errors=True)
                swept.append(folder)
        for folder in _entries(self.root / "files"):
            with contextlib.suppress(OSError):
                folder.rmdir()
        before = time.time() - older_than_seconds
        for path in _entries(self.root / "datasets"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before and (path.suffix == ".tmp" or not knows_dataset(path.name)):
                    path.unlink()
                    swept.append(path)
        return swept

    def _attempts(self) -> Iterator[tuple[Path, str, int, bool]]:
        for folder in _entries(self.root / "work"):
            job_id, _, attempt = folder.name.partition(".")
            if attempt.isdecimal():
                yield folder, job_id, int(attempt), False
        for job in _entries(self.root / "files"):
            for folder in _entries(job):
                if folder.name.isdecimal():
                    yield folder, job.name, int(folder.name), True

    def _folder(self, *parts: str) -> Path:
        folder = self.root.joinpath(*parts)
        with storage_errors():
            folder.mkdir(parents=True, exist_ok=True)
        return folder


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _move(made: Path, target: Path, digest: str) -> None:
    """Rename; where the folders are on different file systems, copy beside the target and rename there."""
    try:
        made.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}.tmp")
        try:
            shutil.copyfile(made, beside)
            _fsync(beside)
            whole = _sha256(beside) == digest
            if whole:
                beside.rename(target)
        finally:
            beside.unlink(missing_ok=True)
        if not whole:
            raise BuildFailed(f"{target.name}: the copy is not what was copied") from None
        made.unlink()


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
