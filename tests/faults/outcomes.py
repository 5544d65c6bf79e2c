"""What has to be true after a fault, and how to put a worker to sleep."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
from typing import TYPE_CHECKING

from pressroom.jobs import JobState
from tests.services import wait_for

if TYPE_CHECKING:
    from pressroom.jobs import Job
    from tests.services import Shop


def assert_published_once(shop: Shop, job: Job) -> None:
    """The job's files are in the storage as its row says, and no others are."""
    assert job.state is JobState.SUCCEEDED, job.error
    assert [file.name for file in job.files] == ["double.pdf", "double.xlsx"]
    assert shop.published(job) == sorted(f"{job.attempt}/{file.name}" for file in job.files)
    for file in job.files:
        assert hashlib.sha256(shop.content(file)).hexdigest() == file.sha256


def sweep(shop: Shop) -> None:
    shop.files.sweep(shop.store.wanted, shop.store.known_datasets)


def put_to_sleep(child: int, shop: Shop) -> None:
    """SIGSTOP, but not in the middle of a commit: SQLite would wait for it for ever."""

    def asleep_without_lock() -> bool:
        os.kill(child, signal.SIGSTOP)
        database = sqlite3.connect(shop.settings.data_dir / "pressroom.db", timeout=0.2, isolation_level=None)
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            os.kill(child, signal.SIGCONT)
            return False
        finally:
            database.close()
        return True

    wait_for(asleep_without_lock, "the child sleeps")
