"""A session for each test, and the way to run the client's coroutines in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import dagger
import pytest
from dagger.client._session import SharedConnection

from tests.pipeline.session import TOKEN, Server, Session

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator


@pytest.fixture
def session() -> Session:
    """What the engine is asked for."""
    return Session()


@pytest.fixture
def engine(session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The session's server, where the client looks for one."""
    with Server(session) as server:
        monkeypatch.setenv("DAGGER_SESSION_PORT", str(server.port))
        monkeypatch.setenv("DAGGER_SESSION_TOKEN", TOKEN)
        # The client keeps the address of its first session for good.
        monkeypatch.setattr(SharedConnection(), "_params", None)
        yield server


@pytest.fixture
def run(engine: Server) -> Callable[[Callable[[], Awaitable[Any]]], Any]:
    """Run a coroutine with the client connected, as `dagger call` runs a function."""

    async def connected(asked: Callable[[], Awaitable[Any]]) -> Any:
        try:
            await dagger.connect()
            return await asked()
        finally:
            await dagger.close()

    return lambda asked: anyio.run(connected, asked)
