"""Deaths and broken lines while files go to an object store: one visible set of files, whatever happens."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from pressroom.jobs import JobState
from tests.doubles.build import runs_of
from tests.faults.test_deaths import assert_published_once, put_to_sleep, sweep
from tests.services import Shop, open_shop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pressroom.jobs import Job
    from tests.conftest import Bucket
    from tests.services import Process

HALF_WAY = 10 << 20
MEBIBYTES = 20


@pytest.fixture
def shop(tmp_path: Path, bucket: Bucket) -> Iterator[Shop]:
    """An installation whose files are in a bucket."""
    with open_shop(tmp_path, storage_url=bucket.url, storage_seconds=1) as opened:
        yield opened


def half_published(shop: Shop, bucket: Bucket, folder: Path) -> tuple[Job, Process]:
    """A job whose PDF is on its way to the store, and the worker that sends it."""
    worker = shop.start_worker()
    job = shop.submit("wait", gate=str(folder / "gate"), mebibytes=MEBIBYTES)
    wait_for(lambda: runs_of(shop.settings.data_dir) == [f"{job.id}.1"], "attempt 1 runs")
    bucket.line.hold(HALF_WAY)
    (folder / "gate").touch()
    wait_for(lambda: bucket.line.held, "the upload is half-way")
    return job, worker


def assert_no_parts_but_of(bucket: Bucket, job: Job, attempt: int) -> None:
    """Parts that nobody could abort are those of this attempt: a rule of the bucket removes them."""
    left = bucket.server.unfinished(bucket.name)
    assert all(key == f"a/prefix/files/{job.id}/{attempt}/double.pdf" for key in left), left


def test_a_job_is_retried_when_the_store_was_away_while_it_published(
    shop: Shop, bucket: Bucket, tmp_path: Path
) -> None:
    job, _ = half_published(shop, bucket, tmp_path)
    bucket.line.cut()
    off = wait_for(lambda: (now := shop.store.job(job.id)).error and now, "attempt 1 has given up")
    assert off.error is not None
    assert (off.error["code"], off.error["retryable"]) == ("unavailable", True)
    bucket.line.mend()
    shop.start_reaper()
    job = shop.wait_until(job, "succeeded")
    assert job.attempt == 2
    assert_published_once(shop, job)
    assert_no_parts_but_of(bucket, job, attempt=1)


def test_a_job_whose_store_was_away_for_a_moment_is_not_retried(
    shop: Shop, bucket: Bucket, tmp_path: Path
) -> None:
    job, _ = half_published(shop, bucket, tmp_path)
    bucket.line.cut()
    bucket.line.mend()
    job = shop.wait_until(job, "succeeded")
    assert job.attempt == 1
    assert_published_once(shop, job)
    assert bucket.server.unfinished(bucket.name) == []


def test_an_upload_whose_process_is_killed_is_never_visible(
    shop: Shop, bucket: Bucket, tmp_path: Path
) -> None:
    job, worker = half_published(shop, bucket, tmp_path)
    (child,) = worker.pool()
    os.kill(child, signal.SIGKILL)
    bucket.line.release()
    shop.start_reaper()
    job = shop.wait_until(job, "succeeded")
    assert job.attempt == 2
    assert not any(f"files/{job.id}/1/" in key for key in bucket.contents())
    assert_published_once(shop, job)
    wait_for(lambda: shop.work_folders() == [], "its folder is swept")
    assert_no_parts_but_of(bucket, job, attempt=1)


def test_a_job_cancelled_while_it_publishes_leaves_nothing(
    shop: Shop, bucket: Bucket, tmp_path: Path
) -> None:
    job, _ = half_published(shop, bucket, tmp_path)
    shop.store.request_cancel(job.id)
    bucket.line.release()
    shop.wait_until(job, "cancelled")
    wait_for(lambda: shop.work_folders() == [], "its folder is gone")
    assert shop.published(job) == []
    assert bucket.server.unfinished(bucket.name) == []


def test_a_death_between_publishing_and_saying_so_leaves_one_set_after_the_sweep(
    shop: Shop, bucket: Bucket
) -> None:
    shop.start_worker()
    job = shop.submit("die_before_success")
    wait_for(lambda: len(shop.published(job)) == 2, "attempt 1 has published")
    shop.start_reaper()
    job = shop.wait_until(job, "succeeded")
    sweep(shop)
    assert_published_once(shop, job)


def test_what_a_worker_that_was_asleep_past_its_lease_publishes_is_removed(
    shop: Shop, bucket: Bucket, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    sleeper = shop.start_worker()
    job = shop.submit("wait", gate=str(gate))
    wait_for(lambda: runs_of(shop.settings.data_dir) == [f"{job.id}.1"], "attempt 1 runs")
    (child,) = sleeper.pool()
    put_to_sleep(child, shop)
    shop.start_reaper()
    shop.start_worker()
    gate.touch()
    job = shop.wait_until(job, "succeeded")
    assert job.attempt == 2
    os.kill(child, signal.SIGCONT)
    wait_for(lambda: sleeper.says("job left"), "attempt 1 has ended")
    assert_published_once(shop, shop.store.job(job.id))


def test_a_dataset_that_nobody_knows_is_swept_and_a_known_one_is_not(shop: Shop, bucket: Bucket) -> None:
    kept, orphan = (
        shop.files.receive([b"n\n1\n"], "a.csv", owner="ada", max_bytes=99, keep_seconds=60) for _ in range(2)
    )
    shop.store.add_dataset(kept)
    assert sorted(bucket.contents()) == sorted([kept.path, orphan.path])
    # The store's clock counts whole seconds.
    shop.files.sweep(shop.store.wanted, shop.store.known_datasets, older_than_seconds=-60)
    assert bucket.contents() == [kept.path]


def test_a_store_that_hangs_keeps_no_job_waiting_for_its_ring(tmp_path: Path, bucket: Bucket) -> None:
    with open_shop(tmp_path, storage_url=bucket.url, storage_seconds=300) as shop:
        waiting, old = shop.submit(), shop.submit()
        with shop.broker.client() as client:
            client.flushall()
        with shop.store._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE jobs SET rung = rung + 1e6")
            connection.exec_driver_sql("UPDATE jobs SET expires = 0 WHERE id = ?", (old.id,))
        bucket.line.hold(1)
        reaper = shop.start_reaper()
        wait_for(lambda: reaper.says("job expired"), "the reaper removes the files of a job")
        with shop.store._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE jobs SET rung = 0 WHERE id = ?", (waiting.id,))
        wait_for(lambda: reaper.says('"rung"'), "the other is rung")


def test_the_end_of_a_dead_job_does_not_wait_for_a_store_that_hangs(tmp_path: Path, bucket: Bucket) -> None:
    with open_shop(tmp_path, storage_url=bucket.url, storage_seconds=300, max_attempts=1) as shop:
        waiting, dead = shop.submit(), shop.submit()
        shop.store.claim(dead.id, 0.0)
        with shop.broker.client() as client:
            client.flushall()
        bucket.line.hold(1)
        reaper = shop.start_reaper()
        wait_for(lambda: reaper.says("job ended without its worker"), "it is ended")
        wait_for(lambda: reaper.says('"rung"'), "the other is rung")
        assert shop.store.job(waiting.id).state is JobState.QUEUED


def test_a_reaper_told_to_go_leaves_what_a_store_that_is_away_keeps_it_from(
    tmp_path: Path, bucket: Bucket
) -> None:
    with open_shop(tmp_path, storage_url=bucket.url, storage_seconds=1) as shop:
        for _ in range(40):
            shop.submit()
        with shop.store._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE jobs SET expires = 0")
        bucket.line.cut()
        reaper = shop.start_reaper()
        wait_for(lambda: reaper.says("left to the sweep"), "it waits for the store")
        reaper.signal(signal.SIGTERM)
        assert reaper.ended() == 0
        assert reaper.log.read_text().count("job expired") < 40
