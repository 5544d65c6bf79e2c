"""A job database that stops, crashes, starts late or is not migrated, under real parts of a press."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING

import httpx
import pytest

from pressroom.jobs import JobState
from tests.doubles.build import runs_of
from tests.postgres import OWNER_PASSWORD, JobDatabases, running_postgres
from tests.services import ROOT, Process, Shop, free_port, open_shop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pressroom.jobs import Job

JOB = {"report": "double", "rows": [{"n": 1}, {"n": 2}]}


@pytest.fixture(scope="module")
def databases() -> Iterator[JobDatabases]:
    """A server that these tests stop: nobody else's."""
    with running_postgres() as server:
        yield JobDatabases(server)


@pytest.fixture
def shop(tmp_path: Path, databases: JobDatabases) -> Iterator[Shop]:
    """An installation on PostgreSQL; no part of it is started."""
    with open_shop(tmp_path, database_url=databases.empty(), port=free_port()) as opened:
        yield opened


@pytest.fixture
def http(shop: Shop) -> Iterator[httpx.Client]:
    """A client of the installation's API, which is started."""
    api = shop.start("api")
    wait_for(lambda: api.says("running on"), "the API listens")
    url = f"http://127.0.0.1:{shop.settings.port}"
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        yield client


def at_work(shop: Shop, gate: Path) -> tuple[Process, Process, Job]:
    """A worker, a reaper, and a job that runs until there is a `gate`."""
    worker, reaper = shop.start_worker(), shop.start_reaper()
    return worker, reaper, shop.wait_until(shop.submit("wait", gate=str(gate)), "running")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_database_that_is_away_for_a_while_costs_nothing_but_time(
    shop: Shop, http: httpx.Client, databases: JobDatabases, tmp_path: Path, mode: str
) -> None:
    gate = tmp_path / "gate"
    worker, reaper, running = at_work(shop, gate)
    databases.server.stop(mode)
    headers = {"Idempotency-Key": f"key {mode}"}
    refused = http.post("/v1/jobs", json=JOB, headers=headers)
    assert refused.status_code == 503
    assert refused.json()["code"] == "unavailable"
    assert refused.json()["retryable"]
    assert int(refused.headers["Retry-After"]) > 0
    assert http.get("/readyz").status_code == 503
    assert http.get("/healthz").status_code == 200
    metrics = http.get("/metrics")
    assert (metrics.status_code, "pressroom_jobs" in metrics.text) == (200, False)
    assert 'route="/v1/jobs",status="503"' in metrics.text
    assert http.get(f"/v1/jobs/{running.id}").status_code == 503
    wait_for(lambda: worker.says("heartbeat did not reach the database"), "the worker noticed")
    wait_for(lambda: reaper.says("the reaper tries again"), "the reaper noticed")
    gate.touch()
    wait_for(lambda: worker.says("the finished job waits for it"), "the job is done, and can't say so")
    databases.server.start()
    wait_for(lambda: http.get("/readyz").status_code == 200, "the API is ready again")
    answers = [http.post("/v1/jobs", json=JOB, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202], [a.text for a in answers]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    retried = shop.store.job(answers[0].json()["id"])
    for job in shop.wait_all_done([running, retried]):
        assert job.state is JobState.SUCCEEDED, job
        wait_for(
            lambda job=job: len({p.split("/")[0] for p in shop.published(job)}) == 1, "one attempt stays"
        )
        assert {path.split("/")[0] for path in shop.published(job)} == {str(job.attempt)}
    assert len(shop.store.jobs()[0]) == 2
    assert OWNER_PASSWORD not in "".join(process.log.read_text() for process in shop.processes)


def test_a_frozen_database_holds_nobody_for_ever(
    shop: Shop, http: httpx.Client, databases: JobDatabases, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    worker, reaper, running = at_work(shop, gate)
    assert http.get("/readyz").status_code == 200
    with databases.server.frozen():
        answer = http.get(f"/v1/jobs/{running.id}", timeout=60)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        heard = "heartbeat did not reach the database"
        wait_for(lambda: worker.says(heard), "the worker noticed", limit=60)
        wait_for(lambda: reaper.says("the reaper tries again"), "the reaper noticed", limit=60)
    gate.touch()
    done = shop.wait_until(running, "succeeded")
    # Its lease ran out with the database: the reaper may have been the first to see it again.
    assert done.attempt <= 2
    wait_for(lambda: {p.split("/")[0] for p in shop.published(done)} == {str(done.attempt)}, "one set stays")


def test_jobs_whose_leases_ran_out_with_the_database_are_left_to_their_workers(
    tmp_path: Path, databases: JobDatabases
) -> None:
    gate = tmp_path / "gate"
    with open_shop(tmp_path, database_url=databases.empty(), max_attempts=1, threads=4) as shop:
        worker = shop.start_worker()
        reaper = shop.start_reaper()
        jobs = [shop.submit("wait", gate=str(gate)) for _ in range(4)]
        for job in jobs:
            shop.wait_until(job, "running")
        databases.server.stop("fast")
        missed = len(jobs) * 2 * int(shop.settings.lease_seconds)
        unheard = "heartbeat did not reach the database"
        wait_for(lambda: worker.log.read_text().count(unheard) >= missed, "their leases have run out")
        databases.server.start()
        waiting = shop.submit()
        with shop.broker.client() as client:
            client.flushall()
        wait_for(lambda: reaper.says('"rung"'), "the reaper does its rounds again")
        gate.touch()
        done = shop.wait_all_done([*jobs, waiting])
        assert [(job.state, job.attempt) for job in done] == [(JobState.SUCCEEDED, 1)] * 5


def test_jobs_handed_in_while_the_database_comes_and_goes_are_made_once_each(
    shop: Shop, http: httpx.Client, databases: JobDatabases
) -> None:
    shop.start_worker()
    shop.start_reaper()
    over = threading.Event()

    def come_and_go() -> None:
        for mode in ("immediate", "fast", "immediate"):
            databases.server.stop(mode)
            databases.server.start()
        over.set()

    trouble = threading.Thread(target=come_and_go)
    trouble.start()
    keys: dict[str, set[str]] = {}
    refusals = 0
    while not over.is_set() or len(keys) < 10:
        key = f"order {len(keys)}"

        def made(key: str = key) -> str | None:
            nonlocal refusals
            answer = http.post("/v1/jobs", json=JOB, headers={"Idempotency-Key": key})
            refusals += answer.status_code == 503
            assert answer.status_code in (202, 503), answer.text
            return answer.json()["id"] if answer.status_code == 202 else None

        keys[key] = {wait_for(made, "accepted"), wait_for(made, "accepted again")}
    trouble.join()
    assert refusals, "the database was away for some of them"
    assert all(len(ids) == 1 for ids in keys.values())
    jobs = [shop.store.job(id_) for ids in keys.values() for id_ in ids]
    assert len(shop.store.jobs(limit=500)[0]) == len(jobs) == len(keys)
    assert all(job.state is JobState.SUCCEEDED for job in shop.wait_all_done(jobs))


def test_two_reapers_ring_once_for_each_job(shop: Shop) -> None:
    jobs = [shop.submit() for _ in range(20)]
    with shop.broker.client() as client:
        client.flushall()
    reapers = [shop.start_reaper() for _ in range(2)]

    def rung() -> Counter[str]:
        lines = (line for reaper in reapers for line in reaper.lines())
        return Counter(line["job"] for line in lines if line["event"] == "rung")

    wait_for(lambda: len(rung()) == len(jobs), "all rung")
    assert rung() == dict.fromkeys((job.id for job in jobs), 1)
    shop.start_worker()
    done = shop.wait_all_done(jobs)
    # Those rings lay unheard until then, so hardly any was rung again: a reaper that looks just when one is
    # heard, and its job not yet taken, misses it.
    assert sum(rung().values()) < 1.5 * len(jobs)
    assert all((job.state, job.attempt) == (JobState.SUCCEEDED, 1) for job in done)
    assert len(runs_of(shop.settings.data_dir)) == len(jobs)


def test_parts_wait_for_a_database_that_starts_late_and_for_its_migration(
    shop: Shop, databases: JobDatabases
) -> None:
    shop.environment["PRESSROOM_DATABASE_URL"] = databases.empty()
    databases.server.stop()
    parts = [shop.start("api"), shop.start("worker", "fast"), shop.start("worker", "reaper")]
    for part in parts:
        wait_for(lambda part=part: part.says("waiting for the job database"), "it waits")
    command = [sys.executable, "-c", "from pressroom.cli import main; main()", "migrate"]
    migration = Process(command, shop.folder / "migrate.log", shop.environment)
    shop.processes.append(migration)
    wait_for(lambda: migration.says("waiting for the job database"), "the one-shot waits, too")
    databases.server.start()
    assert migration.ended() == 0
    for part, ready in zip(parts, ("running on", " ready.", "reaper ready."), strict=True):
        wait_for(lambda part=part, ready=ready: part.says(ready), "it is ready")


@pytest.mark.parametrize("command", [["api"], ["worker", "heavy"], ["worker", "reaper"]])
def test_a_part_refuses_a_database_that_is_newer_than_itself(shop: Shop, command: list[str]) -> None:
    with shop.store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    refused = subprocess.run(
        [sys.executable, "-m", *command],
        env=shop.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "error: the job database is at step 9999, which this Pressroom does not know" in refused.stderr
    assert "hint: a newer Pressroom has migrated it: update this one" in refused.stderr
    assert "Traceback" not in refused.stderr
