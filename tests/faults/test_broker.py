"""A broker that is away, empty, doubled or deaf: it is a doorbell, nothing more."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from pressroom.jobs import JobState
from tests.doubles.build import runs_of
from tests.services import Shop, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services import Broker


def test_a_broker_killed_in_the_middle_costs_nothing_but_time(shop: Shop, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    shop.start_worker()
    shop.start_reaper()
    running = shop.submit("wait", gate=str(gate))
    shop.wait_until(running, "running")
    shop.broker.kill()
    late = [shop.submit() for _ in range(2)]
    assert all(job.state is JobState.QUEUED for job in late), "accepted without a broker"
    gate.touch()
    running = shop.wait_until(running, "succeeded")
    assert running.attempt == 1
    shop.broker.start()
    assert all(job.state is JobState.SUCCEEDED for job in shop.wait_all_done(late))
    assert len(runs_of(shop.settings.data_dir)) == 3


def test_jobs_outlive_a_broker_that_forgets_everything(shop: Shop) -> None:
    jobs = [shop.submit() for _ in range(10)]
    with shop.broker.client() as client:
        assert client.llen("fast") == 10
        client.flushall()
    shop.start_worker()
    with shop.broker.client() as client:
        client.flushall()
    shop.start_reaper()
    assert all(job.state is JobState.SUCCEEDED for job in shop.wait_all_done(jobs))
    assert len(runs_of(shop.settings.data_dir)) == 10


def test_a_job_rung_a_thousand_times_runs_once(shop: Shop) -> None:
    job = shop.submit()
    for _ in range(999):
        shop.ring(job.id, job.queue)
    shop.start_worker()
    with shop.broker.client() as client:
        wait_for(lambda: client.llen("fast") == 0, "all rings heard", limit=120)
    last = shop.submit()
    shop.wait_until(last, "succeeded")
    assert sorted(runs_of(shop.settings.data_dir)) == sorted([f"{job.id}.1", f"{last.id}.1"])


def test_a_broker_that_takes_the_call_and_never_answers_does_not_hold_a_submit(
    broker: Broker, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        url = f"redis://127.0.0.1:{hole.getsockname()[1]}/0"
        shop = Shop(tmp_path, broker, redis_url=url)
        start = time.monotonic()
        job = shop.submit()
        took = time.monotonic() - start
        shop.close()
    assert job.state is JobState.QUEUED
    assert took < 15
