"""What an object store's errors say to a person: away, full, not ours to enter; no address, no secret."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from pressroom.errors import PressroomError, StorageFull, StorageRefused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

CREDENTIALS = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_REGION and AWS_ENDPOINT_URL where needed",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
"""Where each store's credentials come from."""
_FULL = re.compile(r"QuotaExceeded|StorageFull|InsufficientStorage|status code: 507")
_REFUSED = re.compile(r"status code: 40[13]")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_METADATA = re.compile(r"/latest/(api/token|meta-data)")
"""Where a cloud's machines find the credentials of their role: asked when the environment has none."""


@contextlib.contextmanager
def object_errors(name: str, scheme: str) -> Iterator[None]:
    """Turn obstore's errors about the store `name` into ours; `FileNotFoundError` is left to the caller."""
    try:
        yield
    except BaseError as error:
        raise _ours(error, name, scheme) from error


def _ours(error: BaseError, name: str, scheme: str) -> PressroomError:
    text = str(error)
    code = _CODE.search(text) or _STATUS.search(text)
    said = f" ({code[1]})" if code else ""
    if "NoSuchBucket" in text:
        return StorageRefused(
            f"{name}: there is no such bucket", hint="make it, or name another in PRESSROOM_STORAGE_URL"
        )
    if "BadScheme" in text:
        return StorageRefused(
            f"{name}: its address begins with http:// only",
            hint="set AWS_ALLOW_HTTP=true to allow it, or an https:// address in AWS_ENDPOINT_URL",
        )
    if _METADATA.search(text):
        # A role's credentials may be away for a moment; at the start it means that there are none.
        return Unavailable(f"{name}: no credentials", hint=CREDENTIALS[scheme])
    # Some stores say so with a 403.
    if _FULL.search(text):
        return StorageFull(f"{name} is full{said}", hint="free space there, or raise its quota, and retry")
    # Of a listing, obstore knows no such errors.
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _REFUSED.search(text):
        return StorageRefused(f"{name} does not let us in{said}", hint=CREDENTIALS[scheme])
    return Unavailable(f"{name} does not answer{said}", hint="try again")
