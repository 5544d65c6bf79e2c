"""Alembic's entry: runs the steps on the connection that `upgrade` was given."""

from alembic import context

from pressroom.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can roll DDL back once the transaction is begun by hand, as ours is.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
