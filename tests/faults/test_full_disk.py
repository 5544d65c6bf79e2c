"""A disk that is full: what can't be kept is refused, what was begun is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pressroom.errors import StorageFull
from pressroom.files import Files
from pressroom.jobs import JobState
from pressroom.scratch import Scratch
from pressroom.storage import FolderStorage
from tests.disks import fill, mounted
from tests.doubles.build import build
from tests.services import open_shop, wait_for
from worker import run
from worker.run import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services import Shop


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    with mounted(tmp_path / "disk", "1m") as disk:
        yield disk


@pytest.mark.parametrize("filled", [0.0, 0.5, 0.99])
def test_an_upload_that_does_not_fit_leaves_nothing(small_disk: Path, filled: float) -> None:
    (small_disk / "ballast").write_bytes(bytes(int(filled * 2**20)))
    files = Files(Scratch(small_disk, reserve_bytes=0), FolderStorage(small_disk))
    chunks = (b"1,2,3\n" * 4096 for _ in range(100))
    with pytest.raises(StorageFull):
        files.receive(chunks, "rows.csv", owner="ada", max_bytes=1 << 30, keep_seconds=60)
    assert [path.name for path in small_disk.rglob("*") if path.is_file()] == ["ballast"]


def test_a_job_that_meets_a_full_disk_is_put_off(shop: Shop) -> None:
    shop.start_worker()
    job = shop.submit("full")
    off = wait_for(lambda: (now := shop.store.job(job.id)).error and now, "the first attempt has failed")
    assert off.state is JobState.QUEUED
    assert off.error is not None
    assert (off.error["code"], off.error["retryable"]) == ("storage_full", True)
    wait_for(lambda: shop.work_folders() == [], "its folder is gone")
    assert shop.published(job) == []


def test_jobs_wait_for_a_disk_that_is_full_without_spending_attempts(tmp_path: Path) -> None:
    with (
        mounted(tmp_path / "disk", "96m") as disk,
        open_shop(tmp_path, data_dir=disk, database_url=f"sqlite:///{tmp_path}/jobs.db") as shop,
    ):
        ballast = disk / "ballast"
        jobs = [shop.submit() for _ in range(3)]
        fill(ballast)
        worker = shop.start_worker()
        shop.start_reaper()
        refused = "no job can be taken"
        wait_for(lambda: worker.log.read_text().count(refused) > len(jobs), "rung again", 60)
        assert {(shop.store.job(job.id).state, shop.store.job(job.id).attempt) for job in jobs} == {
            (JobState.QUEUED, 0)
        }
        ballast.unlink()
        done = shop.wait_all_done(jobs)
        assert {(job.state, job.attempt) for job in done} == {(JobState.SUCCEEDED, 1)}


def test_a_job_whose_dead_run_has_filled_the_disk_runs_again(tmp_path: Path) -> None:
    with (
        mounted(tmp_path / "disk", "96m") as disk,
        open_shop(tmp_path, data_dir=disk, database_url=f"sqlite:///{tmp_path}/jobs.db") as shop,
    ):
        job = shop.submit()
        assert shop.store.claim(job.id, lease_seconds=0.0) is not None
        left = disk / "work" / f"{job.id}.1"
        left.mkdir(parents=True)
        fill(left / "spool.arrow")
        runner = Runner(shop.store, shop.files, shop.settings, build, shop.ring)
        wait_for(lambda: runner.answer(job.id) or shop.store.job(job.id).done, "its lease has run out")
        done = shop.store.job(job.id)
        assert (done.state, done.attempt) == (JobState.SUCCEEDED, 2)


def test_a_job_that_has_filled_its_databases_disk_makes_room_before_it_says_so(tmp_path: Path) -> None:
    def fills(*_: Any, **__: Any) -> Any:
        (folder,) = (shop.settings.data_dir / "work").iterdir()
        fill(folder / "spool.arrow")
        raise StorageFull("no space left on the device: spool.arrow")

    # Beyond the reserve, which only the beginning of a job respects.
    with mounted(tmp_path / "disk", "72m") as disk, open_shop(tmp_path, data_dir=disk / "data") as shop:
        job = shop.submit()
        Runner(shop.store, shop.files, shop.settings, fills, shop.ring).answer(job.id)
        off = shop.store.job(job.id)
        assert off.state is JobState.QUEUED
        assert off.error is not None
        assert off.error["code"] == "storage_full"


def test_a_job_waits_for_a_job_database_whose_disk_is_full(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused_once(call: Any) -> Any:
        refusals = [StorageFull("the disk of the job database is full")]

        def answer(*asked: Any, **more: Any) -> Any:
            if refusals:
                raise refusals.pop()
            return call(*asked, **more)

        return answer

    monkeypatch.setattr(run, "FULL_SECONDS", 0)
    for name in ("claim", "succeed"):
        monkeypatch.setattr(shop.store, name, refused_once(getattr(shop.store, name)))
    job = shop.submit()
    runner = Runner(shop.store, shop.files, shop.settings, build, shop.ring)
    runner.answer(job.id)
    assert shop.store.job(job.id).state is JobState.QUEUED
    runner.answer(job.id)
    done = shop.store.job(job.id)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)
