"""How the schema came to be, step by step: Alembic revisions, run by `Store.migrate()`.

A new step is a module in `versions/` whose `down_revision` is the newest one; a test holds the steps and
`pressroom.store.tables` together.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOCK = 0x50524553
"""Any number that all migrating processes agree on."""


def upgrade(connection: Connection) -> None:
    """Run the steps that the database behind `connection` has not seen, inside its transaction."""
    if connection.dialect.name == "postgresql":
        # SQLite's transaction holds the write lock already.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
