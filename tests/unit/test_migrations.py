from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from pressroom.store.tables import metadata

if TYPE_CHECKING:
    from pathlib import Path

    from pressroom.store import Store


def test_the_steps_lead_to_the_tables(store: Store, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/pressroom.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
        columns = connection.exec_driver_sql("SELECT count(*) FROM pragma_table_info('jobs')").scalar()
    engine.dispose()
    assert columns == len(metadata.tables["jobs"].columns)


def test_commits_survive_a_power_cut(store: Store) -> None:
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
