"""The parts as they are started in containers: `python -m worker ...`."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx

from pressroom.jobs import JobState
from tests.services import ROOT, free_port, wait_for

if TYPE_CHECKING:
    from tests.services import Shop


def run(shop: Shop, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "worker", *command],
        env={**shop.environment, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_two_reapers_do_no_more_than_one(shop: Shop) -> None:
    jobs = [shop.submit() for _ in range(5)]
    with shop.broker.client() as client:
        client.flushall()
    reapers = [shop.start_reaper() for _ in range(2)]
    shop.start_worker()
    done = shop.wait_all_done(jobs)
    assert all((job.state, job.attempt) == (JobState.SUCCEEDED, 1) for job in done)
    for reaper in reapers:
        reaper.signal(signal.SIGTERM)
        assert reaper.ended() == 0


def test_a_reaper_removes_what_is_too_old(shop: Shop) -> None:
    shop.start_worker()
    job = shop.wait_until(shop.submit(), "succeeded")
    with shop.store._engine.begin() as connection:
        past = dt.datetime.now(dt.UTC).timestamp() - 1
        connection.exec_driver_sql("UPDATE jobs SET expires = ?", (past,))
        connection.exec_driver_sql("UPDATE datasets SET expires = ?", (past,))
    shop.start_reaper()
    shop.wait_until(job, "expired")
    wait_for(lambda: shop.published(job) == [], "files are removed")
    datasets = shop.settings.data_dir / "datasets"
    wait_for(lambda: list(datasets.iterdir()) == [], "datasets are removed")


def test_a_reaper_waits_for_a_broker_that_is_away(shop: Shop) -> None:
    shop.broker.kill()
    job = shop.submit()
    reaper = shop.start_reaper()
    wait_for(lambda: reaper.says("ring failed"), "the reaper has tried")
    shop.broker.start()
    shop.start_worker()
    shop.wait_until(job, "succeeded")


def test_a_queue_in_which_rings_lie_unheard_is_rung_no_fuller(shop: Shop) -> None:
    waiting = [shop.submit() for _ in range(3)]
    with shop.store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE jobs SET queue = 'heavy' WHERE id = ?", (waiting[0].id,))
    reaper = shop.start_reaper()
    with shop.broker.client() as client:
        for times in range(1, 4):
            # Each silence is longer than the one before, and the other queue's jobs are as silent.
            wait_for(lambda: client.llen("heavy") == 1, "the heavy job is rung")
            assert client.llen("fast") == 3, times
            client.delete("heavy")
    assert {line["job"] for line in reaper.lines() if line["event"] == "rung"} == {waiting[0].id}


def test_flower_answers_on_loopback_and_only_reads(shop: Shop) -> None:
    port = free_port()
    shop.environment["PRESSROOM_FLOWER_PORT"] = str(port)
    shop.start("worker", "flower")
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/healthcheck", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    wait_for(answers, "flower answers")
    stopped = httpx.post(f"{url}/api/worker/shutdown/fast@x", timeout=5)
    assert stopped.status_code in (401, 403)


def test_flower_open_to_everybody_is_refused(shop: Shop) -> None:
    refused = run(shop, "flower", "--address", "0.0.0.0")
    assert refused.returncode == 1
    assert "FLOWER_BASIC_AUTH" in refused.stderr


def test_a_part_without_a_broker_says_what_to_do(shop: Shop) -> None:
    del shop.environment["PRESSROOM_REDIS_URL"]
    refused = run(shop, "heavy")
    assert refused.returncode == 1
    assert "hint: set REDIS_URL" in refused.stderr


def test_only_the_child_carries_the_design_libraries(shop: Shop) -> None:
    code = "import sys, worker.__main__; print('weasyprint' in sys.modules, 'duckdb' in sys.modules)"
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, env=shop.environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False"]
