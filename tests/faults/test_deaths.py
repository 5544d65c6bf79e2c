"""Processes that die at the worst moment: no job is lost, none is published twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from pressroom.jobs import JobState
from tests.cgroups import little_memory
from tests.doubles.build import build, runs_of
from tests.faults.outcomes import assert_published_once, put_to_sleep, sweep
from tests.services import ROOT, wait_for
from worker.reaper import Reaper
from worker.run import Runner

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pressroom.jobs import Job
    from tests.services import Shop


def test_no_job_is_lost_or_doubled_when_all_workers_are_killed_again_and_again(shop: Shop) -> None:
    shop.start_reaper()
    jobs = [shop.submit(owner=f"owner {n % 3}") for n in range(80)]
    for _ in range(4):
        before = len(runs_of(shop.settings.data_dir))
        workers = [shop.start_worker(ready=False) for _ in range(2)]
        wait_for(lambda n=before: len(runs_of(shop.settings.data_dir)) >= n + 12, "jobs run")  # type: ignore[misc]
        for worker in workers:
            worker.kill()
    shop.start_worker(ready=False)
    done = shop.wait_all_done(jobs)
    sweep(shop)
    for job in done:
        assert_published_once(shop, job)
    runs = runs_of(shop.settings.data_dir)
    assert len(runs) == len(set(runs)), "a token is used once"


def test_a_job_whose_worker_is_killed_runs_again(shop: Shop) -> None:
    shop.start_worker()
    shop.start_reaper()
    job = shop.wait_until(shop.submit("die_once"), "succeeded")
    assert job.attempt == 2
    assert_published_once(shop, job)


def test_a_job_that_kills_its_worker_fails_after_its_attempts_while_its_neighbours_finish(shop: Shop) -> None:
    shop.start_worker()
    shop.start_reaper()
    poison = shop.submit("die")
    neighbours = [shop.submit() for _ in range(5)]
    poison, *neighbours = shop.wait_all_done([poison, *neighbours])
    assert (poison.state, poison.attempt) == (JobState.FAILED, shop.settings.max_attempts)
    assert poison.error is not None
    assert poison.error["code"] == "worker_lost"
    assert all(job.state is JobState.SUCCEEDED for job in neighbours)
    assert runs_of(shop.settings.data_dir).count(f"{poison.id}.3") == 1
    assert shop.published(poison) == []


def test_a_job_that_is_tried_again_while_the_reaper_ends_it_keeps_its_files(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = shop.submit()
    for _ in range(shop.settings.max_attempts):
        wait_for(lambda: shop.store.claim(job.id, 0.0), "its lease is over")
    end = shop.store.fail_exhausted

    def fail_exhausted() -> list[Job]:
        ended = wait_for(end, "it is ended")
        shop.store.retry(job.id)
        Runner(shop.store, shop.files, shop.settings, build, shop.ring).answer(job.id)
        return ended

    monkeypatch.setattr(shop.store, "fail_exhausted", fail_exhausted)
    Reaper(shop.store, shop.files, shop.settings, shop.ring, lambda _queue: 0).look()
    assert_published_once(shop, shop.store.job(job.id))


DIES_AT_THE_BELL = """
import os, signal, sys
from pressroom.files import open_files
from pressroom.settings import Settings
from pressroom.store import Store
from pressroom.submit import JobRequest, Submitter

def ring(job_id, queue):
    os.kill(os.getpid(), signal.SIGKILL)

settings = Settings()
submitter = Submitter(Store.open(settings.database), open_files(settings), settings, ring)
submitter.submit(JobRequest(report="double", rows=[{"n": 1}]), owner="tests")
"""


def test_a_job_whose_submitter_died_before_it_could_ring_is_rung_by_the_reaper(shop: Shop) -> None:
    died = subprocess.run(
        [sys.executable, "-c", DIES_AT_THE_BELL], env=shop.environment, cwd=ROOT, check=False
    )
    assert died.returncode == -signal.SIGKILL
    (job,) = shop.store.jobs()[0]
    assert job.state is JobState.QUEUED
    shop.start_worker(ready=False)
    shop.start_reaper()
    assert_published_once(shop, shop.wait_until(job, "succeeded"))


def test_a_ring_that_dies_with_the_worker_that_fetched_it_is_rung_again(shop: Shop) -> None:
    deaf = shop.start_worker()
    (child,) = deaf.pool()
    os.kill(child, signal.SIGSTOP)
    job = shop.submit()
    with shop.broker.client() as client:
        wait_for(lambda: client.llen("fast") == 0, "the ring is fetched")
        deaf.kill()
        assert (shop.store.job(job.id).state, shop.store.job(job.id).attempt) == (JobState.QUEUED, 0)
        assert client.llen("fast") == 0, "nobody will ring by himself"
    shop.start_worker(ready=False)
    shop.start_reaper()
    assert_published_once(shop, shop.wait_until(job, "succeeded"))


def test_a_job_that_wants_all_memory_fails_alone(shop: Shop) -> None:
    worker = shop.start_worker()
    shop.start_reaper()
    with little_memory(worker.pid, 512 << 20):
        # Its first child was there before the limit; that of the next job is not.
        os.kill(worker.pool()[0], signal.SIGKILL)
        hog = shop.submit("hog")
        neighbours = [shop.submit() for _ in range(5)]
        hog, *neighbours = shop.wait_all_done([hog, *neighbours])
        shop.wait_until(shop.submit(), "succeeded")
        wait_for(lambda: shop.work_folders() == [], "whoever comes next sweeps")
        assert worker.alive
    assert (hog.state, hog.attempt) == (JobState.FAILED, shop.settings.max_attempts)
    assert hog.error is not None
    assert hog.error["code"] == "worker_lost"
    assert [job.state for job in neighbours] == [JobState.SUCCEEDED] * 5
    assert shop.published(hog) == []


def test_a_death_between_publishing_and_saying_so_leaves_one_visible_set_of_files(shop: Shop) -> None:
    shop.start_worker()
    job = shop.submit("die_before_success")
    wait_for(lambda: len(shop.published(job)) == 2, "attempt 1 has published")
    assert shop.store.job(job.id).files == (), "nobody can see them"
    shop.start_reaper()
    job = shop.wait_until(job, "succeeded")
    assert job.attempt == 2
    sweep(shop)
    assert_published_once(shop, job)


def test_a_worker_that_was_asleep_past_its_lease_publishes_nothing(shop: Shop, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    sleeper = shop.start_worker()
    job = shop.submit("wait", gate=str(gate))
    shop.wait_until(job, "running")
    wait_for(lambda: runs_of(shop.settings.data_dir) == [f"{job.id}.1"], "attempt 1 runs")
    (child,) = sleeper.pool()
    put_to_sleep(child, shop)
    shop.start_reaper()
    shop.start_worker()
    gate.touch()
    job = shop.wait_until(job, "succeeded")
    assert job.attempt == 2
    os.kill(child, signal.SIGCONT)
    wait_for(lambda: f"{job.id}.1" not in shop.work_folders(), "attempt 1 has given up")
    wait_for(lambda: sleeper.says("job left"), "attempt 1 has ended")
    assert_published_once(shop, shop.store.job(job.id))
