"""Datasets on their way in: from the network to disk in batches; nothing is left when it breaks off."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
from starlette.concurrency import run_in_threadpool

from api.dependencies import ANYONE
from api.multipart import Event, PartBegin, PartData, PartEnd
from pressroom.errors import BadRequest, TooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.dependencies import Services
    from pressroom.jobs import Dataset

BATCH_BYTES = 1 << 20


async def receive(
    press: Services, name: str, chunks: AsyncIterator[bytes], expected_bytes: int | None = None
) -> Dataset:
    """Keep a body as a dataset; raises what `Files.receiving` and `Upload` raise, and leaves nothing then."""
    settings = press.settings
    upload = await run_in_threadpool(
        partial(
            press.files.receiving,
            name,
            owner=ANYONE,
            max_bytes=settings.max_body_bytes,
            keep_seconds=settings.retention_seconds,
            expected_bytes=expected_bytes,
        )
    )
    try:
        async for batch in _batches(chunks):
            await run_in_threadpool(upload.write, batch)
        dataset = await press.storage_threads.run(upload.finish)
    finally:
        # Not in a thread: this also runs when the call itself is cancelled, and must not be given up then.
        upload.abort()
    try:
        await run_in_threadpool(press.store.add_dataset, dataset)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await press.storage_threads.run(partial(press.files.remove_dataset, dataset))
        raise
    return dataset


async def _batches(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    batch = bytearray()
    async for chunk in chunks:
        batch += chunk
        if len(batch) >= BATCH_BYTES:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


async def part_chunks(form: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    """The bytes of the part that has begun."""
    async for event in form:
        if isinstance(event, PartEnd):
            return
        if isinstance(event, PartData):
            yield event.data


async def small_part(form: AsyncIterator[Event], name: str, max_bytes: int) -> bytes:
    """The whole of the part that has begun."""
    whole = bytearray()
    async for chunk in part_chunks(form):
        whole += chunk
        if len(whole) > max_bytes:
            raise TooLarge(f"the part {name!r} is larger than {max_bytes:,} bytes")
    return bytes(whole)


async def until_end(form: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    """The bytes of the part that has begun, which must be the last; a form that breaks off is refused."""
    async for chunk in part_chunks(form):
        yield chunk
    async for event in form:
        if isinstance(event, PartBegin):
            raise BadRequest(
                f"unexpected part {event.name!r}", hint="the file is the last part, and the only one"
            )
