"""`Press`: starts the parts in order, waits until each is ready, keeps them running, and stops them in order.

up ── lock, ports ── broker ── migrate ── api | heavy | fast | reaper | flower     (each on a leash)
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

from pressroom.embedded.leash import PR_SET_CHILD_SUBREAPER, prctl
from pressroom.embedded.lock import only_press
from pressroom.embedded.part import Part, PartSpec
from pressroom.embedded.server import LOOPBACK, BrokerServer, answers, free_port
from pressroom.errors import Conflict, Unavailable
from pressroom.files import open_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

    from pressroom.settings import Settings

READY_SECONDS = 180
"""A worker imports the design libraries first; on a busy machine that takes a while."""
STOP_SECONDS = 20
LOOK_SECONDS = 0.05
UNREADABLE = re.compile(
    r"Can't handle RDB format|reading the append only file|Wrong signature trying to load|AOF loading aborted"
    r"|Fatal error loading|invalid AOF manifest|AOF manifest file",
    re.IGNORECASE,
)
"""What Redis and Valkey say of data that they can't read, before they end."""


def part_command(package: str, *arguments: str) -> list[str]:
    """Command line of a part; -P keeps a folder `api` or `worker` in the working directory out of it."""
    return [sys.executable, "-P", "-m", package, *arguments]


