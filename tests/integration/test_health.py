"""`pressroom health`: whether a part is well, asked as a container engine asks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pressroom.cli.health import Part, part_of
from pressroom.errors import BadRequest
from pressroom.pulse import FOLDER, FORGOTTEN_SECONDS, Pulse
from tests.services import ROOT, free_port, wait_for

if TYPE_CHECKING:
    from tests.services import Shop


def health(shop: Shop, *part: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from pressroom.cli import main; main()", "health", *part]
    return subprocess.run(
        command, env=shop.environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def well(shop: Shop, part: str) -> bool:
    return health(shop, part).returncode == 0


@pytest.mark.parametrize("queue", ["heavy", "fast"])
def test_a_worker_is_well_while_it_answers_over_the_broker(shop: Shop, queue: str) -> None:
    assert not well(shop, queue)
    worker = shop.start_worker(queue)
    done = health(shop, queue)
    assert (done.returncode, done.stdout) == (0, f"{queue}: well\n"), done.stderr
    other = {"heavy": "fast", "fast": "heavy"}[queue]
    assert f"error: the worker {other}@" in health(shop, other).stderr
    worker.kill()
    assert not well(shop, queue)


def test_a_worker_without_its_broker_is_not_well(shop: Shop) -> None:
    shop.start_worker()
    shop.broker.kill()
    done = health(shop, "fast")
    assert done.returncode == 1
    assert "error: the broker does not answer" in done.stderr


def test_a_worker_that_is_told_of_no_broker_is_told_what_to_set(shop: Shop) -> None:
    del shop.environment["PRESSROOM_REDIS_URL"]
    assert "hint: set REDIS_URL" in health(shop, "fast").stderr


def test_asking_a_worker_leaves_nothing_in_the_broker(shop: Shop) -> None:
    shop.start_worker()
    assert well(shop, "fast")
    with shop.broker.client() as client:
        before = {key: client.type(key) for key in client.keys("*reply*")}
        members = sum(client.scard(key) for key in before)
        assert well(shop, "fast")
        after = {key: client.type(key) for key in client.keys("*reply*")}
        assert sum(client.scard(key) for key in after) == members
        assert after == before


def test_a_reaper_is_well_while_it_does_its_rounds(shop: Shop) -> None:
    assert "has done no round yet" in health(shop, "reaper").stderr
    reaper = shop.start_reaper()
    wait_for(lambda: well(shop, "reaper"), "the reaper is well")
    reaper.signal(signal.SIGSTOP)
    pulse = shop.settings.data_dir / FOLDER / f"reaper@{socket.gethostname()}"
    past = time.time() - 100
    os.utime(pulse, (past, past))
    done = health(shop, "reaper")
    assert done.returncode == 1
    assert "the reaper's last round was 10" in done.stderr
    reaper.signal(signal.SIGCONT)
    wait_for(lambda: well(shop, "reaper"), "the reaper is well again")
    reaper.signal(signal.SIGTERM)
    assert reaper.ended() == 0
    assert not pulse.exists()


def test_the_pulse_of_a_part_that_was_killed_is_swept_after_a_day(tmp_path: Path) -> None:
    living, dead = Pulse(tmp_path, "reaper"), tmp_path / FOLDER / "reaper@gone"
    living.beat()
    dead.touch()
    past = time.time() - FORGOTTEN_SECONDS - 1
    os.utime(dead, (past, past))
    living.sweep()
    assert not dead.exists()
    age = living.age()
    assert age is not None
    assert age < 60


def test_the_api_is_well_when_jobs_can_be_taken(shop: Shop) -> None:
    shop.environment["PRESSROOM_PORT"] = str(free_port())
    assert "no answer (ConnectError)" in health(shop, "api").stderr
    api = shop.start("api")
    wait_for(lambda: api.says("running on"), "the API listens")
    assert well(shop, "api")
    shop.broker.kill()
    done = health(shop, "api")
    assert done.returncode == 1
    assert "503" in done.stderr
    assert "the broker does not answer" in done.stderr


def test_flower_is_well_when_it_answers(shop: Shop) -> None:
    shop.environment["PRESSROOM_FLOWER_PORT"] = str(free_port())
    assert not well(shop, "flower")
    shop.start("worker", "flower")
    wait_for(lambda: well(shop, "flower"), "flower is well")


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("tini -- pressroom api", Part.API),
        ("/usr/bin/tini -- /opt/pressroom/bin/pressroom api --port 80", Part.API),
        ("tini -- pressroom worker --queue fast", Part.FAST),
        ("/sbin/docker-init -- tini -- pressroom worker --queue=heavy", Part.HEAVY),
        ("tini -- pressroom flower --address 0.0.0.0", Part.FLOWER),
        ("tini -- pressroom reaper", Part.REAPER),
        ("tini -- pressroom up --port 8000", Part.API),
    ],
)
def test_a_container_knows_its_part_by_its_first_process(command: str, part: Part) -> None:
    assert part_of(command.replace(" ", "\0").encode() + b"\0") is part


@pytest.mark.parametrize(
    "command", ["/sbin/init", "tini -- pressroom migrate", "tini -- pressroom worker", ""]
)
def test_elsewhere_the_part_must_be_named(command: str) -> None:
    with pytest.raises(BadRequest, match="no container of a part"):
        part_of(command.replace(" ", "\0").encode())
