"""A container engine: the one that runs on this machine, or one of the tests' own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.services import Process, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pressroom"
KEPT = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONTEXT")
START_SECONDS = 60.0


class NoEngine(Exception):
    """No engine runs here, and none can be started."""


class Engine:
    """Runs the programs docker and docker-compose against one daemon."""

    def __init__(self, host: str | None, *, own: bool) -> None:
        self.own = own
        # Debian's client has BuildKit inside; one from elsewhere may lack it.
        self._docker = _program("/usr/bin/docker", "docker")
        # Nothing of the caller's may leak into the compose file's variables.
        keep = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment = keep | {"DOCKER_BUILDKIT": "1", "LC_ALL": "C.UTF-8"}
        if host is not None:
            self.environment["DOCKER_HOST"] = host

    @property
    def program(self) -> str:
        """Path of the client."""
        return self._docker

    def docker(self, *arguments: str, limit: float = 600) -> str:
        """What docker prints; its errors fail the test."""
        return self._run([self._docker, *arguments], self.environment, limit)

    def compose(self, *arguments: str, environment: dict[str, str], limit: float = 600) -> str:
        """What the compose program prints: the plugin's, or docker-compose's."""
        return self._run([*self._composer(), *arguments], self.environment | environment, limit)

    def succeeds(self, *arguments: str, limit: float = 600) -> bool:
        """Whether docker leaves with 0."""
        command = [self._docker, *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, check=False, timeout=limit)
        return done.returncode == 0

    def _composer(self) -> list[str]:
        if (program := shutil.which("docker-compose")) is not None:
            return [program]
        if self.succeeds("compose", "version"):
            return [self._docker, "compose"]
        raise NoEngine("neither docker-compose nor the plugin is installed: make smoke brings it")

    @staticmethod
    def _run(command: list[str], environment: dict[str, str], limit: float) -> str:
        done = subprocess.run(
            command,
            env=environment,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=limit,
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout[-6000:]}"
        return done.stdout


@contextlib.contextmanager
def running_engine(log: Path) -> Iterator[Engine]:
    """The engine that runs here, or one started for these tests; raises `NoEngine` with the reason."""
    engine = Engine(None, own=False)
    if engine.succeeds("info", limit=30):
        yield engine
        return
    daemon = shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin")
    if daemon is None:
        raise NoEngine("no container engine: docker.io is not installed; make smoke brings it")
    if os.geteuid() != 0:
        raise NoEngine("no container engine runs, and only root can start one")
    folder = CACHE / "engine"
    folder.mkdir(parents=True, exist_ok=True)
    host = f"unix://{folder / 'docker.sock'}"
    places = ["--data-root", str(folder / "data"), "--exec-root", str(folder / "run")]
    process = Process([daemon, *places, "-H", host, "-p", str(folder / "pid")], log, dict(os.environ))
    try:
        engine = Engine(host, own=True)

        def answers() -> bool:
            if not process.alive:
                raise NoEngine(f"dockerd ended: {log.read_text()[-1000:]}")
            return engine.succeeds("info", limit=30)

        wait_for(answers, "dockerd answers", START_SECONDS)
        yield engine
    finally:
        process.signal(signal.SIGTERM)
        process.ended(START_SECONDS)


def _program(*names: str) -> str:
    for name in names:
        if (found := shutil.which(name)) is not None:
            return found
    raise NoEngine("no container engine: there is no docker; make smoke brings it")
