"""The job table: the truth about every job. SQLite on one machine, PostgreSQL where there are several."""

from pressroom.store.store import Store

__all__ = ["Store"]
