"""Callbacks arrive, are tried again, and go nowhere else."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from pressroom.errors import BadRequest
from tests.services import Shop, open_shop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Listener(HTTPServer):
    """Answers as it is told and keeps what it hears."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Ear)
        self.heard: list[dict[str, Any]] = []
        self.status = 204

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/done"


class Ear(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        self.server.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def calling(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, callback_hosts="127.0.0.1") as shop:
        yield shop


def test_a_caller_is_told_once_when_the_job_has_ended(calling: Shop, listener: Listener) -> None:
    job = calling.submit(callback=listener.url, labels=["q4"])
    calling.store.request_cancel(job.id)
    reaper = calling.start_reaper()
    wait_for(lambda: reaper.says("callback heard"), "callback")
    assert [(said["id"], said["state"], said["labels"]) for said in listener.heard] == [
        (job.id, "cancelled", ["q4"])
    ]
    assert calling.store.callbacks_due() == []


def test_a_caller_that_fails_is_told_again_later(calling: Shop, listener: Listener) -> None:
    listener.status = 302
    job = calling.submit(callback=listener.url)
    calling.store.request_cancel(job.id)
    reaper = calling.start_reaper()
    wait_for(lambda: reaper.says("callback failed"), "callback")
    with calling.store._engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT callback_due - finished, callback_tries FROM jobs").one()
    assert row[0] >= 10
    assert row[1] == 1


@pytest.mark.parametrize("status", [204, 404])
def test_what_stands_in_a_callers_address_is_not_logged(
    calling: Shop, listener: Listener, status: int
) -> None:
    listener.status = status
    job = calling.submit(callback=f"{listener.url}?token=hush-hush")
    calling.store.request_cancel(job.id)
    reaper = calling.start_reaper()
    wait_for(lambda: reaper.says("callback heard" if status == 204 else "it answered 404"), "callback")
    assert not reaper.says("hush-hush")


def test_hosts_that_are_not_named_are_not_called(shop: Shop) -> None:
    with pytest.raises(BadRequest, match="not allowed"):
        shop.submit(callback="http://127.0.0.1/")
    assert shop.store.jobs() == ([], None)
