"""Where datasets and finished files are kept: a folder, or an object store that many hosts share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pressroom.errors import BadRequest
from pressroom.storage.folder import FolderStorage
from pressroom.storage.storage import Entry, Label, Storage

if TYPE_CHECKING:
    from pressroom.settings import Settings

__all__ = ["Entry", "FolderStorage", "Label", "Storage", "open_storage"]

_OBJECT_STORE = re.compile(r"(s3|gs|az)://[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*/?")


def open_storage(settings: Settings) -> Storage:
    """The storage that `PRESSROOM_STORAGE_URL` names; the data folder without one. Asks nothing of it yet."""
    url = settings.storage_url
    if url is None:
        return FolderStorage(settings.data_dir)
    if not _OBJECT_STORE.fullmatch(url):
        # Not repeated here: what does not belong into it may be a password.
        raise BadRequest(
            "PRESSROOM_STORAGE_URL is not the address of an object store",
            hint="it is s3://bucket/prefix, gs://… or az://…; credentials and endpoint come from variables "
            "such as AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL",
        )
    # Here and not above: an installation with a folder needs none of it.
    from pressroom.storage.objects import ObjectStorage

    return ObjectStorage(
        url.rstrip("/"), patience=settings.storage_seconds, allow_http=settings.storage_allow_http
    )