class Press:
    """Every process of one installation on this machine.

    `say` gets one line for people whenever something worth knowing happens.
    """

    def __init__(self, settings: Settings, lock: int, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.parts: list[Part] = []
        self._lock = lock
        self._say = say
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._logs = settings.data_dir / "logs"
        self._listener: socket.socket | None = None
        self._broker: BrokerServer | None = None
        self.flower_user = "pressroom"
        self.flower_password = secrets.token_urlsafe(12)

    @property
    def url(self) -> str:
        """Where the API answers."""
        port = self._listener.getsockname()[1] if self._listener else self.settings.port
        return f"http://{_in_url(self.settings.host)}:{port}"

    @property
    def flower_url(self) -> str:
        """Where the dashboard answers."""
        return f"http://{LOOPBACK}:{self.settings.flower_port}"

    def start(self) -> None:
        """Start everything; returns when every part is ready, raises when one is not."""
        self._logs.mkdir(parents=True, exist_ok=True)
        self._listener = _listen(self.settings.host, self.settings.port)
        if self.settings.flower_port:
            _listen(LOOPBACK, self.settings.flower_port).close()
        else:
            self.settings = self.settings.model_copy(update={"flower_port": free_port()})
        url = self._start_broker()
        self._migrate()
        environment = self._environment(url)
        for spec in self._specs(environment):
            self._start(spec)
        self._wait_ready(self.parts)

    def run(self) -> None:
        """Watch the parts until `stop_soon` is called; one that ends is started again, later each time."""
        while not self._stop.wait(0.2):
            for part in self.parts:
                if (status := part.ended()) is not None:
                    pause = part.restart_later()
                    self._say(
                        f"{part.spec.name} ended ({_exit_words(status)}); again in {pause:g} s: {part.log}"
                    )
                elif part.restart_if_due():
                    self._say(f"{part.spec.name} started again")

    def stop_soon(self) -> None:
        """Ask `run` to return; the second time, ask `stop` not to wait for jobs under way."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def stop(self) -> None:
        """Stop every part, the broker last, so that workers can still give their jobs back."""
        broker = [part for part in self.parts if part.spec.name == "broker"]
        others = [part for part in self.parts if part not in broker]
        for group in (others, broker):
            for part in group:
                part.ask_to_stop()
            deadline = time.monotonic() + STOP_SECONDS
            for part in group:
                if part.spec.keeps_nothing:
                    part.kill()
                else:
                    self._wait_stopped(part, deadline)
        if self._listener is not None:
            self._listener.close()

    def _wait_stopped(self, part: Part, deadline: float) -> None:
        while not self._hurry.is_set() and time.monotonic() < deadline:
            if part.stopped_within(LOOK_SECONDS):
                return
        if not part.stopped_within(0):
            self._say(f"{part.spec.name} did not stop in time and is killed")
            part.kill()

    def _start_broker(self) -> str:
        if self.settings.redis_url is not None:
            if not answers(self.settings.redis_url):
                raise Unavailable(
                    "the broker at REDIS_URL does not answer",
                    hint="start it, or unset REDIS_URL to get one of our own",
                )
            return self.settings.redis_url
        broker = self._broker = BrokerServer.prepare(self.settings.data_dir / "broker")
        self._start(
            PartSpec(
                name="broker",
                command=broker.command,
                environment=dict(os.environ),
                ready_answer=lambda: answers(broker.url),
                before_restart=self._free_broker,
            )
        )
        try:
            self._wait_ready(self.parts)
        except Unavailable:
            if not UNREADABLE.search(self.parts[0].last_lines(20)):
                raise
            self._free_broker(self.parts[0].last_lines(20))
            self.parts[0].start()
            self._wait_ready(self.parts)
        return broker.url

    def _free_broker(self, last_lines: str) -> None:
        """The queue can be given up when it is unreadable: the reaper rings every waiting job again."""
        if self._broker is not None and UNREADABLE.search(last_lines):
            aside = self._broker.set_data_aside()
            self._say(f"the broker could not read its data; moved to {aside}; waiting jobs are rung again")

    def _migrate(self) -> None:
        from pressroom.store import Store

        store = Store.open(self.settings.database, "pressroom up")
        try:
            store.migrate()
        finally:
            store.close()

    def _start(self, spec: PartSpec) -> None:
        part = Part(spec, self._logs, self._lock)
        self.parts.append(part)
        part.start()

    def _environment(self, broker_url: str) -> Mapping[str, str]:
        settings = self.settings
        return {
            **os.environ,
            "REDIS_URL": broker_url,
            "PRESSROOM_REDIS_URL": broker_url,
            "PRESSROOM_DATA_DIR": str(settings.data_dir.resolve()),
            "PRESSROOM_HOST": settings.host,
            "PRESSROOM_PORT": str(settings.port),
            "PRESSROOM_FLOWER_PORT": str(settings.flower_port),
            "FLOWER_BASIC_AUTH": f"{self.flower_user}:{self.flower_password}",
            "PYTHONSAFEPATH": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def _specs(self, environment: Mapping[str, str]) -> Iterator[PartSpec]:
        if self._listener is None:
            raise RuntimeError("the API's socket comes first")
        descriptor = self._listener.fileno()
        yield PartSpec(
            "api",
            part_command("api", "--fd", str(descriptor)),
            environment,
            ready_answer=lambda: _http_ok(f"{self.url}/healthz"),
            descriptors=(descriptor,),
        )
        celery_ready = re.compile(r"@\S+ ready\.")  # what Celery logs once a worker listens to its queue
        for queue in ("heavy", "fast"):
            yield PartSpec(queue, part_command("worker", queue), environment, ready_line=celery_ready)
        yield PartSpec(
            "reaper",
            part_command("worker", "reaper"),
            environment,
            ready_line=re.compile(r"reaper ready\."),
        )
        yield PartSpec(
            "flower",
            part_command("worker", "flower"),
            environment,
            ready_answer=lambda: _http_ok(f"{self.flower_url}/healthcheck"),
            # Its TERM handler exits inside the event loop, and now and then that waits for ever.
            keeps_nothing=True,
        )

    def _wait_ready(self, parts: list[Part]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        waiting = list(parts)
        while waiting:
            if self._stop.is_set():
                raise KeyboardInterrupt
            for part in list(waiting):
                if (status := part.ended()) is not None:
                    raise Unavailable(
                        f"{part.spec.name} did not start ({_exit_words(status)}): {part.last_lines(3)}",
                        hint=f"its log is {part.log}",
                    )
                if part.ready():
                    waiting.remove(part)
            if waiting and time.monotonic() > deadline:
                raise Unavailable(
                    f"{', '.join(p.spec.name for p in waiting)} not ready after {READY_SECONDS} s",
                    hint=f"the logs are in {self._logs}",
                )
            self._stop.wait(LOOK_SECONDS)


def run_press(settings: Settings, say: Callable[[str], None], started: Callable[[Press], None]) -> None:
    """Run the press until Ctrl-C or TERM; `started` is called once everything is ready."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    # A storage that lets nobody in is said once, not by every part.
    open_files(settings)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    with only_press(settings.data_dir) as lock:
        press = Press(settings, lock, say)
        with _stopping_on_signals(press):
            try:
                press.start()
                started(press)
                press.run()
            except KeyboardInterrupt:
                pass
            finally:
                say("stopping")
                press.stop()


@contextlib.contextmanager
def _stopping_on_signals(press: Press) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        press.stop_soon()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that a port in use is known before anything starts, and stays ours after."""
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as e:
        listener.close()
        raise Conflict(
            f"port {port} on {host} is in use"
            if e.errno == 98
            else f"can't listen on {host}:{port}: {e.strerror}",
            hint="choose another with --port (API) or --flower-port; 0 takes a free one",
        ) from None
    return listener


def _http_ok(url: str) -> bool:
    import httpx

    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _in_url(host: str) -> str:
    reachable = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{reachable}]" if ":" in reachable else reachable


def _exit_words(status: int) -> str:
    if status > 128:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(status - 128).name}"
    return f"exit status {status}"
