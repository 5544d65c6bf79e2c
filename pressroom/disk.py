"""What a disk is asked beyond reading and writing: is it full, has it really written, what does it hold."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from typing import TYPE_CHECKING

from pressroom.errors import StorageFull, StorageRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Turn "no space left" and "over quota" into `StorageFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                f"no space left on the device: {error.filename or error.strerror}",
                hint="free space in the data folder and retry",
            ) from error
        raise


def check_data_folder(folder: Path) -> None:
    """Make the data folder where it is not there; raise `StorageRefused` unless it can be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageRefused(
            f"the data folder can't be made: {error.strerror}", hint="PRESSROOM_DATA_DIR names another"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StorageRefused(
            "the data folder can't be written to",
            hint="PRESSROOM_DATA_DIR names another; or let this user write there",
        )


def sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, would outlast a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
