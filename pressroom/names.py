"""Texts that the models of report.yaml share: names, the columns of a SQL's result, and SQL itself."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

NAME_PATTERN: Final = r"[a-z][a-z0-9_]{0,62}"
Name = Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")]
"""A name that is safe in paths, SQL and URLs."""
FieldName = Annotated[str, Field(min_length=1, max_length=255)]
"""A column of the SQL's result."""
Sql = Annotated[str, Field(min_length=1, max_length=100_000)]
"""A statement for the SQL engine, or for a database."""
