"""Finished files: whole or in part, with everything a careful client needs to know that it got all of it.

Where the storage has addresses of its own, the client is sent there and the bytes do not pass through here.
"""

from __future__ import annotations

import base64
import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from api.dependencies import JobId, Press
from api.problems import RangeNotSatisfiable, problem_response
from api.ranges import byte_range
from pressroom.disposition import content_disposition
from pressroom.errors import Conflict, Gone, NotFound
from pressroom.jobs import JobState

if TYPE_CHECKING:
    from pressroom.jobs import Job, PublishedFile

router = APIRouter(prefix="/v1/jobs/{job_id}/files", tags=["files"])


@router.get(
    "/{name}",
    summary="Download a file",
    response_class=StreamingResponse,
    responses={
        200: {"description": "the file", "content": {"application/octet-stream": {}}},
        206: {"description": "one range of it"},
        304: {"description": "the client has it already"},
        307: {
            "description": "an address of the object store that has it, good for minutes; no ETag, no Digest"
        },
        409: {"description": "the job is not done"},
        410: {"description": "its time is over"},
        416: {"description": "the range starts after the end"},
    },
)
async def download(
    job_id: JobId,
    name: str,
    press: Press,
    request: Request,
    wanted: Annotated[str | None, Header(alias="Range")] = None,
    if_range: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """`ETag` and `Digest` are the file's SHA-256, so a download can be resumed and checked."""
    job = await run_in_threadpool(press.store.job, job_id)
    file = published(job, name)
    size = await press.storage_threads.run(partial(press.files.size, file))
    if size != file.bytes:
        raise Gone(f"{name} is no longer in the storage", hint="retry the job, or submit it again")
    headers = file_headers(file)
    if if_none_match is not None and matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers={k: headers[k] for k in ("ETag", "Cache-Control")})
    # A presigned address is good for a GET only: a HEAD is answered here.
    if press.settings.storage_redirect and not getattr(request.state, "head", False):
        seconds = press.settings.storage_link_seconds
        link = await press.storage_threads.run(partial(press.files.link, file, seconds))
        if link is not None:
            return Response(status_code=307, headers={"Location": link, "Cache-Control": "no-store"})
    # If-Range: a part only of this very file, else all of it (RFC 9110 §13.1.5).
    asked = wanted if if_range is None or if_range.strip() == headers["ETag"] else None
    try:
        part = byte_range(asked, size)
    except RangeNotSatisfiable as error:
        return problem_response(error, {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    status = 200
    if part is not None:
        status = 206
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    whole = part if part is not None else range(size)
    headers["Content-Length"] = str(len(whole))
    chunks = press.storage_threads.each(press.files.read(file, whole))
    return StreamingResponse(chunks, status_code=status, media_type=file.media_type, headers=headers)


def published(job: Job, name: str) -> PublishedFile:
    """The file `name` of a job that has succeeded; `Conflict`, `Gone` or `NotFound` otherwise."""
    # The reaper comes once a minute; the promise ends on time.
    over = job.done and job.expires <= dt.datetime.now(dt.UTC)
    if over or job.state is JobState.EXPIRED:
        raise Gone(
            f"the files of job {job.id} were kept until {job.expires:%Y-%m-%d %H:%M} UTC",
            hint="submit it again",
        )
    if job.state is not JobState.SUCCEEDED:
        wait = "wait until it is done" if not job.done else "its `error` says why; retry it"
        raise Conflict(f"job {job.id} is {job.state}: it has no files", hint=wait)
    for file in job.files:
        if file.name == name:
            return file
    raise NotFound(
        f"job {job.id} has no file {name!r}", hint=f"it has {', '.join(f.name for f in job.files)}"
    )


def file_headers(file: PublishedFile) -> dict[str, str]:
    """Headers of every answer with bytes of this file."""
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    return {
        "ETag": f'"{file.sha256}"',
        # RFC 3230, and its successor RFC 9530.
        "Digest": f"sha-256={digest}",
        "Repr-Digest": f"sha-256=:{digest}:",
        "Accept-Ranges": "bytes",
        "Content-Disposition": content_disposition(file.name),
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def matches(if_none_match: str, etag: str) -> bool:
    """Weak comparison of If-None-Match (RFC 9110 §13.1.2)."""
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return any(tag in ("*", etag.removeprefix("W/")) for tag in tags)
