"""An API that is killed while clients talk to it, and clients that look at what is not finished."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx

from pressroom.jobs import JobState
from tests.doubles.build import runs_of
from tests.faults.outcomes import sweep
from tests.services import free_port, open_shop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pressroom.jobs import Job
    from tests.services import Process, Shop

JOB = {"report": "double", "rows": [{"n": 1}, {"n": 2}]}
CLIENTS = 4
KEYS = [f"key {n}" for n in range(60)]


def started_api(shop: Shop) -> Process:
    api = shop.start("api")
    wait_for(lambda: api.says("running on"), "the API listens")
    return api


def test_submits_repeated_to_an_api_that_is_killed_again_and_again_make_one_job_each(tmp_path: Path) -> None:
    accepted: dict[str, set[str]] = {key: set() for key in KEYS}

    def submit(key: str, url: str) -> None:
        def answered() -> str | None:
            try:
                answer = httpx.post(f"{url}/v1/jobs", json=JOB, headers={"Idempotency-Key": key}, timeout=10)
            except httpx.TransportError:
                return None
            return answer.json()["id"] if answer.status_code == 202 else None

        # Twice: the first answer may have come before a kill, and the job must outlive it.
        accepted[key] |= {wait_for(answered, f"{key} is accepted") or "" for _ in range(2)}

    with open_shop(tmp_path, port=free_port()) as shop:
        url = f"http://127.0.0.1:{shop.settings.port}"
        api = started_api(shop)
        with ThreadPoolExecutor(CLIENTS) as clients:
            calls = [clients.submit(submit, key, url) for key in KEYS]
            for kills in range(1, 5):
                wait_for(
                    lambda n=kills * 10: len(shop.store.jobs(limit=200)[0]) >= n,  # type: ignore[misc]
                    "the next are submitted",
                )
                api.kill()
                api = started_api(shop)
            for call in calls:
                call.result()
        ids = {job for jobs in accepted.values() for job in jobs}
        assert [len(jobs) for jobs in accepted.values()] == [1] * len(KEYS)
        assert ids == {job.id for job in shop.store.jobs(limit=200)[0]}
        shop.start_worker()
        shop.start_reaper()
        done = shop.wait_all_done([shop.store.job(job_id) for job_id in ids])
        assert all(job.state is JobState.SUCCEEDED for job in done)
        assert len(runs_of(shop.settings.data_dir)) == len(KEYS)


def test_a_reader_never_sees_a_file_that_is_not_finished(tmp_path: Path) -> None:
    with open_shop(tmp_path, port=free_port()) as shop:
        started_api(shop)
        url = f"http://127.0.0.1:{shop.settings.port}/v1/jobs"
        over = threading.Event()

        def seen(job: Job) -> Iterator[tuple[int, str | None]]:
            """Status of each answer, and the hash of what came with it."""
            with httpx.Client(timeout=30) as client:
                last = False
                while not last:
                    last = over.is_set()
                    answer = client.get(f"{url}/{job.id}/files/double.pdf")
                    whole = hashlib.sha256(answer.content).hexdigest()
                    yield answer.status_code, whole if answer.status_code == 200 else None

        # Large enough that copying it takes a while; published, its worker dies before it says so.
        jobs = [shop.submit("die_before_success", mebibytes=16) for _ in range(2)]
        with ThreadPoolExecutor(len(jobs)) as readers:
            looks = [readers.submit(lambda job=job: set(seen(job))) for job in jobs]  # type: ignore[misc]
            try:
                shop.start_worker()
                shop.start_reaper()
                done = shop.wait_all_done(jobs)
                sweep(shop)
            finally:
                over.set()
        for job, look in zip(done, looks, strict=True):
            assert (job.state, job.attempt) == (JobState.SUCCEEDED, 2)
            complete = {file.name: file.sha256 for file in job.files}["double.pdf"]
            answers = look.result()
            assert {status for status, _ in answers} <= {200, 404, 409}
            assert {content for status, content in answers if status == 200} == {complete}
