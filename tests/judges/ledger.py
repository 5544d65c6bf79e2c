"""The judge of a printed ledger: it reads pages as people do and adds up what stands there."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADS = ("Id", "Reference", "Amount")
ROW = re.compile(r" *(\d+) +(REF-\d+) .* (-?[\d,]+\.\d\d)")
SUBTOTAL = re.compile(r" *Total (A\d+) +(-?[\d,]+\.\d\d)")
GROUP = re.compile(r" *Account (A\d+) +([\d,]+) rows")
GRAND = re.compile(r" *Total all rows +(-?[\d,]+\.\d\d)")
COUNTER = re.compile(r" *Page (\d+) of (\d+)")


def ledger(pages: list[str], rows: int) -> list[str]:
    """What is wrong with the text of a ledger whose rows are numbered from 0 to `rows` - 1."""
    return list(_faults(pages, rows))


def _faults(pages: list[str], rows: int) -> Iterator[str]:
    expected, whole, part, counted, open_group = 0, Decimal(), Decimal(), 0, ("", 0)
    grand: Decimal | None = None
    for number, page in enumerate(pages, 1):
        heads = counters = 0
        last = ""
        for line in page.splitlines():
            if found := ROW.fullmatch(line):
                if int(found[1]) != expected:
                    yield f"page {number}: row {found[1]} where row {expected} should be"
                expected = int(found[1]) + 1
                if found[2] != f"REF-{31 * int(found[1]):08}":
                    yield f"page {number}: row {found[1]} has the reference {found[2]}"
                amount = _number(found[3])
                whole, part, counted = whole + amount, part + amount, counted + 1
            elif found := GROUP.fullmatch(line):
                open_group, part, counted = (found[1], int(found[2].replace(",", ""))), Decimal(), 0
            elif found := SUBTOTAL.fullmatch(line):
                if last not in ("row", "subtotal"):
                    yield f"page {number}: the subtotal of {found[1]} stands alone"
                if (found[1], counted) != open_group:
                    yield f"page {number}: total of {found[1]} after {counted} rows, open is {open_group}"
                if _number(found[2]) != part:
                    yield f"page {number}: {found[1]} says {found[2]}, its rows add up to {part}"
            elif found := GRAND.fullmatch(line):
                grand = _number(found[1])
            elif found := COUNTER.fullmatch(line):
                counters += (int(found[1]), int(found[2])) == (number, len(pages))
            elif all(head in line for head in HEADS):
                heads += 1
            elif line.strip():
                yield f"page {number}: {line.strip()!r}"
            last = _kind(line) or last
        if last == "group":
            yield f"page {number}: the header of {open_group[0]} is parted from its first row"
        if (heads, counters) != (1, 1):
            yield f"page {number}: {heads} lines of heads, {counters} right page numbers"
    if expected != rows:
        yield f"{expected} rows of {rows}"
    if grand != whole:
        yield f"the grand total is {grand}, the rows add up to {whole}"


def _kind(line: str) -> str:
    kinds = {"row": ROW, "group": GROUP, "subtotal": SUBTOTAL}
    return next((kind for kind, pattern in kinds.items() if pattern.fullmatch(line)), "")


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))
