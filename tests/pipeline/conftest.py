"""A session for each test, and the way to run the client's coroutines in it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import dagger
import pytest
from dagger import dag
from dagger.client._session import SharedConnection
from pressroom_pipeline import PressroomPipeline
from pressroom_pipeline.source import UNREAD

from tests.pipeline.session import TOKEN, Server, Session

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

PASSWORD = "correct horse battery staple"


@contextmanager
def serving(session: Session) -> Iterator[Server]:
    """The session's server, where the client looks for one."""
    with Server(session) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGGER_SESSION_PORT", str(server.port))
        patch.setenv("DAGGER_SESSION_TOKEN", TOKEN)
        # The client keeps the address of its first session for good.
        patch.setattr(SharedConnection(), "_params", None)
        yield server


def connected(asked: Callable[[], Awaitable[Any]]) -> Any:
    """Run a coroutine with the client connected, as `dagger call` runs a function."""

    async def connect_and_ask() -> Any:
        try:
            await dagger.connect()
            return await asked()
        finally:
            await dagger.close()

    return anyio.run(connect_and_ask)


@pytest.fixture
def session() -> Session:
    """What the engine is asked for."""
    return Session()


@pytest.fixture
def engine(session: Session) -> Iterator[Server]:
    """The server of the test's own session."""
    with serving(session) as server:
        yield server


@pytest.fixture
def run(engine: Server) -> Callable[[Callable[[], Awaitable[Any]]], Any]:
    """What runs a coroutine in the test's own session."""
    return connected


@pytest.fixture
def pipeline() -> PressroomPipeline:
    """The pipeline over a checkout."""
    return PressroomPipeline(source=dag.host().directory("/checkout", exclude=UNREAD))


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> dagger.Secret:
    """A secret as `--password env://REGISTRY_PASSWORD` makes it."""
    monkeypatch.setenv("REGISTRY_PASSWORD", PASSWORD)
    return dag.secret("env://REGISTRY_PASSWORD")
