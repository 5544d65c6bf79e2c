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


def test_a_broker_that_is_full_costs_nothing_but_time(shop: Shop) -> None:
    worker = shop.start_worker()
    reaper = shop.start_reaper()
    shop.wait_until(shop.submit(), "succeeded")
    with shop.broker.client() as client:
        client.config_set("maxmemory", "1")
        late = [shop.submit() for _ in range(3)]
        assert all(job.state is JobState.QUEUED for job in late), "accepted by a press whose broker is full"
        wait_for(lambda: reaper.says("maxmemory"), "the reaper noticed")
        assert worker.alive
        client.config_set("maxmemory", "0")
    assert all(job.state is JobState.SUCCEEDED for job in shop.wait_all_done(late))
    assert len(runs_of(shop.settings.data_dir)) == 4


def test_workers_wait_for_a_broker_as_long_as_it_is_away(shop: Shop) -> None:
    worker = shop.start_worker()
    reaper = shop.start_reaper()
    shop.broker.kill()
    jobs = [shop.submit() for _ in range(20)]

    def tries() -> bool:
        told = worker.log.read_text().count("Trying again"), reaper.log.read_text().count("ring failed")
        return min(told) >= 2

    wait_for(tries, "both have tried again and again", limit=60)
    shop.broker.start()
    assert all(job.state is JobState.SUCCEEDED for job in shop.wait_all_done(jobs))
    assert sorted(runs_of(shop.settings.data_dir)) == sorted(f"{job.id}.1" for job in jobs)


def test_one_job_does_not_wait_for_a_flood_from_somebody_else(shop: Shop) -> None:
    flood = [shop.submit(owner="loud") for _ in range(300)]
    shop.start_worker()
    wait_for(lambda: len(runs_of(shop.settings.data_dir)) >= 5, "the flood runs")
    lone = shop.submit(owner="quiet")
    before = len(runs_of(shop.settings.data_dir))
    shop.wait_until(lone, "succeeded")
    runs = runs_of(shop.settings.data_dir)
    # The one child may have taken one of the flood that it had not begun.
    assert runs.index(f"{lone.id}.1") <= before + 1
    assert len(runs) < len(flood), "the flood was not over by itself"
