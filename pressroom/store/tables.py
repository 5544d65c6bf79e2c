"""The tables, as SQL is written against them; how they come to be is in `pressroom/migrations`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[dt.datetime]):
    """A point in time, kept as seconds since 1970 UTC: the same arithmetic on every database."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | float | None, dialect: object) -> float | None:
        """Seconds of a datetime; plain seconds stay as they are, so that durations can be added."""
        return value.timestamp() if isinstance(value, dt.datetime) else value

    def process_result_value(self, value: float | None, dialect: object) -> dt.datetime | None:
        """An aware datetime in UTC."""
        return None if value is None else dt.datetime.fromtimestamp(value, dt.UTC)


class now(FunctionElement[dt.datetime]):  # noqa: N801 - it is an SQL function
    """The one clock of all leases: the database's, as the statement reached it. Hosts need not agree."""

    type = Instant()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_sqlite(element: now, compiler: object, **_: Any) -> str:  # noqa: ANN401
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_postgresql(element: now, compiler: object, **_: Any) -> str:  # noqa: ANN401
    # Not clock_timestamp(), which changes from row to row, so that no index can be used; not now(), which
    # stands still for the whole transaction.
    return "CAST(extract(epoch from statement_timestamp()) AS DOUBLE PRECISION)"


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("owner", String(255), nullable=False),
    Column("idempotency_key", String(255)),
    Column("body_hash", String(64)),
    Column("request_hash", String(64)),
    Column("report", String(63), nullable=False),
    Column("definition_digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("phase", String(16)),
    Column("attempt", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("attempts_granted", Integer, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("outputs", JSON, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("datasets", JSON, nullable=False),
    Column("rows_dataset", String(26)),
    Column("priority", Integer, nullable=False),
    Column("queue", String(16), nullable=False),
    Column("callback", String(2048)),
    Column("callback_due", Instant),
    Column("callback_tries", Integer, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("created", Instant, nullable=False),
    Column("started", Instant),
    Column("finished", Instant),
    Column("expires", Instant, nullable=False),
    Column("keep_seconds", Double, nullable=False),
    Column("deadline_seconds", Double, nullable=False),
    Column("lease_until", Instant),
    Column("not_before", Instant, nullable=False),
    Column("rung", Instant, nullable=False),
    Column("rings", Integer, nullable=False),
    Column("files", JSON, nullable=False),
    Column("completeness", JSON(none_as_null=True)),
    Column("warnings", JSON, nullable=False),
    Column("error", JSON(none_as_null=True)),
    Column("version", Integer, nullable=False),
    UniqueConstraint("owner", "idempotency_key"),
    Index("ix_jobs_state_queue", "state", "queue", "priority", "id"),
    Index("ix_jobs_started_owner", "started", "owner"),
    Index("ix_jobs_expires", "expires"),
    Index("ix_jobs_callback_due", "callback_due"),
)

job_labels = Table(
    "job_labels",
    metadata,
    Column("job_id", String(26), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("label", String(100), primary_key=True),
    Index("ix_job_labels_label", "label", "job_id"),
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("owner", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("format", String(16), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("path", String(4096), nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Index("ix_datasets_expires", "expires"),
)
