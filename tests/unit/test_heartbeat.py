"""The thread that keeps a job's lease and hears what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rust_core
from pressroom.settings import Settings
from tests.services import wait_for
from tests.unit.test_store import LONG, add
from worker.gauge import Gauge
from worker.heartbeat import Heartbeat, Reason

if TYPE_CHECKING:
    import pytest

    from pressroom.store import Store


def test_a_heartbeat_outlives_an_error_that_nobody_expects(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = store.claim(add(store).id, LONG)
    assert job is not None
    beat, errors = store.beat, [RuntimeError("a driver's own")]

    def broken_once(*asked: Any) -> Any:
        if errors:
            raise errors.pop()
        return beat(*asked)

    monkeypatch.setattr(store, "beat", broken_once)
    control = rust_core.JobControl(1, deadline_seconds=LONG)
    with Heartbeat(store, job, Gauge(1, control), control, Settings(lease_seconds=0.6)) as heartbeat:
        wait_for(lambda: not errors, "the error")
        store.request_cancel(job.id)
        wait_for(lambda: heartbeat.reason is Reason.CANCELLED, "the cancel is heard")
