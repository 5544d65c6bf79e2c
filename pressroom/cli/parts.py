"""The press and its parts: `up` runs all of them here, the others are for containers, one process each."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from pressroom.cli.screen import say

Host = Annotated[str | None, typer.Option(help="address to bind to (default: 127.0.0.1)")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="port (default: 8000); 0 takes a free one")]


class Queue(StrEnum):
    """The queues that workers serve."""

    HEAVY = "heavy"
    FAST = "fast"


def up(
    host: Host = None,
    port: Port = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="where everything is kept (default: ./pressroom-data)")
    ] = None,
    flower_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="port of the dashboard (default: 5555)")
    ] = None,
) -> None:
    """Run everything on this machine: broker, database, workers, API, dashboard. Ctrl-C stops all of it.

    Example:  pressroom up --port 8080 --data-dir /var/lib/pressroom
    """
    from pressroom.embedded import Press, run_press
    from pressroom.settings import Settings

    given: dict[str, Any] = {"host": host, "port": port, "data_dir": data_dir, "flower_port": flower_port}

    def started(press: Press) -> None:
        say(f"API        {press.url}/docs")
        say(f"dashboard  {press.flower_url}  (user {press.flower_user}, password {press.flower_password})")
        say(f"data       {press.settings.data_dir.resolve()}")
        say("Ctrl-C stops everything.")
        sys.stdout.flush()

    settings = Settings(**{key: value for key, value in given.items() if value is not None})
    run_press(settings, say=_event, started=started)


def api(host: Host = None, port: Port = None) -> None:
    """Serve the REST API; needs REDIS_URL.

    Example:  REDIS_URL=redis://localhost pressroom api --port 8080
    """
    options = [*(("--host", host) if host else ()), *(("--port", str(port)) if port is not None else ())]
    become("api", *options)


def worker(
    queue: Annotated[Queue, typer.Option(help="heavy: one job on all cores; fast: many small ones")],
) -> None:
    """Run jobs of one queue; needs REDIS_URL.

    Example:  REDIS_URL=redis://localhost pressroom worker --queue heavy
    """
    become("worker", str(queue))


def reaper() -> None:
    """Ring for jobs that were forgotten, end those that cannot be run, remove what has expired.

    Example:  REDIS_URL=redis://localhost pressroom reaper
    """
    become("worker", "reaper")


def flower(
    address: Annotated[str | None, typer.Option(help="address to bind to (default: 127.0.0.1)")] = None,
) -> None:
    """Serve the operators' dashboard; beyond loopback it wants FLOWER_BASIC_AUTH=user:password.

    Example:  REDIS_URL=redis://localhost pressroom flower
    """
    become("worker", "flower", *(("--address", address) if address else ()))


def migrate() -> None:
    """Bring the job database up to date; safe to run at any time.

    Example:  PRESSROOM_DATABASE_URL=postgresql://... pressroom migrate
    """
    from pressroom.logs import set_up_logs
    from pressroom.settings import Settings
    from pressroom.store import Store

    set_up_logs()
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with Store.open(settings.database, "pressroom migrate") as store:
        # Started together with its server, in a compose file.
        store.wait_for_database()
        store.migrate()
    say("the job database is up to date")


def become(package: str, *arguments: str) -> NoReturn:
    """Replace this process by `python -m package`: the domain may not import it, and signals reach it."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", package, *arguments])  # noqa: S606 - our own modules


def _event(line: str) -> None:
    typer.echo(f"pressroom: {line}", err=True)


COMMANDS = (up, api, worker, reaper, flower, migrate)
