"""What the databases' errors mean here; the codes are PostgreSQL's (its manual, appendix A)."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pressroom.errors import BadRequest, NotMigrated, PressroomError, StorageFull, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

DISK_FULL = "53100"
NO_RIGHT = "42501"
NO_TABLE = frozenset({"42P01", "42703"})
PASSING = frozenset({"25006", "25P03", "40001"})
"""A standby that takes no writes, a transaction that idled too long, one that could not be serialized."""
MIGRATE = "run `pressroom migrate`"
_NAMES = re.compile(r"""\s("[^"]*"|'[^'\s]*')""")


@contextlib.contextmanager
def our_errors() -> Iterator[None]:
    """Raise `Unavailable`, `StorageFull` or `NotMigrated` for what the driver raises of these kinds."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("every connection to the job database is in use", hint="try again") from error
    except DBAPIError as error:
        meant = _meaning(error)
        if meant is None:
            raise
        raise meant from error


def _meaning(error: DBAPIError) -> PressroomError | None:
    text = str(error.orig)
    state = getattr(error.orig, "sqlstate", None)
    if state == DISK_FULL or "disk is full" in text or "No space left" in text:
        return StorageFull("the disk of the job database is full", hint="free space on it and retry")
    if state in NO_TABLE or "no such table" in text or "no such column" in text:
        return NotMigrated("the job database lacks tables that this Pressroom works with", hint=MIGRATE)
    if state == NO_RIGHT:
        return Unavailable(
            f"the job database refuses: {_reason(text)}", hint="its role has to own the schema and the tables"
        )
    if isinstance(error, OperationalError | InterfaceError) or state in PASSING:
        return Unavailable(f"the job database does not answer: {_reason(text)}", hint="try again")
    if isinstance(error, ProgrammingError) and state is None and "connection option" in text:
        return BadRequest(
            f"PRESSROOM_DATABASE_URL: {text.splitlines()[0]}", hint="libpq's options may stand after ?"
        )
    return None


def _reason(text: str) -> str:
    """One line of it, without the addresses that libpq tried and any name in quotes: clients read this."""
    lines = text.rpartition("failed: ")[2].splitlines()
    return _NAMES.sub("", lines[0]).strip() if lines else "no reason given"
