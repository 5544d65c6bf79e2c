"""A disk that is full: what can't be kept is refused, what was begun is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pressroom.errors import StorageFull
from pressroom.files import Files
from pressroom.jobs import JobState
from pressroom.scratch import Scratch
from pressroom.storage import FolderStorage
from tests.disks import mounted
from tests.services import wait_for

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
