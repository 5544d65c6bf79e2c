"""Account numbers checked, formatted and masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit, prange, set_num_threads

from bench.techniques.columns import text, texts

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

SPACE, STAR, BIG = ord(" "), ord("*"), 1 << 56
VALUE = np.full(256, 255, np.uint8)
VALUE[ord("0") : ord("9") + 1] = range(10)
VALUE[ord("A") : ord("Z") + 1] = VALUE[ord("a") : ord("z") + 1] = range(10, 36)


@njit
def tidied(data, begin, end, iban):
    """Put the values of the letters into `iban`; how many, or 0 where it can't be an IBAN."""
    size = 0
    for at in range(begin, end):
        if data[at] != SPACE:
            value = VALUE[data[at]]
            if value > 35 or size == 34 or (size < 2 and value < 10) or (2 <= size < 4 and value > 9):
                return 0
            iban[size] = value
            size += 1
    return size if size >= 15 else 0


@njit
def right(iban, size):
    rest = 0
    for place in range(4, size + 4):
        value = iban[place if place < size else place - size]
        rest = rest * (100 if value > 9 else 10) + value
        if rest > BIG:
            rest %= 97
    return rest % 97 == 1


@njit
def checked(begin, end, offsets, data, sizes):
    iban = np.empty(34, np.uint8)
    for row in range(begin, end):
        size = tidied(data, offsets[row], offsets[row + 1], iban)
        sizes[row] = size if size and right(iban, size) else 0


@njit
def printed(begin, end, offsets, data, sizes, formatted, grouped, masked, hidden):
    iban = np.empty(34, np.uint8)
    for row in range(begin, end):
        size = sizes[row]
        if not size:
            continue
        tidied(data, offsets[row], offsets[row + 1], iban)
        long, short = grouped[row], hidden[row]
        for place in range(size):
            if place and place % 4 == 0:
                formatted[long] = SPACE
                long += 1
            letter = iban[place] + (48 if iban[place] < 10 else 55)
            formatted[long] = letter
            long += 1
            masked[short] = STAR if place < size - 4 else letter
            short += 1


@njit(nogil=True, parallel=True)
def check_all(parts, offsets, data, sizes, grouped, hidden):
    rows = len(sizes)
    for part in prange(parts):
        checked(rows * part // parts, rows * (part + 1) // parts, offsets, data, sizes)
    grouped[0] = hidden[0] = 0
    for row in range(rows):
        size = sizes[row]
        hidden[row + 1] = hidden[row] + size
        grouped[row + 1] = grouped[row] + (size + (size - 1) // 4 if size else 0)


@njit(nogil=True, parallel=True)
def print_all(parts, offsets, data, sizes, formatted, grouped, masked, hidden):
    rows = len(sizes)
    for part in prange(parts):
        begin, end = rows * part // parts, rows * (part + 1) // parts
        printed(begin, end, offsets, data, sizes, formatted, grouped, masked, hidden)


def account_numbers(table: pa.Table, threads: int) -> Result:
    """Twice over the texts: lengths first, so that each thread knows where its own texts begin."""
    set_num_threads(threads)
    offsets, data = texts(table, "text")
    rows = len(offsets) - 1
    grouped, hidden, sizes = (
        np.empty(rows + 1, np.int32),
        np.empty(rows + 1, np.int32),
        np.empty(rows, np.uint8),
    )
    check_all(threads, offsets, data, sizes, grouped, hidden)
    formatted, masked = np.empty(grouped[-1], np.uint8), np.empty(hidden[-1], np.uint8)
    print_all(threads, offsets, data, sizes, formatted, grouped, masked, hidden)
    return {
        "formatted": text(grouped, formatted, sizes),
        "masked": text(hidden, masked, sizes),
        "invalid": np.array([rows - np.count_nonzero(sizes)]),
    }
