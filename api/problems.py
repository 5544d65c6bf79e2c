"""Every error as `application/problem+json` (RFC 9457): ours, the framework's and the unexpected."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from pressroom.errors import BadRequest, Detail, PressroomError, Unavailable
from pressroom.problems import problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fastapi import FastAPI, Request

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "2"

log = logging.getLogger(__name__)


class InvalidRequest(PressroomError):
    """The body, the query or a header says something that the API does not take."""

    code = "invalid_request"
    status = 422


class UnsupportedMedia(PressroomError):
    """A body of a type that this call does not take."""

    code = "unsupported_media_type"
    status = 415


class RangeNotSatisfiable(PressroomError):
    """A range that starts after the end of the file."""

    code = "range_not_satisfiable"
    status = 416


class Forbidden(PressroomError):
    """A call from a web page that may not make it, or for a host that this is not."""

    code = "forbidden"
    status = 403


class Misdirected(PressroomError):
    """A call whose Host header names another server."""

    code = "misdirected"
    status = 421


def problem_response(error: BaseException, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer for an error."""
    body = problem(error)
    response = JSONResponse(
        body, status_code=body["status"], media_type=MEDIA_TYPE, headers=dict(headers or {})
    )
    if isinstance(error, Unavailable):
        response.headers.setdefault("Retry-After", RETRY_AFTER_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


_NO_BODY = object()
_MUST_BE = "Input should be "


def pointer_of(location: Iterable[int | str]) -> str:
    """JSON pointer (RFC 6901) of a place in a document."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)


def invalid(errors: Sequence[Any], *, what: str = "request", body: object = _NO_BODY) -> InvalidRequest:
    """The error for what pydantic found: one line for people, one pointer for each wrong place.

    With the JSON document `body` that was checked, pointers are places in it.
    """
    places: dict[str, list[str]] = {}
    for error in errors:
        place = error["loc"] if body is _NO_BODY else _place(error, body)
        places.setdefault(pointer_of(place), []).append(_words(error))
    faults = tuple(Detail(pointer, _either(words)) for pointer, words in places.items())
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    where = f"{first.pointer}: " if first.pointer else ""
    return InvalidRequest(f"the {what} is not valid: {where}{first.detail}{more}", errors=faults)


def _place(error: Mapping[str, Any], body: object) -> list[int | str]:
    """Where `error` is in `body`: pydantic's own names for a union's branches are not in it."""
    place: list[int | str] = []
    last = len(error["loc"]) - 1
    for depth, part in enumerate(error["loc"]):
        if (isinstance(body, dict) and part in body) or (
            isinstance(body, list) and isinstance(part, int) and part < len(body)
        ):
            body = body[part]
        elif not (error["type"] == "missing" and depth == last):
            continue
        place.append(part)
    return place


def _either(words: Sequence[str]) -> str:
    """One sentence for what each branch of a union says of the same value."""
    different = list(dict.fromkeys(words))
    kinds = [said.removeprefix(_MUST_BE) for said in different if said.startswith(_MUST_BE)]
    others = [said for said in different if not said.startswith(_MUST_BE)]
    return "; ".join(([_MUST_BE + " or ".join(kinds)] if kinds else []) + others)


def _words(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown key"
    return str(error["msg"]).removeprefix("Value error, ")


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""

    @app.exception_handler(PressroomError)
    async def ours(_: Request, error: PressroomError) -> JSONResponse:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("%s: %s", error.code, error.message)
        return problem_response(error)

    @app.exception_handler(RequestValidationError)
    async def validation(_: Request, error: RequestValidationError) -> JSONResponse:
        return problem_response(invalid(error.errors()))

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        detail = {
            HTTPStatus.NOT_FOUND: f"no such address: {request.url.path}",
            HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not allowed at {request.url.path}",
        }.get(status, str(error.detail))
        headers = dict(error.headers or {})
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_allowed(request))
        return problem_response(_http_error(status, detail), headers)

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> JSONResponse:
        # Nobody reads this; what the call had begun was undone on the way here.
        return problem_response(BadRequest("the body broke off"))

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> JSONResponse:
        # The server logs the traceback; the client gets no internals.
        return problem_response(error)


def _allowed(request: Request) -> list[str]:
    """Methods of every route at this address; the router itself names only the first route's."""
    methods: set[str] = set()
    for route in request.app.state.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def _http_error(status: HTTPStatus, detail: str) -> PressroomError:
    kind = type("HTTPError", (PressroomError,), {"code": status.name.lower(), "status": int(status)})
    error: PressroomError = kind(detail)
    return error
