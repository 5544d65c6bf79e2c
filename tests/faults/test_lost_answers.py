"""The connection breaks after the commit: what was done is done, and doing it again changes nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import worker.run
from pressroom.errors import Unavailable
from pressroom.jobs import JobState
from pressroom.store import Store
from tests.doubles.build import build
from tests.lost_answers import Line, line
from tests.services import Shop, open_shop
from tests.unit.test_store import LONG, a_file
from worker.run import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres import JobDatabases


@pytest.fixture
def cable(job_databases: JobDatabases) -> Iterator[Line]:
    """The line between the shop and its database; a socket's path may only be short."""
    with tempfile.TemporaryDirectory() as folder, line(Path(folder), job_databases.server.folder) as opened:
        yield opened


@pytest.fixture
def shop(tmp_path: Path, postgres_url: str, cable: Line) -> Iterator[Shop]:
    """An installation at the end of the line."""
    url = f"{postgres_url.partition('?')[0]}?host={cable.folder}"
    with open_shop(tmp_path, database_url=url) as opened:
        yield opened


def test_a_submit_is_sent_again_with_its_key_and_its_rows_are_still_there(shop: Shop, cable: Line) -> None:
    cable.cut_next_commit()
    with pytest.raises(Unavailable):
        shop.submit(key="the same")
    assert cable.cuts == 1
    job = shop.submit(key="the same")
    assert [known.id for known in shop.store.jobs()[0]] == [job.id]
    assert len(list((shop.settings.data_dir / "datasets").iterdir())) == 1
    shop.start_worker()
    shop.ring(job.id, job.queue)
    assert shop.wait_until(job, "succeeded").completeness["rows_read"] == 2


def test_a_success_that_is_told_twice_is_one(shop: Shop, cable: Line) -> None:
    job = shop.submit()
    shop.store.claim(job.id, LONG)
    files = [a_file(job.id, 1)]
    cable.cut_next_commit()
    with pytest.raises(Unavailable):
        shop.store.succeed(job.id, 1, files, {})
    assert shop.store.job(job.id).state is JobState.SUCCEEDED
    assert shop.store.succeed(job.id, 1, files, {}), "or its files would be removed"


def test_files_stay_when_nobody_knows_whether_the_job_succeeded(
    shop: Shop, cable: Line, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = shop.submit(outputs=["pdf"])

    def succeed(*asked: Any, **more: Any) -> bool:
        if not cable.closed:
            assert Store.succeed(shop.store, *asked, **more)
            cable.close()
        raise Unavailable("the database went away with its answer")

    monkeypatch.setattr(worker.run, "PERSIST_SECONDS", 0.0)
    monkeypatch.setattr(shop.store, "succeed", succeed)
    Runner(shop.store, shop.files, shop.settings, build, shop.ring).answer(job.id)
    with Store.open(postgres_url) as store:
        assert store.job(job.id).state is JobState.SUCCEEDED
    assert shop.published(job) == ["1/double.pdf"]


def test_a_claim_that_nobody_heard_of_runs_out(shop: Shop, cable: Line) -> None:
    job = shop.submit()
    cable.cut_next_commit()
    with pytest.raises(Unavailable):
        shop.store.claim(job.id, shop.settings.lease_seconds)
    assert shop.store.job(job.id).attempt == 1
    shop.start_worker()
    shop.start_reaper()
    assert shop.wait_until(job, "succeeded").attempt == 2
