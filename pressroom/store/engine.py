"""Connections to the job database: which database a URL names, and transactions on it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from pressroom.errors import BadRequest
from pressroom.store.failures import our_errors
from pressroom.store.postgres import open_postgres
from pressroom.store.sqlite import READS, open_sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "PRESSROOM_DATABASE_URL"
EXAMPLES = "sqlite:////path/pressroom.db or postgresql://user:password@host/database"
POSTGRES_NAMES = frozenset({"postgres", "postgresql", "postgresql+psycopg"})


def open_engine(database_url: str, part: str, connections: int) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...`; nothing is connected yet.

    `part` is what the server's list of sessions shows, `connections` the most that PostgreSQL is asked for.
    Raises `BadRequest` for any other URL, without repeating it: it may hold a password.
    """
    url = database_address(database_url)
    return open_sqlite(url) if url.drivername == "sqlite" else open_postgres(url, part, connections)


def database_address(database_url: str) -> URL:
    """The URL taken apart, with the driver that is used here."""
    scheme, separator, rest = database_url.partition("://")
    if not separator or not (scheme == "sqlite" or scheme in POSTGRES_NAMES):
        named = f"{scheme}:// is no database that keeps jobs" if separator else "it has no scheme"
        raise BadRequest(f"{VARIABLE}: {named}", hint=f"set it to {EXAMPLES}")
    if scheme != "sqlite" and rest.count("@") > 1:
        # What stands before the last one would be taken for the host, and named in errors.
        raise BadRequest(f"{VARIABLE}: there is more than one @", hint="write @ in a password as %40")
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise BadRequest(f"{VARIABLE} can't be read", hint=f"set it to {EXAMPLES}") from None
    return url.set(drivername="sqlite" if scheme == "sqlite" else "postgresql+psycopg")


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes; commits at the end, rolls back on any error."""
    with our_errors(), engine.begin() as connection:
        yield connection


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view of each statement; it blocks no writer."""
    with our_errors(), engine.connect().execution_options(**{READS: True}) as connection:
        yield connection
