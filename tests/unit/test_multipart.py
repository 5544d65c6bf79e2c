"""Forms, read in whatever pieces the network makes of them."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.multipart import Event, PartBegin, PartData, PartEnd, boundary_of, events
from pressroom.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BODY = (
    b'--x\r\nContent-Disposition: form-data; name="job"\r\n\r\n{"report": "a"}\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="Gr\xc3\xb6\xc3\x9fe.csv"\r\n'
    b"Content-Type: text/csv\r\n\r\nn\r\n1\r\n-x and --y are no boundaries\r\n--x--\r\n"
)


def read(pieces: list[bytes]) -> list[Event]:
    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def collect() -> list[Event]:
        return [event async for event in events(b"x", stream())]

    return asyncio.run(collect())


def parts(found: list[Event]) -> list[tuple[str, str | None, bytes]]:
    result: list[tuple[str, str | None, bytes]] = []
    for event in found:
        if isinstance(event, PartBegin):
            result.append((event.name, event.filename, b""))
        elif isinstance(event, PartData):
            name, filename, data = result[-1]
            result[-1] = (name, filename, data + event.data)
    return result


@given(st.lists(st.integers(1, len(BODY) - 1), max_size=8))
def test_the_parts_are_the_same_however_the_body_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(set(cuts)), len(BODY)]
    found = read([BODY[a:b] for a, b in pairwise(edges)])
    assert parts(found) == [
        ("job", None, b'{"report": "a"}'),
        ("file", "Größe.csv", b"n\r\n1\r\n-x and --y are no boundaries"),
    ]
    assert found[-1] == PartEnd()


@pytest.mark.parametrize("end", range(0, len(BODY) - 4, 7))
def test_a_body_that_breaks_off_is_refused(end: int) -> None:
    with pytest.raises(BadRequest):
        read([BODY[:end]])


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"--y\r\n\r\n--y--",
        b"--x\r\nContent-Disposition: attachment\r\n\r\na\r\n--x--",
        b"--x\r\nno header\r\n\r\na\r\n--x--",
        b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' for _ in range(99))
        + b"--x--",
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read([body])


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=", ""])
def test_a_form_needs_a_boundary(content_type: str) -> None:
    with pytest.raises(BadRequest):
        boundary_of(content_type)
