"""The client against a server that breaks: a real one, on a real socket, that does what the test tells it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from pressroom.client import Client, Refused
from pressroom.errors import Incomplete, Unavailable
from tests.services import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message
    from pathlib import Path

CONTENT = bytes(range(256)) * 40_000
FILE = {
    "name": "flights.pdf",
    "bytes": len(CONTENT),
    "sha256": hashlib.sha256(CONTENT).hexdigest(),
    "url": "/v1/jobs/x/files/flights.pdf",
}


@dataclass(frozen=True)
class Call:
    """What came."""

    path: str
    headers: Message


class Handler(BaseHTTPRequestHandler):
    """Answers with the next line of the script; `drop` closes the connection instead."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.calls.append(Call(self.path, self.headers))
        self.server.script.pop(0)(self)

    do_POST = do_DELETE = do_GET  # noqa: N815 - names that http.server looks for

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def log_message(self, *_: object) -> None:
        """Nothing: the tests look at the calls."""


class Server(ThreadingHTTPServer):
    """A server with a script."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Callable[[Handler], None]] = []
        self.calls: list[Call] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """A server in a thread."""
    started = Server()
    thread = threading.Thread(target=started.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield started
    started.shutdown()
    thread.join()
    started.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    """Pressroom's server."""
    with serving() as started:
        yield started


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """A client of it."""
    with Client(server.url, patience=5) as opened:
        yield opened


def says(status: int, body: Any, **headers: str) -> Callable[[Handler], None]:
    def answer(call: Handler) -> None:
        call.body()
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        call.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            call.send_header(name.replace("_", "-"), value)
        call.end_headers()
        call.wfile.write(content)

    return answer


def drops(call: Handler) -> None:
    call.body()
    call.close_connection = True


def sends(content: bytes, *, break_after: int | None = None) -> Callable[[Handler], None]:
    """The file, or the range asked for; breaks off after so many bytes."""

    def answer(call: Handler) -> None:
        wanted = call.headers.get("range")
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        part = content[first:]
        call.send_response(206 if wanted else 200)
        call.send_header("Content-Length", str(len(part)))
        call.end_headers()
        call.wfile.write(part[:break_after])
        call.close_connection = break_after is not None

    return answer


def test_a_submit_is_sent_again_with_the_same_key_when_the_connection_breaks(
    server: Server, client: Client
) -> None:
    server.script = [drops, says(503, {}), says(202, {"id": "1"})]
    assert client.submit({"report": "flights"}) == {"id": "1"}
    keys = {call.headers["idempotency-key"] for call in server.calls}
    assert (len(server.calls), len(keys)) == (3, 1)


def test_two_submits_have_two_keys(server: Server, client: Client) -> None:
    server.script = [says(202, {}), says(202, {})]
    client.submit({})
    client.submit({})
    assert len({call.headers["idempotency-key"] for call in server.calls}) == 2


def test_a_problem_is_raised_with_what_the_server_says(server: Server, client: Client) -> None:
    server.script = [
        says(
            422,
            {
                "code": "bad_parameters",
                "detail": "since: no date",
                "hint": "2013-06-01",
                "errors": [{"pointer": "/parameters/since", "detail": "no date"}],
            },
        )
    ]
    with pytest.raises(Refused, match="since: no date") as raised:
        client.submit({})
    error = raised.value
    assert (error.code, error.status, error.hint) == ("bad_parameters", 422, "2013-06-01")
    assert error.errors[0].pointer == "/parameters/since"


def test_a_retry_whose_answer_was_lost_is_not_sent_twice(server: Server, client: Client) -> None:
    server.script = [drops]
    with pytest.raises(Unavailable):
        client.retry("x")
    assert len(server.calls) == 1


def test_waiting_outlives_a_server_that_goes_and_comes(server: Server, client: Client) -> None:
    running = {"id": "x", "done": False, "state": "running"}
    server.script = [
        says(200, running, ETag='"1"'),
        drops,
        says(304, b""),
        says(502, b"<html>bad gateway</html>"),
        says(200, {**running, "done": True, "state": "succeeded"}),
    ]
    seen: list[str] = []
    assert client.wait("x", changed=lambda job: seen.append(job["state"]))["done"]
    assert seen == ["running", "succeeded"]
    assert server.calls[1].headers["if-none-match"] == '"1"'


