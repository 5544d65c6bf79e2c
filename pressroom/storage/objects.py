"""An object store as storage, by obstore: S3 and whatever speaks it, Google Cloud and Azure.

Memory is bounded by parts: a file goes up in at most `UPLOADS` parts at a time, and comes down part by part,
each a call of its own, so that a slow reader keeps no connection open.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, cast

import obstore
from obstore.store import from_url

from pressroom.disposition import content_disposition
from pressroom.errors import BuildFailed, NotFound, StorageRefused, Unavailable
from pressroom.storage.object_errors import CREDENTIALS, object_errors
from pressroom.storage.storage import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from obstore import Attributes
    from obstore.store import AzureStore, GCSStore, S3Store

    from pressroom.storage.storage import Label

PART_BYTES = 8 << 20
MAX_PARTS = 10_000
"""Of an S3 multipart upload."""
UPLOADS = 4
READ_BYTES = 4 << 20
CHECK_SECONDS = 3


class ObjectStorage:
    """The store at `scheme://bucket/prefix`; a call is tried again for `patience` seconds."""

    sweep_seconds = 3600.0

    def __init__(self, url: str, *, patience: float, allow_http: bool) -> None:
        self.name = url
        self._scheme = url.partition(":")[0]
        self._store = self._open(patience=patience, seconds=max(patience, 30), allow_http=allow_http)
        self._probe = self._open(patience=0, seconds=CHECK_SECONDS, allow_http=allow_http)

    def check(self) -> None:
        """One look into the bucket, within seconds."""
        try:
            with self._errors():
                next(iter(obstore.list(self._probe, chunk_size=1)), None)
        except Unavailable as error:
            if error.hint == CREDENTIALS[self._scheme]:
                raise StorageRefused(error.message, hint=error.hint) from error
            raise

    def put(self, made: Path, key: str, label: Label, sha256: str, look: Callable[[], None]) -> None:
        """One request for a part or less, a multipart upload for more; either is there whole or not at all.

        It is not made conditional: nobody else ever writes this key, a condition would make it wrong to send
        a request again whose answer was lost, and multipart uploads can't have one.
        """
        size = made.stat().st_size
        if self.size(key) is not None:
            raise BuildFailed(f"{key} is there already; a token is used once")
        attributes: Attributes = {
            "Content-Type": label.media_type,
            "Content-Disposition": content_disposition(label.name),
            # Not a header of HTTP: kept as the object's own metadata.
            "sha256": sha256,
        }
        with self._errors():
            obstore.put(
                self._store,
                key,
                _pieces(made, sha256, look),
                attributes=attributes,
                use_multipart=size > PART_BYTES,
                chunk_size=max(PART_BYTES, -(-size // MAX_PARTS)),
                max_concurrency=UPLOADS,
            )
        there = self.size(key)
        if there != size:
            raise Unavailable(f"{self.name}: {there} of the {size:,} bytes of {key} are there")
        made.unlink()

    def size(self, key: str) -> int | None:
        """Bytes of an object; `None` when it is not there."""
        try:
            with self._errors():
                return obstore.head(self._store, key)["size"]
        except FileNotFoundError:
            return None

    def read(self, key: str, wanted: range) -> Iterator[bytes]:
        """The bytes `wanted`, a part at a time."""
        for start in range(wanted.start, wanted.stop, READ_BYTES):
            stop = min(start + READ_BYTES, wanted.stop)
            try:
                with self._errors():
                    part = bytes(obstore.get_range(self._store, key, start=start, end=stop))
            except FileNotFoundError:
                raise NotFound(f"{key} is not in {self.name}") from None
            if len(part) != stop - start:
                raise NotFound(f"{key} is shorter than recorded")
            yield part

    def local(self, key: str) -> Path | None:
        """Nowhere."""
        return None

    def link(self, key: str, seconds: int) -> str | None:
        """A presigned address: as good as a password while it lasts, so it is never logged."""
        with self._errors():
            return obstore.sign(self._store, "GET", key, dt.timedelta(seconds=seconds))

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Objects below `prefix`."""
        with self._errors():
            for page in obstore.list(self._store, prefix=prefix):
                for found in page:
                    yield Entry(found["path"], found["last_modified"].timestamp())

    def remove(self, key: str) -> None:
        """Remove an object."""
        self._delete([key])

    def remove_below(self, prefix: str) -> None:
        """Remove the objects below `prefix`."""
        self._delete([entry.key for entry in self.entries(prefix)])

    def _delete(self, keys: list[str]) -> None:
        if not keys:
            return
        try:
            with self._errors():
                obstore.delete(self._store, keys)
        except FileNotFoundError:
            # Somebody else was faster; not every store takes that as done.
            return

    def _errors(self) -> AbstractContextManager[None]:
        return object_errors(self.name, self._scheme)

    def _open(self, *, patience: float, seconds: float, allow_http: bool) -> S3Store | GCSStore | AzureStore:
        with self._errors():
            opened = from_url(
                self.name,
                client_options={
                    "timeout": f"{seconds:g}s",
                    "connect_timeout": f"{min(seconds, 5):g}s",
                    "allow_http": allow_http,
                },
                retry_config={
                    "max_retries": 100 if patience else 0,
                    "retry_timeout": dt.timedelta(seconds=patience),
                    "backoff": {
                        "init_backoff": dt.timedelta(seconds=0.1),
                        "max_backoff": dt.timedelta(seconds=2),
                        "base": 2,
                    },
                },
            )
        # The URL's scheme was one of these three's.
        return cast("S3Store | GCSStore | AzureStore", opened)


def _pieces(made: Path, sha256: str, look: Callable[[], None]) -> Iterator[bytes]:
    """The file, watched: another content than expected breaks the upload off before it is completed."""
    digest = hashlib.sha256()
    with made.open("rb") as file:
        while piece := file.read(1 << 20):
            look()
            digest.update(piece)
            yield piece
    if digest.hexdigest() != sha256:
        raise BuildFailed(f"{made.name} changed while it was sent to the storage")
