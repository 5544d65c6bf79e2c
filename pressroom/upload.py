"""A dataset on its way in: streamed to disk, counted and hashed, and only then kept under its key."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import unicodedata
from typing import TYPE_CHECKING, Self

from pressroom.disk import disk_errors
from pressroom.errors import BadData, BadRequest, TooLarge
from pressroom.jobs import Dataset, new_id
from pressroom.sources.dataset import READABLE, detect_format

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

MAX_NAME_BYTES = 200


class Upload:
    """A dataset being received; left without `finish()` nothing is left of it.

    ```
    with files.receiving("flights.csv", owner=owner, max_bytes=n, keep_seconds=s) as upload:
        for chunk in body:
            upload.write(chunk)
        dataset = upload.finish()
    ```
    """

    def __init__(
        self,
        incoming: Callable[[str], Path],
        keep: Callable[[Path, str, str, str], str],
        name: str,
        *,
        owner: str,
        max_bytes: int,
        keep_seconds: float,
        expected: int | None = None,
    ) -> None:
        self.name = dataset_name(name)
        self.bytes = 0
        self._id = new_id()
        self._owner = owner
        self._max_bytes = max_bytes
        self._expected = expected
        self._keep_seconds = keep_seconds
        self._sha256 = hashlib.sha256()
        self._keep = keep
        if expected is not None and expected > max_bytes:
            raise self._too_large(expected)
        self._temp = incoming(self._id)
        with disk_errors():
            self._file = self._temp.open("xb")

    def write(self, chunk: bytes) -> None:
        """Append `chunk`. Raises `TooLarge` and `StorageFull`."""
        self.bytes += len(chunk)
        if self.bytes > self._max_bytes:
            raise self._too_large(self.bytes)
        self._sha256.update(chunk)
        with disk_errors():
            self._file.write(chunk)

    def finish(self) -> Dataset:
        """Make it durable and give it its key; the store does not know it yet.

        Raises `BadData` when nothing came, or nothing that can be read; `BadRequest` when less came than
        was announced; what the storage raises.
        """
        if not self.bytes:
            raise BadData(f"{self.name}: it is empty", hint=f"datasets are {READABLE}")
        if self._expected is not None and self.bytes != self._expected:
            raise BadRequest(
                f"{self.name}: {self.bytes:,} of {self._expected:,} bytes came", hint="send it again"
            )
        with disk_errors():
            self._file.close()
            form = detect_format(self._temp, self.name)
        sha256 = self._sha256.hexdigest()
        key = self._keep(self._temp, self._id, self.name, sha256)
        created = dt.datetime.now(dt.UTC)
        return Dataset(
            id=self._id,
            owner=self._owner,
            name=self.name,
            format=form,
            bytes=self.bytes,
            sha256=sha256,
            path=key,
            created=created,
            expires=created + dt.timedelta(seconds=self._keep_seconds),
        )

    def abort(self) -> None:
        """Remove what has come so far; after `finish()` there is nothing to remove."""
        with contextlib.suppress(OSError):
            # A full disk fails the flush in close, too.
            self._file.close()
        self._temp.unlink(missing_ok=True)

    def _too_large(self, size: int) -> TooLarge:
        return TooLarge(
            f"{self.name}: {size:,} bytes, and {self._max_bytes:,} are the limit",
            hint="PRESSROOM_MAX_BODY_BYTES sets it",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()


def dataset_name(name: str) -> str:
    """The name in Unicode's composed form. Raises `BadRequest` when it is a path, or no name at all."""
    name = unicodedata.normalize("NFC", name).strip()
    if not name or name in (".", "..") or any(c in "/\\" or unicodedata.category(c) == "Cc" for c in name):
        raise BadRequest(f"{name!r} is no file name", hint="a name has no folders and no control characters")
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        raise BadRequest(f"the file name is longer than {MAX_NAME_BYTES} bytes")
    return name
