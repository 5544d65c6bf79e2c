"""`parse_link`: the template of a column's links, `https://example.org/orders/{order_id}`."""

from __future__ import annotations

import re
from dataclasses import dataclass

VALUE = "value"
"""`{value}` is the column's own value."""
_FIELD = re.compile(r"\{([^{}]*)\}")
_HOST = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?(?=[/?#]|$)")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the row, percent-encoded in the address."""

    name: str


def parse_link(template: str) -> tuple[str | Field, ...]:
    """Fixed texts and fields of a link, in order.

    Raises `ValueError` for another scheme than http, https or mailto, and where data could choose the host.
    """
    fixed = _FIELD.sub("", template)
    if "{" in fixed or "}" in fixed:
        raise ValueError(f"{template!r}: a brace without its other half; a field is {{name}}")
    if re.search(r"[\s\"<>\\^`|\x00-\x1f]", fixed):
        raise ValueError(f"{template!r}: blanks and quotes in an address are percent-encoded: %20")
    if not template.startswith("mailto:") and not _HOST.match(template):
        raise ValueError(
            f"{template!r}: a link starts with https://host/, http://host/ or mailto:, "
            "and no field stands in the host"
        )
    parts: list[str | Field] = []
    at = 0
    for found in _FIELD.finditer(template):
        if not found[1]:
            raise ValueError(f"{template!r}: {{}} names no field")
        if found.start() > at:
            parts.append(template[at : found.start()])
        parts.append(Field(found[1]))
        at = found.end()
    if at < len(template):
        parts.append(template[at:])
    return tuple(parts)
