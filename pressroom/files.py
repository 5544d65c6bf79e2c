"""Datasets as they come in, finished files as they go out. What has a key in the storage is complete.

```
datasets/<id>                     a dataset
files/<job>/<attempt>/<name>      a finished file; the attempt is a fencing token, so a key is written once
```
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from typing import TYPE_CHECKING

import structlog

from pressroom.disk import disk_errors, sha256
from pressroom.errors import BadData, NotFound, PressroomError, Unavailable
from pressroom.jobs import PublishedFile
from pressroom.proofread import proofread
from pressroom.scratch import Scratch
from pressroom.storage import Label, open_storage
from pressroom.upload import Upload

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from pressroom.jobs import Attempt, Dataset
    from pressroom.settings import Settings
    from pressroom.storage import Storage

DATASETS, PUBLISHED = "datasets", "files"
_ATTEMPT = re.compile(rf"{PUBLISHED}/([^/]+)/([0-9]+)(?:/|$)")

log = structlog.get_logger(__name__)


def open_files(settings: Settings) -> Files:
    """The files of the installation that `settings` describe; for composition roots.

    Raises `StorageRefused` for a bucket or a data folder that is not there or lets nobody in. A storage that
    is away is only told: jobs wait for it.
    """
    files = Files(Scratch(settings.data_dir), open_storage(settings))
    try:
        files.check()
    except Unavailable as error:
        log.warning("the storage is away", error=error.message)
    return files


class Files:
    """What an installation keeps in `storage`, and this host's `scratch`. Safe to use from many processes."""

    def __init__(self, scratch: Scratch, storage: Storage) -> None:
        self.scratch = scratch
        self._storage = storage

    def check(self) -> None:
        """Raise unless this host's scratch can be written to and the storage answers, within seconds."""
        self.scratch.check()
        self._storage.check()

    # Datasets

    def receiving(
        self, name: str, *, owner: str, max_bytes: int, keep_seconds: float, expected_bytes: int | None = None
    ) -> Upload:
        """A dataset to be written chunk by chunk; see `Upload`.

        Raises `BadRequest` for a name that is none; `TooLarge` and `StorageFull` when known beforehand.
        """
        self.scratch.check_room(expected_bytes or 0)
        return Upload(
            self.scratch.incoming,
            self._keep,
            name,
            owner=owner,
            max_bytes=max_bytes,
            keep_seconds=keep_seconds,
            expected=expected_bytes,
        )

    def receive(
        self, chunks: Iterable[bytes], name: str, *, owner: str, max_bytes: int, keep_seconds: float
    ) -> Dataset:
        """Keep a whole dataset; on any error nothing is left of it."""
        with self.receiving(name, owner=owner, max_bytes=max_bytes, keep_seconds=keep_seconds) as upload:
            for chunk in chunks:
                upload.write(chunk)
            return upload.finish()

    def head(self, dataset: Dataset, wanted_bytes: int) -> bytes:
        """The first bytes of a dataset; no more of it is moved."""
        return b"".join(self._storage.read(dataset.path, range(min(wanted_bytes, dataset.bytes))))

    def bring(self, dataset: Dataset, folder: Path, look: Callable[[], None]) -> Path:
        """Where the dataset can be opened: its own place, or a checked copy of it in `folder`.

        `look` is called now and then, and breaks it off by raising. Raises `NotFound`, and `BadData` when it
        is not what was handed in: by its length, and by its SHA-256 where it was brought here.
        """
        there = self._storage.size(dataset.path)
        if there is None:
            raise NotFound(f"{dataset.name} is no longer in the storage", hint="hand it in again")
        if there != dataset.bytes:
            raise _altered(dataset, f"{there:,} bytes, not {dataset.bytes:,}")
        here = self._storage.local(dataset.path)
        if here is not None:
            return here
        self.scratch.check_room(dataset.bytes)
        brought = folder / DATASETS / dataset.id
        digest = hashlib.sha256()
        with disk_errors():
            brought.parent.mkdir(exist_ok=True)
            with brought.open("wb") as file:
                for chunk in self._storage.read(dataset.path, range(dataset.bytes)):
                    look()
                    digest.update(chunk)
                    file.write(chunk)
        if digest.hexdigest() != dataset.sha256:
            raise _altered(dataset, "another SHA-256")
        return brought

    def remove_dataset(self, dataset: Dataset) -> None:
        """Remove a dataset; gone already is as good."""
        with _or_by_the_sweep():
            self._storage.remove(dataset.path)

    def _keep(self, made: Path, dataset_id: str, name: str, digest: str) -> str:
        key = f"{DATASETS}/{dataset_id}"
        self._storage.put(made, key, Label("application/octet-stream", name), digest, nothing)
        return key

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
        look: Callable[[], None] = lambda: None,
    ) -> PublishedFile:
        """Proofread the file `made` of `size` bytes, make it durable, give it its key; `made` is gone then.

        `look` is called now and then, and breaks it off by raising. Raises `BuildFailed` when it is not a
        whole file of its media type, and what the storage raises. A reader sees nothing or the whole file.
        """
        proofread(made, media_type, size)
        key = f"{PUBLISHED}/{job_id}/{attempt}/{made.name}"
        digest = sha256(made)
        self._storage.put(made, key, Label(media_type, made.name), digest, look)
        return PublishedFile(made.name, media_type, size, digest, rows, pages, sheets, key)

    def size(self, file: PublishedFile) -> int | None:
        """Bytes of a finished file in the storage; `None` when it is not there."""
        return self._storage.size(file.path)

    def read(self, file: PublishedFile, wanted: range) -> Iterator[bytes]:
        """The bytes `wanted` of a finished file, in chunks; raises when there are fewer."""
        return self._storage.read(file.path, wanted)

    def link(self, file: PublishedFile, seconds: int) -> str | None:
        """An address that gives the file to anybody for so long, where the storage has one; a secret."""
        return self._storage.link(file.path, seconds)

    def unpublish(self, job_id: str, attempt: int) -> None:
        """Remove what one attempt has published."""
        with _or_by_the_sweep():
            self._storage.remove_below(f"{PUBLISHED}/{job_id}/{attempt}")

    def forget(self, job_id: str, rows_dataset: str | None) -> None:
        """Remove every finished file of a job that nobody can retry, and the dataset of its own rows."""
        with _or_by_the_sweep():
            self._storage.remove_below(f"{PUBLISHED}/{job_id}")
        if rows_dataset is not None:
            with _or_by_the_sweep():
                self._storage.remove(f"{DATASETS}/{rows_dataset}")

    # Rubbish

    @property
    def sweep_seconds(self) -> float:
        """How often sweeping the storage is worth the price of listing it."""
        return self._storage.sweep_seconds

    def sweep(
        self,
        wanted: Callable[[Collection[Attempt]], set[Attempt]],
        known_datasets: Callable[[Collection[str]], set[str]],
        *,
        older_than_seconds: float = 3600,
    ) -> list[str]:
        """Remove from the storage what dead processes left there, and give back what that was.

        Files of attempts go as soon as they are not `wanted`: tokens are never used again. Datasets that
        nobody knows, and what has no business there, go when unchanged for `older_than_seconds`.
        """
        before = time.time() - older_than_seconds
        attempts: dict[str, Attempt] = {}
        rubbish: list[str] = []
        # Listed before it is asked about: what is made meanwhile is not in the list.
        for entry in self._storage.entries(PUBLISHED):
            found = _ATTEMPT.match(entry.key)
            if found is not None:
                attempts[found[0].rstrip("/")] = found[1], int(found[2])
            elif entry.changed < before:
                rubbish.append(entry.key)
        used = wanted(set(attempts.values()))
        unwanted = [prefix for prefix, attempt in attempts.items() if attempt not in used]
        for prefix in unwanted:
            self._storage.remove_below(prefix)
        old = [entry.key for entry in self._storage.entries(DATASETS) if entry.changed < before]
        known = known_datasets([key.removeprefix(f"{DATASETS}/") for key in old])
        rubbish += [key for key in old if key.removeprefix(f"{DATASETS}/") not in known]
        for key in rubbish:
            self._storage.remove(key)
        return unwanted + rubbish


@contextlib.contextmanager
def _or_by_the_sweep() -> Iterator[None]:
    """What nobody can see any more may as well be removed later, when the storage answers again."""
    try:
        yield
    except PressroomError as error:
        log.warning("left to the sweep", error=error.message)


def nothing() -> None:
    """Looks at nothing: what can't be broken off."""


def _altered(dataset: Dataset, how: str) -> BadData:
    return BadData(
        f"{dataset.name} is not in the storage as it was handed in: {how}", hint="hand it in again"
    )
