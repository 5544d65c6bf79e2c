"""The system of docker-compose.yml, under a project name, passwords and ports of its own."""

from __future__ import annotations

import json
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.services import free_port, wait_for

if TYPE_CHECKING:
    from tests.images.engine import Engine

TAG = "smoke"
IMAGE = f"pressroom:{TAG}"
HEALTHY_SECONDS = 240.0
PASSWORDS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "FLOWER_PASSWORD")


class System:
    """Starts with `up`; `down` removes everything of it, volumes too."""

    def __init__(self, engine: Engine, **environment: str) -> None:
        self.engine = engine
        self.project = f"pressroom-smoke-{secrets.token_hex(4)}"
        self.environment = {name: secrets.token_hex(16) for name in PASSWORDS}
        api, flower = free_port(), free_port()
        self.environment |= {"TAG": TAG, "API_ADDRESS": f"127.0.0.1:{api}", "FLOWER_PORT": str(flower)}
        self.environment |= environment
        self.url = f"http://127.0.0.1:{api}"
        self.flower_url = f"http://127.0.0.1:{flower}"

    def compose(self, *arguments: str, **more: str) -> str:
        """What the compose program prints; a .env of this checkout is not read."""
        with tempfile.NamedTemporaryFile() as nothing:
            options = ["--env-file", nothing.name, "--project-name", self.project]
            return self.engine.compose(*options, *arguments, environment=self.environment | more)

    def up(self, *options: str) -> None:
        """Start what is missing, in the background."""
        self.compose("up", "--detach", *options)

    def containers(self, service: str) -> list[str]:
        """Ids of a service's containers, stopped ones too."""
        labels = {"project": self.project, "service": service}
        filters = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        return self.engine.docker("ps", "--all", "--quiet", "--no-trunc", *filters).split()

    def inspect(self, container: str) -> dict[str, Any]:
        """What the engine knows of a container."""
        found: dict[str, Any] = json.loads(self.engine.docker("inspect", container))[0]
        return found

    def health(self, service: str) -> list[str]:
        """The health of each of a service's containers."""
        return [
            self.inspect(c)["State"].get("Health", {}).get("Status", "") for c in self.containers(service)
        ]

    def wait_healthy(self, service: str, count: int = 1) -> None:
        """Wait until `count` containers of a service are healthy, and no other is there."""
        try:
            wait_for(
                lambda: self.health(service) == ["healthy"] * count, f"{service} healthy", HEALTHY_SECONDS
            )
        except AssertionError as error:
            probes = [self.inspect(c)["State"].get("Health") for c in self.containers(service)]
            raise AssertionError(f"{error}: {probes}\n{self.logs(service)[-4000:]}") from None

    def logs(self, *services: str) -> str:
        """What the services have said."""
        return self.compose("logs", "--no-color", *services)

    def down(self, log: Path) -> None:
        """Remove all of it; what it has said stays in `log`."""
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(self.logs(), encoding="utf-8")
        self.compose("down", "--volumes", "--timeout", "5")
