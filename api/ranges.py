"""Byte ranges of a file (RFC 9110 §14): one range, or the whole file."""

from __future__ import annotations

import re

from api.problems import RangeNotSatisfiable

_SINGLE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)


def byte_range(header: str | None, size: int) -> range | None:
    """The bytes that a Range header asks for of `size`; `None` for the whole file.

    A header in another unit, of several ranges or that makes no sense is ignored, as §14.2 allows; a range
    that starts after the end raises `RangeNotSatisfiable`.
    """
    found = _SINGLE.fullmatch(header.strip()) if header else None
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        first, last = max(size - int(found[2]), 0), size - 1
        if int(found[2]) == 0:
            raise _outside(header, size)
    else:
        first = int(found[1])
        last = min(int(found[2]), size - 1) if found[2] else size - 1
        if found[2] and int(found[2]) < first:
            return None
    if first >= size:
        raise _outside(header, size)
    return range(first, last + 1)


def _outside(header: str | None, size: int) -> RangeNotSatisfiable:
    return RangeNotSatisfiable(f"{header} is outside the file of {size} bytes")
