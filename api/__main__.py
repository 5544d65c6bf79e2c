"""`python -m api`: serve the API with uvicorn, on loopback unless told otherwise."""

from __future__ import annotations

import argparse
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from api.access import Access
from api.app import create_app
from pressroom.errors import PressroomError
from pressroom.logs import set_up_logs
from pressroom.settings import Settings

if TYPE_CHECKING:
    from types import FrameType

    from fastapi import FastAPI

GRACE_SECONDS = 5


class Server(uvicorn.Server):
    """Lets long polls go as soon as the server is told to stop."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On the first TERM or INT: finish what is under way, but wait for nothing."""
        self._app.state.services.watch.close()
        super().handle_exit(sig, frame)


def main() -> int:
    """Serve until TERM or INT."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve Pressroom's REST API.")
    parser.add_argument("--host", help="address to bind to (default: PRESSROOM_HOST, or 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port (default: PRESSROOM_PORT, or 8000)")
    parser.add_argument("--fd", type=int, help="a listening socket to take over instead")
    options = parser.parse_args()
    given = {key: value for key in ("host", "port") if (value := getattr(options, key)) is not None}
    settings = Settings(**given)
    set_up_logs()
    try:
        app = create_app(settings)
        app.state.services.store.wait_for_schema()
    except PressroomError as error:
        sys.stderr.write(f"error: {error.message}\n" + (f"hint: {error.hint}\n" if error.hint else ""))
        return 1
    config = uvicorn.Config(
        # Outside of everything else, so that an answer to an unexpected error has its id, too.
        Access(app),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        # A proxy's headers are believed only from loopback (uvicorn's default), and never for the Host.
        proxy_headers=True,
    )
    sockets = [socket.socket(fileno=options.fd)] if options.fd is not None else None
    Server(config, app).run(sockets=sockets)
    return 0


if __name__ == "__main__":
    sys.exit(main())
