"""The same faults with the real build: what happens while the Rust core is at work, without the GIL."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.services import Shop, open_shop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pressroom.jobs import Job

MANY = 4_000_000


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Shop]:
    """A shop with a real worker; long jobs are heavy."""
    with open_shop(tmp_path, fast_cells=0, threads=0) as shop:
        shop.start_worker("heavy", real=True)
        yield shop


def submit(shop: Shop, rows: int, **asked: object) -> Job:
    return shop.submit(report="long", parameters={"rows": rows}, rows=[{"one": 1}], **asked)


def wait_for_phase(shop: Shop, job: Job, *phases: str) -> None:
    def reached() -> bool:
        now = shop.store.job(job.id)
        assert not now.done, now
        return now.phase in phases

    wait_for(reached, f"job is {' or '.join(phases)}", limit=90)


def test_a_real_job_is_complete(press: Shop) -> None:
    job = press.wait_until(submit(press, 2500), "succeeded", "failed", limit=90)
    assert job.state == "succeeded", job.error
    assert {file.name: file.rows for file in job.files} == {"long.pdf": 2500, "long.xlsx": 2500}
    assert job.completeness is not None
    assert job.completeness["rows_read"] == 2500
    assert job.progress.percent == 100
    assert job.progress.pages > 0
    wait_for(lambda: press.work_folders() == [], "its folder is gone")


def test_a_cancel_stops_the_core_within_seconds_and_leaves_nothing(press: Shop) -> None:
    job = submit(press, MANY, outputs=["xlsx"])
    wait_for_phase(press, job, "crunching", "writing")
    assert press.store.request_cancel(job.id).state == "cancelling"
    asked = time.monotonic()
    done = press.wait_until(job, "cancelled")
    assert time.monotonic() - asked < 3, "a heartbeat and 50 ms of the core"
    wait_for(lambda: press.work_folders() == [], "its folder is gone")
    assert press.published(done) == []
    assert not press.processes[0].says("is killed"), "the core stopped by itself"


def test_a_deadline_stops_the_core(press: Shop) -> None:
    job = press.wait_until(submit(press, MANY, deadline_seconds=2.0), "failed", limit=60)
    assert job.error is not None
    assert job.error["code"] == "deadline_passed"
    assert job.started is not None
    assert job.finished is not None
    assert 2 <= (job.finished - job.started).total_seconds() < 5


def test_a_child_killed_inside_the_core_costs_an_attempt_and_nothing_else(press: Shop) -> None:
    job = submit(press, MANY, outputs=["xlsx"])
    wait_for_phase(press, job, "crunching", "writing")
    for child in press.processes[0].pool():
        os.kill(child, signal.SIGKILL)
    press.start_reaper()
    job = press.wait_until(job, "succeeded", "failed", limit=120)
    assert (job.state, job.attempt) == ("succeeded", 2), job.error
    assert press.published(job) == ["2/long.xlsx"]
