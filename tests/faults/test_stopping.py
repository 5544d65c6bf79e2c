"""Jobs and workers that are told to stop."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

from pressroom.jobs import JobState
from tests.doubles.build import runs_of
from tests.services import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from pressroom.jobs import Job
    from tests.services import Shop


def running(shop: Shop, act: str, gate: Path, **asked: object) -> Job:
    """A job that is inside its work."""
    job = shop.submit(act, gate=str(gate), **asked)
    wait_for(lambda: any(run.startswith(job.id) for run in runs_of(shop.settings.data_dir)), "job runs")
    return shop.store.job(job.id)


def test_a_cancel_stops_the_work_at_once_and_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    shop.start_worker()
    job = running(shop, "wait", tmp_path / "never")
    shop.store.request_cancel(job.id)
    start = time.monotonic()
    shop.wait_until(job, "cancelled")
    assert time.monotonic() - start < 3
    wait_for(lambda: shop.work_folders() == [], "its folder is gone")
    assert shop.published(job) == []
    shop.wait_until(shop.submit(), "succeeded")


def test_a_job_deaf_to_a_cancel_is_killed_and_the_next_one_is_untouched(shop: Shop, tmp_path: Path) -> None:
    shop.start_worker()
    deaf = running(shop, "stubborn", tmp_path / "never")
    shop.store.request_cancel(deaf.id)
    following = shop.submit()
    shop.wait_until(deaf, "cancelled", limit=shop.settings.cancel_grace_seconds + 10)
    assert shop.wait_until(following, "succeeded").attempt == 1


def test_a_job_past_its_deadline_fails(shop: Shop, tmp_path: Path) -> None:
    shop.start_worker()
    start = time.monotonic()
    job = shop.wait_until(running(shop, "wait", tmp_path / "never", deadline_seconds=1.0), "failed")
    assert job.error is not None
    assert job.error["code"] == "deadline_passed"
    assert time.monotonic() - start < 10


def test_cancels_that_race_success_leave_one_final_state(shop: Shop) -> None:
    shop.start_worker()
    shop.start_reaper()
    jobs = [shop.submit() for _ in range(40)]

    def cancel() -> None:
        for job in jobs:
            wait_for(lambda job=job: shop.store.job(job.id).state is not JobState.QUEUED, "job taken")  # type: ignore[misc]
            shop.store.request_cancel(job.id)

    canceller = threading.Thread(target=cancel)
    canceller.start()
    done = shop.wait_all_done(jobs)
    canceller.join()
    for job in done:
        assert job.state in (JobState.SUCCEEDED, JobState.CANCELLED)
        assert shop.store.job(job.id).state is job.state
        assert len(shop.published(job)) == (2 if job.state is JobState.SUCCEEDED else 0)


def test_a_worker_told_to_go_gives_a_long_job_back_without_counting_the_attempt(
    shop: Shop, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    first = shop.start_worker()
    job = running(shop, "wait", gate)
    first.signal(signal.SIGTERM)
    back = shop.wait_until(job, "queued")
    assert (back.attempt, back.max_attempts) == (1, shop.settings.max_attempts + 1)
    assert first.ended() == 0
    gate.touch()
    shop.start_worker()
    assert shop.wait_until(job, "succeeded").attempt == 2


def test_a_worker_told_to_go_lets_a_short_job_finish(shop: Shop, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    worker = shop.start_worker()
    job = running(shop, "wait", gate)
    worker.signal(signal.SIGTERM)
    gate.touch()
    assert shop.wait_until(job, "succeeded").attempt == 1
    assert worker.ended() == 0


def test_failures_are_told_without_giving_secrets_away(shop: Shop) -> None:
    shop.start_worker()
    odd, short = shop.wait_all_done([shop.submit("boom"), shop.submit("short")])
    assert odd.error is not None
    assert odd.error["code"] == "internal"
    assert "/etc" not in str(odd.error)
    assert short.error is not None
    assert short.error["code"] == "incomplete"
    assert shop.published(short) == []
    assert shop.work_folders() == []
