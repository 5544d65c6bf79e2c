"""How the schema came to be, step by step: Alembic revisions, run by `Store.migrate()`.

A new step is a module in `versions/` whose `down_revision` is the newest one; a test holds the steps and
`pressroom.store.tables` together.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from pressroom.errors import NotMigrated, SchemaTooNew
from pressroom.store.failures import MIGRATE
from pressroom.store.postgres import patience

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOCK = 0x50524553
"""Any number that all migrating processes agree on."""


def upgrade(connection: Connection) -> None:
    """Run the steps that the database behind `connection` has not seen, inside its transaction."""
    if connection.dialect.name != "postgresql":
        # SQLite's transaction holds the write lock already.
        _upgrade(connection)
        return
    with patience(connection):
        # Others may migrate for as long as they need; a step that waits for a table would hold up everybody
        # behind it, so that has its limit back.
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        connection.exec_driver_sql("SET LOCAL lock_timeout = DEFAULT")
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    _refuse_newer(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def check(connection: Connection) -> None:
    """Raise `NotMigrated` for a database that lacks steps, `SchemaTooNew` for one with unknown steps."""
    seen = _refuse_newer(connection)
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if seen != newest:
        stands = f"is at step {seen}, not {newest}" if seen else "has no tables yet"
        raise NotMigrated(f"the job database {stands}", hint=MIGRATE)


def _refuse_newer(connection: Connection) -> str | None:
    """The newest step that the database has seen."""
    seen = MigrationContext.configure(connection).get_current_revision()
    steps = ScriptDirectory.from_config(_config()).walk_revisions()
    if seen is not None and seen not in {step.revision for step in steps}:
        raise SchemaTooNew(
            f"the job database is at step {seen}, which this Pressroom does not know",
            hint="a newer Pressroom has migrated it: update this one",
        )
    return seen


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
