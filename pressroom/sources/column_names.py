"""Names of a table's columns: each once, or DuckDB calls the second `a` `a_1` without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressroom.errors import PressroomError, QueryFailed

if TYPE_CHECKING:
    from collections.abc import Iterable


def named_once(where: str, columns: Iterable[str], failure: type[PressroomError] = QueryFailed) -> None:
    """Raise `failure` when two of the columns have one name; SQL reads names in any case."""
    lower = [column.lower() for column in columns]
    if twice := sorted({name for name in lower if lower.count(name) > 1}):
        raise failure(
            f"{where}: gives more than one column named {', '.join(twice)}",
            hint="name each with AS" if failure is QueryFailed else "name each differently",
        )
