"""Fixtures that every kind of test may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pressroom.store import Store
from tests.services import Broker, Shop, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A job database of the test's own."""
    with Store.open(f"sqlite:///{tmp_path}/pressroom.db") as opened:
        opened.migrate()
        yield opened


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of the test's own."""
    started = Broker(tmp_path)
    yield started
    started.kill()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A whole installation, with short leases; no process of it but the broker is started."""
    with open_shop(tmp_path) as opened:
        yield opened
