"""Jobs: ask for a report, follow it, stop it, forget it."""

from __future__ import annotations

import contextlib
import re
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from structlog.contextvars import bind_contextvars

from api.dependencies import (
    ANYONE,
    MAX_WAIT_SECONDS,
    JobId,
    Press,
    cursor,
    idempotency_key,
    preferred_wait,
)
from api.job_request import OPENAPI_BODY, read_job_request
from api.routes.files import matches
from api.schemas import JobList, JobView
from pressroom.errors import NotFound
from pressroom.jobs import JobState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.dependencies import Services
    from pressroom.jobs import Job

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
POLL_SECONDS = "1"
_VERSION = re.compile(r"[0-9]{1,18}")
Filter = Annotated[str | None, Query(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


@router.post("", status_code=202, summary="Ask for a report", openapi_extra=OPENAPI_BODY)
async def create(
    request: Request,
    response: Response,
    press: Press,
    key: Annotated[str | None, Depends(idempotency_key)],
    wait: Annotated[int, Depends(preferred_wait)],
) -> JobView:
    """JSON, or a form of `job` (that JSON) and `file` (its rows).

    Sent again with the same `Idempotency-Key`, it gives back the job it made first. `Prefer: wait=5` answers
    200 when the job is done within that time.
    """
    asked = await read_job_request(request, press)
    # It keeps rows that came with it, and looks into datasets.
    job, _ = await press.storage_threads.run(
        partial(press.submitter.submit, asked, owner=ANYONE, idempotency_key=key)
    )
    bind_contextvars(job=job.id)
    if wait:
        response.headers["Preference-Applied"] = f"wait={wait}"
        job = await press.watch.until_done(job.id, wait)
        response.status_code = 200 if job.done else 202
    response.headers["Location"] = _address(job)
    return _view(job, response)


@router.get("", summary="List jobs, newest first")
async def index(
    response: Response,
    press: Press,
    after: Annotated[str | None, Depends(cursor)],
    state: JobState | None = None,
    report: Filter = None,
    label: Filter = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JobList:
    """Jobs that come in meanwhile do not shift the pages."""
    found, following = await run_in_threadpool(
        partial(
            press.store.jobs,
            owner=ANYONE,
            state=state,
            report=report,
            label=label,
            cursor=after,
            limit=limit,
        )
    )
    response.headers["Cache-Control"] = "no-store"
    return JobList(jobs=[JobView.of(job) for job in found], cursor=following)


@router.get(
    "/{job_id}", summary="Look at a job", responses={304: {"description": "unchanged since If-None-Match"}}
)
async def show(
    job_id: JobId,
    response: Response,
    press: Press,
    wait: Annotated[int, Query(ge=0, le=86_400, description="seconds; at most 60 are waited")] = 0,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Any:  # noqa: ANN401 - a JobView, or 304 without a body
    """With `wait` it answers when the job is done, or when it is another than `If-None-Match` knows."""
    seconds = min(wait, MAX_WAIT_SECONDS)
    if if_none_match is None:
        return _view(await press.watch.until_done(job_id, seconds), response)
    job = await press.watch.until_changed(job_id, seconds, lambda job: not matches(if_none_match, _etag(job)))
    if matches(if_none_match, _etag(job)):
        return Response(status_code=304, headers=_headers(job))
    return _view(job, response)


@router.get(
    "/{job_id}/events",
    summary="Follow a job",
    response_class=EventSourceResponse,
    responses={
        200: {"description": "events `progress` and, last, `done`; each holds the job"},
        204: {"description": "the job is done and `Last-Event-ID` says that the client knows"},
    },
)
async def follow(
    job_id: JobId, press: Press, last_event_id: Annotated[str | None, Header()] = None
) -> Response:
    """Server-sent events; an event's id is the job's version, so who comes back misses nothing new."""
    known = int(last_event_id) if last_event_id and _VERSION.fullmatch(last_event_id) else -1
    job = await run_in_threadpool(press.store.job, job_id)
    if known > job.version:
        known = -1  # an id of another job, or of a database before it was restored
    if job.done and job.version <= known:
        return Response(status_code=204)
    return EventSourceResponse(_events(press, job_id, known), ping=15)


@router.post("/{job_id}/cancel", status_code=202, summary="Stop a job")
async def cancel(job_id: JobId, response: Response, press: Press) -> JobView:
    """A queued job stops at once, a running one within about a second; one that is done stays as it is."""
    return _view(await run_in_threadpool(press.store.request_cancel, job_id), response)


@router.post("/{job_id}/retry", status_code=202, summary="Run a failed or cancelled job again")
async def retry(job_id: JobId, response: Response, press: Press) -> JobView:
    """409 for a job in another state."""
    job = await run_in_threadpool(press.submitter.retry, job_id)
    response.headers["Location"] = _address(job)
    return _view(job, response)


@router.delete("/{job_id}", status_code=204, summary="Forget a job and its files")
async def delete(job_id: JobId, press: Press) -> None:
    """409 while the job is active."""
    job = await run_in_threadpool(press.store.delete, job_id)
    await press.storage_threads.run(partial(press.files.forget, job.id, job.rows_dataset))


async def _events(press: Services, job_id: str, known: int) -> AsyncIterator[ServerSentEvent]:
    async with contextlib.aclosing(press.watch.versions(job_id, known)) as versions:
        try:
            async for job in versions:
                yield ServerSentEvent(
                    data=JobView.of(job).model_dump_json(),
                    event="done" if job.done else "progress",
                    id=str(job.version),
                )
        except NotFound:
            yield ServerSentEvent(data="{}", event="deleted")


def _view(job: Job, response: Response) -> JobView:
    response.headers.update(_headers(job))
    return JobView.of(job)


def _headers(job: Job) -> dict[str, str]:
    headers = {"ETag": _etag(job), "Cache-Control": "private, no-cache"}
    if not job.done:
        headers["Retry-After"] = POLL_SECONDS
    return headers


def _etag(job: Job) -> str:
    return f'"{job.version}"'


def _address(job: Job) -> str:
    return f"/v1/jobs/{job.id}"
