"""What routes are given: the services of this process, and ids and headers that have been looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Header, Path, Request
from structlog.contextvars import bind_contextvars

from api.problems import InvalidRequest
from pressroom.errors import NotFound

if TYPE_CHECKING:
    from api.storage_threads import StorageThreads
    from api.watch import JobWatch
    from pressroom.files import Files
    from pressroom.settings import Settings
    from pressroom.store import Store
    from pressroom.submit import Submitter

ANYONE = "anyone"
"""The owner of every job while the API asks nobody who they are."""
MAX_WAIT_SECONDS = 60
_ID = re.compile(r"[0-9a-z]{26}")
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*(\d{1,9})\s*(?:$|[,;])", re.IGNORECASE)


@dataclass(frozen=True)
class Services:
    """What one API process works with, made once in `create_app`."""

    settings: Settings
    store: Store
    files: Files
    submitter: Submitter
    watch: JobWatch
    storage_threads: StorageThreads


def services(request: Request) -> Services:
    """The services of this process."""
    found: Services = request.app.state.services
    return found


async def job_id(job_id: Annotated[str, Path(description="id of a job")]) -> str:
    """A path's job id, bound for the logs; what can't be one is not looked up."""
    # Not in a thread, which would bind it in a copy of the call's context.
    if not _ID.fullmatch(job_id):
        raise NotFound(f"no job {job_id}")
    bind_contextvars(job=job_id)
    return job_id


async def dataset_id(dataset_id: Annotated[str, Path(description="id of a dataset")]) -> str:
    """A path's dataset id; what can't be one is not looked up."""
    if not _ID.fullmatch(dataset_id):
        raise NotFound(f"no dataset {dataset_id}")
    return dataset_id


def cursor(cursor: str | None = None) -> str | None:
    """A cursor as an earlier page gave it."""
    if cursor is not None and not _ID.fullmatch(cursor):
        raise InvalidRequest("cursor is not one that this API gave out")
    return cursor


def preferred_wait(prefer: Annotated[str | None, Header()] = None) -> int:
    """Seconds of `Prefer: wait=N` (RFC 7240), at most 60; 0 when there is none."""
    found = _WAIT.search(prefer or "")
    return min(int(found[1]), MAX_WAIT_SECONDS) if found else 0


def idempotency_key(idempotency_key: Annotated[str | None, Header()] = None) -> str | None:
    """The Idempotency-Key, 1 to 255 visible characters; a structured-field string's quotes are taken off."""
    if idempotency_key is None:
        return None
    key = idempotency_key.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise InvalidRequest("Idempotency-Key must be 1 to 255 visible characters")
    return key


Press = Annotated[Services, Depends(services)]
JobId = Annotated[str, Depends(job_id)]
DatasetId = Annotated[str, Depends(dataset_id)]
