"""Faults drawn at random, one on top of the other: every job ends, once, and its files are what its row says.

`make soak FAULTS=500` draws more of them; a test that fails has printed its seed, and `PRESSROOM_SOAK_SEED`
draws the same again.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from typing import TYPE_CHECKING

from pressroom.errors import Conflict
from pressroom.jobs import JobState
from tests.doubles.build import runs_of
from tests.faults.outcomes import assert_published_once, put_to_sleep, sweep
from tests.services import open_shop, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pressroom.jobs import Job
    from tests.services import Shop

FAULTS = int(os.environ.get("PRESSROOM_SOAK_FAULTS", "15"))
SEED = int(os.environ.get("PRESSROOM_SOAK_SEED", time.time_ns() % 1_000_000))
MAX_ATTEMPTS = FAULTS + 5
"""More than one job can meet faults: what fails has failed by itself."""


class Soak:
    """A shop, and what may happen to it."""

    def __init__(self, shop: Shop, draw: random.Random, folder: Path) -> None:
        self.shop = shop
        self.draw = draw
        self.folder = folder
        self.jobs: dict[str, str] = {}
        """What each job was told to do."""
        self.asleep: list[int] = []
        self.worker = shop.start_worker()
        self.reaper = shop.start_reaper()

    def hand_in(self) -> None:
        act = self.draw.choices(["print", "die_once", "die_before_success", "boom", "wait"], [8, 1, 1, 1, 2])[
            0
        ]
        gate = self.folder / f"gate-{len(self.jobs)}"
        job = self.shop.submit(act, owner=f"owner {self.draw.randrange(3)}", gate=str(gate))
        self.jobs[job.id] = act

    def open_gates(self) -> None:
        for number in range(len(self.jobs)):
            (self.folder / f"gate-{number}").touch()

    def cancel(self) -> None:
        with contextlib.suppress(Conflict):
            self.shop.store.request_cancel(self.draw.choice(list(self.jobs)))

    def kill_child(self) -> None:
        for pid in self.worker.pool()[:1]:
            os.kill(pid, signal.SIGKILL)

    def kill_worker(self) -> None:
        self._wake()
        self.worker.kill()
        self.worker = self.shop.start_worker(ready=False)

    def tell_worker_to_go(self) -> None:
        self._wake()
        self.worker.signal(signal.SIGTERM)
        self.worker = self.shop.start_worker(ready=False)

    def kill_reaper(self) -> None:
        self.reaper.kill()
        self.reaper = self.shop.start_reaper()

    def put_child_to_sleep(self) -> None:
        for pid in self.worker.pool()[:1]:
            with contextlib.suppress(ProcessLookupError):
                put_to_sleep(pid, self.shop)
                self.asleep.append(pid)

    def forget_rings(self) -> None:
        with self.shop.broker.client() as client:
            client.flushall()

    def restart_broker(self) -> None:
        self.shop.broker.kill()
        self.hand_in()
        self.shop.broker.start()

    def run(self, faults: int) -> None:
        """So many faults, with jobs handed in and done between them."""
        acts: list[Callable[[], None]] = [
            self.open_gates,
            self.cancel,
            self.kill_child,
            self.kill_worker,
            self.tell_worker_to_go,
            self.kill_reaper,
            self.put_child_to_sleep,
            self.forget_rings,
            self.restart_broker,
        ]
        for _ in range(faults):
            for _ in range(self.draw.randrange(1, 5)):
                self.hand_in()
            self.draw.choice(acts)()
            ended = self._ended() + self.draw.randrange(3)
            # A press that can't go on for a while meets the next fault in this state.
            with contextlib.suppress(AssertionError):
                wait_for(lambda n=ended: self._ended() >= n, "jobs end", limit=3)  # type: ignore[misc]

    def settle(self) -> list[Job]:
        """All jobs, once they have ended; nothing is wrong with the press any more."""
        self._wake()
        self.open_gates()
        if not self.worker.alive:
            self.worker = self.shop.start_worker(ready=False)
        return self.shop.wait_all_done([self.shop.store.job(job_id) for job_id in self.jobs], limit=180)

    def _ended(self) -> int:
        return sum(self.shop.store.job(job_id).done for job_id in self.jobs)

    def _wake(self) -> None:
        for pid in self.asleep:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.asleep.clear()


def test_whatever_happens_every_job_ends_once(tmp_path: Path) -> None:
    print(f"seed {SEED}")  # noqa: T201 - pytest shows it when the test fails
    draw = random.Random(SEED)
    with open_shop(tmp_path, max_attempts=MAX_ATTEMPTS, threads=2) as shop:
        soak = Soak(shop, draw, tmp_path)
        soak.run(FAULTS)
        jobs = soak.settle()

        def swept() -> bool:
            # As whoever takes the next job does.
            shop.files.scratch.sweep_work(shop.store.leased)
            return shop.work_folders() == []

        wait_for(swept, "nothing is left in the scratch")
        sweep(shop)
        for job in jobs:
            act = soak.jobs[job.id]
            what = f"{act} became {job}"
            match job.state:
                case JobState.SUCCEEDED:
                    assert act != "boom", what
                    assert_published_once(shop, job)
                case JobState.FAILED:
                    assert act == "boom", what
                    assert shop.published(job) == [], what
                case state:
                    assert state is JobState.CANCELLED, what
                    assert shop.published(job) == [], what
        runs = runs_of(shop.settings.data_dir)
        assert len(runs) == len(set(runs)), "a token is used once"
