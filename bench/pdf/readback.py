"""Reading a ledger back: python -m bench.pdf.readback rows.parquet ledger.pdf.

A process of its own, after the one that was measured. PDFium reads the text: of every page, or of the first,
the middle and the last one where there are many rows.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import duckdb
import pypdfium2

from bench.pdf.design import HEADS, cells_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL_PAGES_ROWS = 10_000
ENTRY = re.compile(r"(?<![\d.,])(\d+)\s+\d{4}-\d\d-\d\d\s")
"""A row's number and date, which no other two cells look like."""
# White space, and what PDFium puts where a line ends with a hyphen.
SQUEEZED = re.compile(r"[\s\x02\ufffe]+")


def difference(parquet: str, pdf: str) -> str | None:
    """What in the file is not as in the dataset, or None.

    Each page that is read holds the heads and then whole rows, each cell of them in order and no row twice;
    the pages together hold every row in order. Where only three pages are read, the first begins with the
    first row, the last ends with the last one.
    """
    rows = _count(parquet)
    every = rows <= ALL_PAGES_ROWS
    expected, last = 1, 0
    for number, text in _pages(pdf, every=every):
        entries = [int(found) for found in ENTRY.findall(text)]
        if not entries:
            return f"page {number:,} holds no rows"
        first = expected if every or number == 1 else entries[0]
        if entries != list(range(first, first + len(entries))):
            return f"page {number:,} holds the rows {entries}, not {len(entries)} rows from {first:,} on"
        if wrong := _wrong_row(parquet, SQUEEZED.sub("", text), range(first, first + len(entries))):
            return f"page {number:,}, {wrong}"
        last = entries[-1]
        expected = last + 1
    return None if last == rows else f"ends with row {last:,} of {rows:,}"


def page_count(pdf: str) -> int:
    """How many pages PDFium finds."""
    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def _wrong_row(parquet: str, text: str, entries: range) -> str | None:
    """The first row that is not where it ought to be in a page's text without white space."""
    at = text.find("".join(HEADS))
    if at < 0:
        return "no column heads"
    for cells in cells_of(parquet, entries):
        row = "".join(cells).replace(" ", "")
        at = text.find(row, at)
        if at < 0:
            return f"row {cells[0]}: not found as {cells}"
        at += len(row)
    return None


def _pages(pdf: str, *, every: bool) -> Iterator[tuple[int, str]]:
    """Page numbers from 1 with their texts."""
    with pypdfium2.PdfDocument(pdf) as document:
        count = len(document)
        numbers = range(count) if every else sorted({0, count // 2, count - 1})
        for number in numbers:
            page = document[number]
            text = page.get_textpage()
            yield number + 1, text.get_text_range()
            text.close()
            page.close()


def _count(parquet: str) -> int:
    with duckdb.connect() as connection:
        found = connection.execute("SELECT count(*) FROM read_parquet(?)", [parquet]).fetchone()
    return found[0] if found else 0


if __name__ == "__main__":
    if not (pages := page_count(sys.argv[2])):
        sys.exit("no pages")
    if wrong := difference(sys.argv[1], sys.argv[2]):
        sys.exit(wrong)
    print(json.dumps({"pages": pages}))
