"""The body of `POST /v1/jobs`, as JSON or as a form with the rows in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import from_json

from api import uploads
from api.multipart import PartBegin, boundary_of, events
from api.problems import UnsupportedMedia, invalid
from pressroom.errors import BadRequest
from pressroom.submit import JobRequest

if TYPE_CHECKING:
    from fastapi import Request

    from api.dependencies import Services

_SOME_ID = "0" * 26
OPENAPI_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": JobRequest.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["job", "file"],
                    "properties": {
                        "job": {"type": "string", "description": "the JSON, without dataset and rows"},
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            },
        },
    }
}


async def read_job_request(request: Request, press: Services) -> JobRequest:
    """What the client asks for; a form's file is a dataset by then."""
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _read_form(request, press, content_type)
    if kind == "application/json" or kind.endswith("+json"):
        return parse_job_request(await request.body())
    raise UnsupportedMedia(
        f"a job is JSON or a form, not {kind or 'something without a Content-Type'}",
        hint="Content-Type: application/json, or multipart/form-data with `job` and `file`",
    )


def parse_job_request(body: bytes) -> JobRequest:
    """Check a JSON body; raises `BadRequest` when it is no JSON, an error with pointers when it is wrong."""
    try:
        return JobRequest.model_validate_json(body, strict=True)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        if faults[0]["type"] == "json_invalid":
            raise BadRequest(f"the body is not JSON: {faults[0]['msg']}") from None
        raise invalid(faults, what="job", body=from_json(body)) from None


async def _read_form(request: Request, press: Services, content_type: str) -> JobRequest:
    form = events(boundary_of(content_type), request.stream())
    job: dict[str, Any] | None = None
    async for event in form:
        if not isinstance(event, PartBegin):
            continue
        if event.name == "job" and job is None:
            limit = press.settings.max_json_bytes
            job = _job_part(await uploads.small_part(form, "job", limit))
            # The report can be refused before a long file has come.
            parse_job_request(json.dumps({**job, "dataset": _SOME_ID}).encode())
        elif event.name == "file" and job is not None:
            dataset = await uploads.receive(press, event.filename or "dataset", uploads.until_end(form))
            return parse_job_request(json.dumps({**job, "dataset": dataset.id}).encode())
        else:
            raise BadRequest(f"unexpected part {event.name!r}", hint="send `job` first, then `file`")
    raise BadRequest(
        f"the form has no part {'file' if job else 'job'!r}", hint="send `job` first, then `file`"
    )


def _job_part(part: bytes) -> dict[str, Any]:
    try:
        job = json.loads(part)
    except (ValueError, RecursionError):
        raise BadRequest("the part 'job' is not JSON") from None
    if not isinstance(job, dict):
        raise BadRequest("the part 'job' is not a JSON object")
    if given := sorted(job.keys() & {"dataset", "rows"}):
        raise BadRequest(f"the part 'job' has {given[0]!r}, and there is a file", hint="leave it out")
    return job
