"""Which URLs are a job database, what its connections are told, and that no password is ever said."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from sqlalchemy.exc import OperationalError

from pressroom.errors import BadRequest, Unavailable
from pressroom.migrations import _LOCK
from pressroom.settings import Settings
from pressroom.store import Store
from pressroom.store.engine import database_address, reading
from pressroom.store.failures import our_errors
from pressroom.store.postgres import _Connection
from tests.services import free_port, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres import JobDatabases

SECRET = "s3cret"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_is_psycopg(scheme: str) -> None:
    url = database_address(f"{scheme}://ada:a%40b@db.example.org:5433/jobs?sslmode=require")
    assert (url.drivername, url.password, url.host, url.port) == (
        "postgresql+psycopg",
        "a@b",
        "db.example.org",
        5433,
    )
    assert url.query["sslmode"] == "require"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"mysql://ada:{SECRET}@db/jobs", "mysql:// is no database that keeps jobs"),
        (f"postgresql+asyncpg://ada:{SECRET}@db/jobs", "postgresql+asyncpg:// is no database"),
        (f"ada:{SECRET}@db/jobs", "it has no scheme"),
        (f"postgresql://ada:p@{SECRET}@db/jobs", "more than one @"),
        (f"postgresql://ada:{SECRET}@db:port/jobs", "can't be read"),
    ],
)
def test_another_url_is_refused_with_an_example_and_without_its_password(url: str, says: str) -> None:
    with pytest.raises(BadRequest) as caught:
        Store.open(url)
    assert says in caught.value.message
    assert caught.value.message.startswith("PRESSROOM_DATABASE_URL: ") or "can't be read" in says
    assert SECRET not in caught.value.message + (caught.value.hint or "")


def test_settings_do_not_show_the_password() -> None:
    settings = Settings(database_url=f"postgresql://ada:{SECRET}@db/jobs")
    assert SECRET not in repr(settings) + settings.model_dump_json()
    assert settings.database == f"postgresql://ada:{SECRET}@db/jobs"


def test_a_session_says_whose_it_is_and_has_its_limits(postgres_url: str) -> None:
    shown = ("application_name", "timezone", "statement_timeout", "lock_timeout")
    shown += ("idle_in_transaction_session_timeout", "transaction_isolation")
    with Store.open(postgres_url, "pressroom reaper") as store, store._engine.connect() as connection:
        found = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in shown]
        keepalives = connection.connection.dbapi_connection.info.get_parameters()
    assert found == ["pressroom reaper", "UTC", "15s", "10s", "30s", "read committed"]
    assert keepalives["tcp_user_timeout"] == "15000"


def test_what_the_url_asks_for_goes_first(postgres_url: str) -> None:
    options = quote("-c statement_timeout=7s")
    url = f"{postgres_url}&application_name=mine&connect_timeout=9&options={options}"
    with Store.open(url) as store, store._engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar() == "mine"
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "7s"
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "10s"


def test_a_server_that_does_not_answer_is_given_up(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Connection, "answer_seconds", 0.5)
    with Store.open(postgres_url) as store:
        with pytest.raises(Unavailable, match=r"no answer in 0\.5 s"), reading(store._engine) as connection:
            connection.exec_driver_sql("SELECT pg_sleep(30)")
        with reading(store._engine) as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1, "it has a new connection"


def test_a_migration_waits_for_another_as_long_as_that_takes(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = (
        "SELECT clock_timestamp() - query_start > interval '2 s' FROM pg_stat_activity "
        "WHERE wait_event = 'advisory' AND datname = current_database()"
    )

    def waits_long() -> bool:
        with reading(other._engine) as asking:
            return bool(asking.exec_driver_sql(waiting).scalar())

    with Store.open(postgres_url) as other, other._engine.connect() as first:
        first.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        monkeypatch.setattr(_Connection, "answer_seconds", 0.5)
        with Store.open(postgres_url) as late, ThreadPoolExecutor(1) as beside:
            migrating = beside.submit(late.migrate)
            wait_for(waits_long, "it waits four times as long")
            first.commit()
            migrating.result()


def test_an_unknown_option_is_named(postgres_url: str) -> None:
    with Store.open(f"{postgres_url}&sslmodus=require") as store, pytest.raises(BadRequest, match="sslmodus"):
        store.ping()


def test_no_more_connections_are_opened_than_allowed(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressroom.store.postgres.POOL_SECONDS", 0.1)
    in_use = pytest.raises(Unavailable, match="every connection to the job database is in use")
    with Store.open(postgres_url, connections=1) as store, store._engine.connect(), in_use:
        store.ping()


def test_a_refused_connection_says_why_and_not_where(tmp_path: Path) -> None:
    url = f"postgresql://ada:{SECRET}@127.0.0.1:{free_port()}/jobs"
    with Store.open(url) as store, pytest.raises(Unavailable) as caught:
        store.ping()
    assert caught.value.message == "the job database does not answer: Connection refused"
    assert caught.value.hint


def test_a_wrong_password_is_refused_without_being_said(job_databases: JobDatabases) -> None:
    url = job_databases.server.url("owner", SECRET, "migrated")
    with Store.open(url) as store, pytest.raises(Unavailable, match="password authentication") as caught:
        store.ping()
    assert caught.value.message.endswith("password authentication failed for user")
    chain = [str(caught.value), str(caught.value.__cause__), repr(caught.value.__cause__)]
    assert not any(SECRET in words for words in chain)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ('FATAL:  database "jobs" does not exist', "FATAL:  database does not exist"),
        (
            'FATAL:  no pg_hba.conf entry for host "10.0.0.5", user "ada", database "jobs", no encryption',
            "FATAL:  no pg_hba.conf entry for host, user, database, no encryption",
        ),
        (
            "failed to resolve host 'db.internal': [Errno -2] Name or service not known",
            "failed to resolve host: [Errno -2] Name or service not known",
        ),
        ("canceling statement due to lock timeout", "canceling statement due to lock timeout"),
    ],
)
def test_a_reason_names_no_host_no_role_and_no_database(said: str, reason: str) -> None:
    with pytest.raises(Unavailable) as caught, our_errors():
        raise OperationalError("SELECT 1", {}, Exception(said))
    assert caught.value.message == f"the job database does not answer: {reason}"


def test_a_role_without_rights_is_told_which_it_lacks(postgres_url: str, job_databases: JobDatabases) -> None:
    reader = postgres_url.partition("@")[2]
    with Store.open(f"postgresql://reader:correct%20horse@{reader}") as store:
        assert store.jobs() == ([], None)
        with pytest.raises(Unavailable, match="permission denied for table jobs") as caught:
            store.rings_due(0.0)
    assert caught.value.hint == "its role has to own the schema and the tables"


def test_a_server_that_takes_the_call_and_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        url = f"postgresql://ada@127.0.0.1:{hole.getsockname()[1]}/jobs?connect_timeout=2"
        start = time.monotonic()
        with Store.open(url) as store, pytest.raises(Unavailable):
            store.ping()
        assert time.monotonic() - start < 15


def test_a_statement_that_waits_too_long_for_a_lock_is_given_up(postgres_url: str) -> None:
    impatient = f"{postgres_url}&options={quote('-c lock_timeout=50ms')}"
    with Store.open(postgres_url) as holder, Store.open(impatient) as store:
        with holder._engine.begin() as connection:
            connection.exec_driver_sql("LOCK TABLE jobs")
            with pytest.raises(Unavailable, match="lock timeout"):
                store.jobs()
        assert store.jobs() == ([], None)


def test_a_session_that_was_thrown_out_is_replaced(postgres_url: str, job_databases: JobDatabases) -> None:
    with Store.open(postgres_url, "pressroom victim") as store:
        store.ping()
        thrown = job_databases.server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'pressroom victim'",
            database="postgres",
        )
        assert thrown.strip() == "t"
        store.ping()


def test_a_transaction_that_idles_loses_its_locks(postgres_url: str) -> None:
    idle = f"{postgres_url}&options={quote('-c idle_in_transaction_session_timeout=50ms')}"
    with (
        Store.open(idle) as stopped,
        Store.open(postgres_url) as other,
        stopped._engine.connect() as connection,
    ):
        connection.exec_driver_sql("LOCK TABLE jobs")
        wait_for(lambda: other.jobs() == ([], None), "the lock is gone")
        connection.invalidate()
