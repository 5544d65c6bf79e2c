"""What every call passes before the routes: its Host and Origin are ours, and its body is not too long.

Strict Host checking keeps a web page from reaching a loopback API by DNS rebinding; strict Origin checking
keeps it from submitting jobs, which browsers send without asking CORS first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from api.problems import Forbidden, InvalidRequest, Misdirected, problem_response
from pressroom.errors import PressroomError, TooLarge

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from pressroom.settings import Settings

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
UPLOADS = ("/v1/datasets", "/v1/jobs")
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}


class Guard:
    """ASGI middleware; refuses with a problem document before anything is read."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        hosts = {host.lower() for host in settings.allowed_hosts}
        self.any_host = "*" in hosts
        self.hosts = hosts | LOOPBACK_NAMES | {settings.host.lower()}
        self.origins = frozenset(settings.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with a bounded body and the headers that every answer carries."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check_host(headers)
            self._check_origin(headers, scope["method"])
            limit = self._limit(scope, headers)
            self._check_length(headers, limit)
        except PressroomError as error:
            # The body is not read, so the connection can't be used again.
            await problem_response(error, {"Connection": "close"})(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answer.setdefault(name, value)
            await send(message)

        await self.app(scope, _counted(receive, limit), with_headers)

    def _check_host(self, headers: Headers) -> None:
        host = _host_name(headers.get("host", ""))
        if not self.any_host and host not in self.hosts:
            raise Misdirected(
                f"this server is not {host or 'nameless'}",
                hint="PRESSROOM_ALLOWED_HOSTS lists the names it answers to",
            )

    def _check_origin(self, headers: Headers, method: str) -> None:
        origin = headers.get("origin")
        if method in SAFE_METHODS or origin is None or origin in self.origins:
            return
        if _authority(origin) != headers.get("host", "").lower():
            raise Forbidden(
                f"a page of {origin} may not do this", hint="PRESSROOM_CORS_ORIGINS lists the pages that may"
            )

    def _limit(self, scope: Scope, headers: Headers) -> int:
        """Uploads are long; everything else is a small JSON document."""
        path = scope["path"].rstrip("/")
        multipart = headers.get("content-type", "").lower().startswith("multipart/")
        if path in UPLOADS and scope["method"] == "POST" and (path == "/v1/datasets" or multipart):
            return self.settings.max_body_bytes
        return self.settings.max_json_bytes

    @staticmethod
    def _check_length(headers: Headers, limit: int) -> None:
        length = headers.get("content-length")
        if length is None:
            return
        if not (length.isascii() and length.isdigit()):
            raise InvalidRequest(f"Content-Length is {length!r}, not a number of bytes")
        if int(length) > limit:
            raise _too_large(limit)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"the body is larger than {limit:,} bytes",
        hint="PRESSROOM_MAX_BODY_BYTES limits uploads, PRESSROOM_MAX_JSON_BYTES everything else",
    )


def _counted(receive: Receive, limit: int) -> Receive:
    """A chunked body announces no length: count what comes."""
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        if message["type"] == "http.request":
            total += len(message.get("body", b""))
            if total > limit:
                raise _too_large(limit)
        return message

    return counted


def _authority(origin: str) -> str | None:
    """Host and port of an origin; `None` for what is none, such as `http://[x`."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _host_name(host: str) -> str:
    """The name in a Host header, without port and without the brackets of an IPv6 address."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return (
        host.rpartition(":")[0].lower() if host.rpartition(":")[2].isdigit() and ":" in host else host.lower()
    )
