"""Fixtures that every kind of test may use."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pressroom.store import Store
from tests.services import Broker, Shop, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty job database, to be copied: faster than running the migrations for every test."""
    path = tmp_path_factory.mktemp("database") / "pressroom.db"
    with Store.open(f"sqlite:///{path}") as opened:
        opened.migrate()
    return path


@pytest.fixture
def store(tmp_path: Path, migrated: Path) -> Iterator[Store]:
    """A job database of the test's own."""
    shutil.copyfile(migrated, tmp_path / "pressroom.db")
    with Store.open(f"sqlite:///{tmp_path}/pressroom.db") as opened:
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
