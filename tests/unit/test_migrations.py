"""The steps lead to the tables, from wherever a database stands, on both databases."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Double, Integer, MetaData, Table, insert
from sqlalchemy.types import JSON

from pressroom.errors import NotMigrated, SchemaTooNew
from pressroom.jobs import JobState, new_id
from pressroom.migrations import _config
from pressroom.store import Store
from pressroom.store.tables import metadata
from tests.services import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Column, Connection

    from tests.postgres import JobDatabases

STEPS = [step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]
AT_ONCE = 8


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    databases: JobDatabases = request.getfixturevalue("job_databases")
    return databases.empty()


@pytest.fixture
def empty(empty_url: str) -> Iterator[Store]:
    with Store.open(empty_url) as opened:
        yield opened


def go_to(connection: Connection, step: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, step)


def a_value(column: Column[Any], key: str) -> object:
    """Something that a column of this type and name may hold."""
    known = {"state": "queued", "queue": "fast", "progress": {}, "parameters": {"n": 1}, "datasets": {}}
    if column.name in known:
        return known[column.name]
    if column.name in ("id", "job_id"):
        return key
    if isinstance(column.type, JSON):
        return []
    return 1 if isinstance(column.type, Integer | Double) else "x"


def fill(connection: Connection) -> str:
    """One row in each table as the tables are now; the key they share."""
    key = new_id()
    shape = MetaData()
    for name in ("jobs", "job_labels", "datasets"):
        # Reflected, but JSON comes back from SQLite and PostgreSQL as the type it was made with.
        table = Table(name, shape, autoload_with=connection)
        row = {c.name: a_value(c, key) for c in table.columns if not c.nullable}
        connection.execute(insert(table).values(row))
    return key


def test_models_and_steps_agree(store: Store) -> None:
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("step", STEPS)
def test_rows_of_each_earlier_step_are_kept(empty: Store, step: str) -> None:
    with empty._engine.begin() as connection:
        go_to(connection, step)
        key = fill(connection)
    empty.migrate()
    empty.check_schema()
    job = empty.job(key)
    assert (job.state, job.parameters, job.queue) == (JobState.QUEUED, {"n": 1}, "fast")
    assert empty.jobs(label="x")[0] == [job]
    assert empty.known_datasets([key])
    assert empty.claim(key, 60.0) is None, "attempt 1 of 1"


def test_migrating_again_changes_nothing(store: Store) -> None:
    store.migrate()
    store.check_schema()


def test_eight_commands_at_once_migrate_once(empty_url: str, tmp_path: Path) -> None:
    environment = {"PRESSROOM_DATABASE_URL": empty_url, "PRESSROOM_DATA_DIR": str(tmp_path), "LC_ALL": "C"}
    command_line = [sys.executable, "-c", "from pressroom.cli import main; main()", "migrate"]
    running = [
        subprocess.Popen(
            command_line,
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(AT_ONCE)
    ]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0] * AT_ONCE, said
    assert said == ["the job database is up to date\n"] * AT_ONCE
    with Store.open(empty_url) as store:
        store.check_schema()
        assert store.jobs() == ([], None)


def test_a_database_without_tables_is_told_from_one_that_is_away(empty: Store) -> None:
    with pytest.raises(NotMigrated, match="has no tables yet") as caught:
        empty.check_schema()
    assert caught.value.hint == "run `pressroom migrate`"
    with pytest.raises(NotMigrated) as caught:
        empty.jobs()
    assert caught.value.hint == "run `pressroom migrate`"


def test_a_newer_database_is_refused_at_once_and_left_alone(store: Store) -> None:
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for call in (store.check_schema, store.wait_for_schema, store.migrate):
        with pytest.raises(SchemaTooNew, match="step 9999, which this Pressroom does not know"):
            call()


def test_a_part_waits_for_a_migration_that_is_under_way(empty: Store, empty_url: str) -> None:
    with pytest.raises(NotMigrated):
        empty.wait_for_schema(seconds=0.0)
    migration = multiprocessing.get_context("spawn").Process(target=migrate, args=(empty_url,))
    migration.start()
    empty.wait_for_schema()
    migration.join()
    assert migration.exitcode == 0


def migrate(url: str) -> None:
    with Store.open(url) as store:
        store.migrate()


def test_commits_survive_a_power_cut(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/jobs.db") as store, store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
