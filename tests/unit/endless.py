"""Streams that never end, and work that must stop all the same."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from arro3.core import RecordBatchReader

import rust_core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arro3.core import RecordBatch

    from rust_core._rust_core import ArrowStream


class Endless:
    """The first batch of a stream over and over; tells when it was asked for."""

    def __init__(self, stream: ArrowStream) -> None:
        self._stream = stream
        self.started = threading.Event()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        batch = next(iter(RecordBatchReader.from_stream(self._stream)))

        def forever() -> Iterator[RecordBatch]:
            while True:
                self.started.set()
                yield batch

        return RecordBatchReader.from_batches(batch.schema, forever()).__arrow_c_stream__()


def assert_stops_soon(stream: ArrowStream, work: Callable[[Endless, rust_core.JobControl], object]) -> None:
    """`work` over such a stream, cancelled when it has begun, ends soon and says that it was cancelled."""
    control, endless = rust_core.JobControl(2), Endless(stream)
    stopped: list[float] = []

    def cancel() -> None:
        assert endless.started.wait(30)
        stopped.append(time.monotonic())
        control.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(rust_core.Cancelled):
        work(endless, control)
    thread.join()
    # 50 ms is what the core promises; the machine may be busy.
    assert time.monotonic() - stopped[0] < 5
