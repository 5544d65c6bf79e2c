"""Fixtures that every kind of test may use."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pressroom.store import Store
from tests.objects import KEYS, Line, ObjectServer, object_server
from tests.postgres import JobDatabases, running_postgres
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


@pytest.fixture(scope="session")
def job_databases() -> Iterator[JobDatabases]:
    """A PostgreSQL of this pytest process, and an empty job database in it to be copied."""
    with running_postgres() as server:
        databases = JobDatabases(server)
        with Store.open(databases.empty("migrated")) as opened:
            opened.migrate()
        yield databases


@pytest.fixture
def postgres_url(job_databases: JobDatabases) -> Iterator[str]:
    """A migrated job database of the test's own on PostgreSQL."""
    with job_databases.copy_of("migrated") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated job database of the test's own, once on each database that Pressroom knows."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    shutil.copyfile(request.getfixturevalue("migrated"), tmp_path / "pressroom.db")
    return f"sqlite:///{tmp_path}/pressroom.db"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A job database of the test's own; the test runs once on each database."""
    with Store.open(database_url, connections=16) as opened:
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


@dataclass(frozen=True)
class Bucket:
    """An empty bucket that this process and those it starts reach over `line`."""

    name: str
    url: str
    line: Line
    server: ObjectServer

    def contents(self) -> list[str]:
        """Every key in it, without the prefix."""
        found = self.server.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        return sorted(item["Key"].removeprefix("a/prefix/") for item in found)


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """An S3-compatible server that all tests of this process share."""
    with object_server(tmp_path_factory.mktemp("objects")) as server:
        yield server


@pytest.fixture
def bucket(object_store: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket of the test's own."""
    with opened_bucket(object_store, monkeypatch) as bucket:
        yield bucket


@contextlib.contextmanager
def opened_bucket(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A new bucket, which the environment says how to reach."""
    line = Line(server.port)
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": line.url, "AWS_ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(name, value)
    name = server.bucket()
    try:
        yield Bucket(name, f"s3://{name}/a/prefix", line, server)
    finally:
        line.close()
