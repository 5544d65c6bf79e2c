"""multipart/form-data (RFC 7578) read as it comes: parts are handed on in chunks, nothing is kept."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from pressroom.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAX_PARTS = 32


@dataclass(frozen=True)
class PartBegin:
    """A part's headers have been read."""

    name: str
    filename: str | None


@dataclass(frozen=True)
class PartData:
    """Some bytes of the part that began last."""

    data: bytes


@dataclass(frozen=True)
class PartEnd:
    """The part that began last is complete."""


Event = PartBegin | PartData | PartEnd


def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type header announces."""
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not boundary:
        raise BadRequest("multipart/form-data without a boundary")
    return boundary


async def events(boundary: bytes, stream: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """What a multipart body says, in order; raises `BadRequest` when it is malformed or breaks off."""
    reader = _Reader(boundary)
    async for chunk in stream:
        for event in reader.feed(chunk):
            yield event
    if not reader.complete:
        raise BadRequest("the multipart body breaks off before its last boundary", hint="send it again")


class _Reader:
    """Collects the parser's callbacks into events."""

    def __init__(self, boundary: bytes) -> None:
        self.complete = False
        self._events: deque[Event] = deque()
        self._headers: dict[bytes, bytes] = {}
        self._field = b""
        self._value = b""
        self._parts = 0
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": self._on_field,
                    "on_header_value": self._on_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers,
                    "on_part_data": self._on_data,
                    "on_part_end": lambda: self._events.append(PartEnd()),
                    "on_end": self._on_end,
                },
            )
        except FormParserError as e:
            raise BadRequest(f"not a multipart body: {e}") from None

    def feed(self, chunk: bytes) -> list[Event]:
        try:
            self._parser.write(chunk)
        except FormParserError as e:
            raise BadRequest(f"the multipart body is malformed: {e}") from None
        found = list(self._events)
        self._events.clear()
        return found

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _on_headers(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise BadRequest(f"more than {MAX_PARTS} parts")
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise BadRequest("a part without `Content-Disposition: form-data; name=...`")
        filename = options.get(b"filename")
        self._events.append(PartBegin(_text(options[b"name"]), None if filename is None else _text(filename)))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(PartData(data[start:end]))

    def _on_end(self) -> None:
        self.complete = True


def _text(raw: bytes) -> str:
    """Browsers write names in UTF-8; RFC 7578 §4.2 says so too."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
