"""HEAD at every address that has a GET: its status and headers, without the body (RFC 9110 §9.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """ASGI middleware; the routes below it see a GET, which is stopped where its body would begin."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; a HEAD is answered as soon as the headers are known."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        # The server looks at its own scope to know that no body may follow.
        asked = {**scope, "method": "GET", "state": {**scope.get("state", {}), "head": True}}
        answered = False

        async def headers_only(message: Message) -> None:
            nonlocal answered
            if answered or message["type"] != "http.response.start":
                return
            answered = True
            await send(message)
            await send({"type": "http.response.body", "body": b""})
            # A file would be read to its end, and events go on for as long as the job.
            body.cancel()

        with anyio.CancelScope() as body:
            try:
                await self.app(asked, receive, headers_only)
            finally:
                if "route" in asked:
                    scope["route"] = asked["route"]