def test_an_upload_that_broke_is_sent_again_whole(server: Server, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "Flüge.csv"
    path.write_bytes(CONTENT[:3_000_000])
    bodies: list[bytes] = []

    def takes(call: Handler) -> None:
        bodies.append(call.rfile.read(int(call.headers["content-length"])))
        call.send_response(201)
        call.send_header("Content-Length", "2")
        call.end_headers()
        call.wfile.write(b"{}")

    server.script = [drops, takes]
    sent: list[int] = []
    client.upload(path, sent=sent.append)
    assert bodies == [path.read_bytes()]
    assert sent[-1] == 3_000_000
    assert "name=Fl%C3%BCge.csv" in server.calls[-1].path


def test_a_download_goes_on_where_it_broke_off(server: Server, client: Client, tmp_path: Path) -> None:
    server.script = [sends(CONTENT, break_after=3_000_000), sends(CONTENT)]
    path = client.download(FILE, tmp_path)
    assert path == tmp_path / "flights.pdf"
    assert path.read_bytes() == CONTENT
    resumed = server.calls[1].headers
    assert int(resumed["range"].removeprefix("bytes=").rstrip("-")) > 0
    assert resumed["if-range"] == f'"{FILE["sha256"]}"'
    assert [p.name for p in tmp_path.iterdir()] == ["flights.pdf"]


def test_a_later_download_goes_on_too(server: Server, tmp_path: Path) -> None:
    server.script = [sends(CONTENT, break_after=5_000_000)]
    with Client(server.url, patience=0) as first, pytest.raises(Unavailable):
        first.download(FILE, tmp_path)
    assert not (tmp_path / "flights.pdf").exists()
    server.script = [sends(CONTENT)]
    with Client(server.url) as second:
        assert second.download(FILE, tmp_path).read_bytes() == CONTENT
    assert server.calls[-1].headers["range"]


@pytest.fixture
def storage() -> Iterator[Server]:
    """An object store's server, on another port."""
    with serving() as started:
        yield started


def sends_on_to(storage: Server) -> Callable[[Handler], None]:
    where = f"{storage.url}/bucket/flights.pdf?X-Amz-Signature=open-sesame"
    return says(307, b"", Location=where, Set_Cookie="session=secret; Path=/")


def test_a_download_that_is_sent_on_tells_the_store_nothing_but_the_range(
    server: Server, storage: Server, client: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.script = [sends_on_to(storage), sends_on_to(storage)]
    storage.script = [sends(CONTENT, break_after=3_000_000), sends(CONTENT)]
    with caplog.at_level(logging.INFO):
        assert client.download(FILE, tmp_path).read_bytes() == CONTENT
    assert server.calls[1].headers["cookie"] == "session=secret"
    resumed = storage.calls[1].headers
    assert int(resumed["range"].removeprefix("bytes=").rstrip("-")) > 0
    # The store's own ETag is another: with a condition it would send all of it again.
    assert not {"cookie", "authorization", "if-range"} & {name.lower() for name in resumed}
    assert "/bucket/flights.pdf" in caplog.text
    assert "open-sesame" not in caplog.text


@pytest.mark.parametrize("status", [500, 503])
def test_a_store_that_fails_is_asked_again_with_a_new_address(
    server: Server, storage: Server, client: Client, tmp_path: Path, status: int
) -> None:
    server.script = [sends_on_to(storage), sends_on_to(storage)]
    storage.script = [says(status, b"<Error/>"), sends(CONTENT)]
    assert client.download(FILE, tmp_path).read_bytes() == CONTENT
    assert len(server.calls) == 2


def test_a_store_that_the_client_cannot_reach_is_said_to_be_the_store(server: Server, tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    server.script = [says(307, b"", Location=f"{nobody}/bucket/flights.pdf?X-Amz-Signature=open-sesame")]
    with Client(server.url, patience=0) as client, pytest.raises(Unavailable) as raised:
        client.download(FILE, tmp_path)
    assert raised.value.message.startswith(f"the object store at {nobody} does not answer: ")
    assert "PRESSROOM_STORAGE_REDIRECT" in str(raised.value.hint)
    assert "open-sesame" not in raised.value.message


def test_an_address_that_is_over_is_an_error_without_the_address(
    server: Server, storage: Server, client: Client, tmp_path: Path
) -> None:
    server.script = [sends_on_to(storage)]
    storage.script = [says(403, b"<Error><Code>AccessDenied</Code></Error>")]
    with pytest.raises(Refused, match="403") as raised:
        client.download(FILE, tmp_path)
    assert "open-sesame" not in str(raised.value)


def test_wrong_bytes_are_fetched_once_more_and_then_refused(
    server: Server, client: Client, tmp_path: Path
) -> None:
    wrong = bytes(len(CONTENT))
    server.script = [sends(wrong), sends(CONTENT)]
    assert client.download(FILE, tmp_path).read_bytes() == CONTENT
    (tmp_path / "flights.pdf").unlink()
    server.script = [sends(wrong), sends(wrong)]
    with pytest.raises(Incomplete, match=r"flights\.pdf"):
        client.download(FILE, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_name_that_is_a_path_is_refused(client: Client, tmp_path: Path) -> None:
    with pytest.raises(Incomplete, match="no file name"):
        client.download({**FILE, "name": "../../evil"}, tmp_path)


def test_a_server_that_is_not_there_is_known_soon(tmp_path: Path) -> None:
    with (
        Client(f"http://127.0.0.1:{free_port()}") as client,
        pytest.raises(Unavailable, match="does not answer"),
    ):
        client.jobs()
