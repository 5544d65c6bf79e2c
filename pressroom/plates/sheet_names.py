"""Sheet names as Excel takes them: 31 characters, some of them forbidden."""

from __future__ import annotations

import re

from pressroom.errors import DefinitionError

MAX_UNITS = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def units(text: str) -> int:
    """Length as Excel counts it, in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def fault(name: str) -> str | None:
    """What is wrong with a sheet name, if anything."""
    if not name.strip():
        return "it is empty"
    if units(name) > MAX_UNITS:
        return f"it is longer than {MAX_UNITS} characters"
    if bad := _FORBIDDEN.search(name):
        return f"it has {bad.group()!r}; not allowed: [ ] : * ? / \\ and control characters"
    if name.startswith("'") or name.endswith("'"):
        return "it starts or ends with an apostrophe"
    if name.casefold() == "history":
        return "Excel keeps the name History for itself"
    return None


def sheet_name(given: str | None, title: str, taken: tuple[str, ...] = ()) -> str:
    """The definition's sheet name, checked, or one made of the title.

    Raises `DefinitionError` for a given name that Excel refuses or that another sheet has.
    """
    others = {name.casefold() for name in taken}
    if given is not None:
        if wrong := fault(given):
            raise DefinitionError(f"report.yaml: xlsx.sheet: {given!r} is no sheet name: {wrong}")
        if given.casefold() in others:
            raise DefinitionError(
                f"report.yaml: xlsx.sheet: {given!r} is the name of another sheet of the workbook"
            )
        return given
    name = _FORBIDDEN.sub(" ", title).strip(" '")
    while units(name) > MAX_UNITS:
        name = name[:-1].rstrip(" '")
    return "Report" if fault(name) or name.casefold() in others else name


def quoted(name: str) -> str:
    """A sheet name as formulas have it."""
    return "'" + name.replace("'", "''") + "'"
