"""`python -m worker heavy|fast|reaper|flower`: one part of the press, for a container or a supervisor."""

from __future__ import annotations

import argparse
import ipaddress
import os
import sys
from typing import TYPE_CHECKING

from pressroom.broker import QUEUES
from pressroom.errors import BadRequest, PressroomError
from pressroom.files import open_files
from pressroom.logs import set_up_logs
from pressroom.settings import Settings
from pressroom.store import Store
from worker.app import create_celery, ringer, worker_arguments
from worker.reaper import run_reaper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.app import Press


FLOWER_CONNECTIONS = 32


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one part until it is told to go."""
    parser = argparse.ArgumentParser(prog="python -m worker", description="One part of the press.")
    parser.add_argument("part", choices=[*QUEUES, "reaper", "flower"])
    parser.add_argument("--address", default="127.0.0.1", help="flower: address to bind (default: loopback)")
    options = parser.parse_args(arguments)
    set_up_logs()
    try:
        settings = Settings()
        app = create_celery(settings)
        match options.part:
            case "reaper":
                files = open_files(settings)
                with Store.open(settings.database, "pressroom reaper") as store:
                    store.wait_for_schema()
                    run_reaper(store, files, settings, ringer(app))
            case "flower":
                run_flower(app, settings, options.address)
            case queue:
                # Before the pool: a child that can't start is only started again.
                open_files(settings)
                # Its children open stores of their own.
                with Store.open(settings.database, f"pressroom worker {queue}") as store:
                    store.wait_for_schema()
                app.worker_main(worker_arguments(queue, settings))
    except PressroomError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        sys.exit(f"error: {error}{hint}")


def run_flower(app: Press, settings: Settings, address: str) -> None:
    """Flower, read-only. Beyond loopback it wants FLOWER_BASIC_AUTH=user:password."""
    if not os.environ.get("FLOWER_BASIC_AUTH") and not _is_loopback(address):
        raise BadRequest(
            f"flower on {address} would be open to everybody", hint="set FLOWER_BASIC_AUTH=user:password"
        )
    # Flower asks all workers everything at once when it starts; a worker's few connections starve its events.
    app.conf.broker_pool_limit = FLOWER_CONNECTIONS
    app.start(["flower", f"--address={address}", f"--port={settings.flower_port}", "--read_only=True"])


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


if __name__ == "__main__":
    main()
