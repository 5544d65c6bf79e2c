"""`$name` in a database's SQL becomes what that database binds; texts, names and comments stay."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Final

from pressroom.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_TOKEN: Final = re.compile(
    r"""
      [eE]'(?:\\.|''|[^'\\])*'            # PostgreSQL's text with backslashes
    | '(?:''|[^'])*'
    | "(?:""|[^"])*" | `[^`]*`
    | (?P<comment>--[^\n]* | /\*.*?\*/)
    | (?P<tag>\$\w*\$).*?(?P=tag)         # PostgreSQL's $$text$$
    | [A-Za-z_][\w$]*                     # a name may hold dollars
    | \$(?P<name>[A-Za-z_]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)


def bind(sql: str, known: Collection[str], write: Callable[[str], str], *, key: str) -> str:
    """`sql` with each `$name` as `write(name)`; one that is no parameter is a `DefinitionError` at `key`."""

    def written(token: re.Match[str]) -> str:
        name = token["name"]
        if name is None:
            return token[0]
        if name not in known:
            line = sql.count("\n", 0, token.start()) + 1
            raise DefinitionError(
                f"report.yaml: {key} line {line}: ${name} is no parameter of the report",
                hint=f"declared: {', '.join(sorted(known)) or 'none'}",
            )
        return write(name)

    return _TOKEN.sub(written, sql)


def statement(sql: str) -> str:
    """`sql` as it can stand in brackets: without a semicolon at its end, a comment there closed."""
    plain = _TOKEN.sub(lambda token: (" " if token["comment"] else "x") * len(token[0]), sql)
    end = plain.find(";", len(plain.rstrip(f"{string.whitespace};")))
    return (sql if end < 0 else sql[:end]) + "\n"
