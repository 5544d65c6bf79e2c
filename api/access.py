"""Which call a log line is of: every call has an id, which its answer carries, and one line of its own."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import Headers, MutableHeaders

from pressroom.jobs import new_id

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-ID"
_WELL_FORMED = re.compile(r"[0-9A-Za-z._:+/=-]{1,128}")
"""UUIDs, ULIDs, trace ids, base64: nothing that could break a line of a log or a header."""

log = structlog.get_logger(__name__)


class Access:
    """ASGI application around another: binds `request` for the logs, and logs the call when it is over.

    A query is not logged: it may hold what is nobody's business.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on under the client's X-Request-ID, or one of our own."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request = given if _WELL_FORMED.fullmatch(given) else new_id()
        # Never unbound: the server runs each call as a task, and logs its exceptions when this has returned.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request)
        status = 500
        began = time.perf_counter()

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request
            await send(message)

        try:
            await self.app(scope, receive, named)
        finally:
            client = scope.get("client")
            log.info(
                "call answered",
                method=scope["method"],
                path=scope["path"],
                status=status,
                seconds=round(time.perf_counter() - began, 4),
                client=client[0] if client else None,
            )
