"""Account numbers checked, formatted and masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from bench.techniques.columns import text, texts

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

SPACE, STAR, BIG = ord(" "), ord("*"), 1 << 56
VALUE = np.full(256, 255, np.uint8)
VALUE[ord("0") : ord("9") + 1] = range(10)
VALUE[ord("A") : ord("Z") + 1] = VALUE[ord("a") : ord("z") + 1] = range(10, 36)


@njit(nogil=True)
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


@njit(nogil=True)
def right(iban, size):
    rest = 0
    for place in range(4, size + 4):
        value = iban[place if place < size else place - size]
        rest = rest * (100 if value > 9 else 10) + value
        if rest > BIG:
            rest %= 97
    return rest % 97 == 1


@njit(nogil=True)
def printed(offsets, data, formatted, grouped, masked, hidden, valid):
    iban = np.empty(34, np.uint8)
    long = short = 0
    grouped[0] = hidden[0] = 0
    for row in range(len(valid)):
        size = tidied(data, offsets[row], offsets[row + 1], iban)
        valid[row] = size and right(iban, size)
        if valid[row]:
            for place in range(size):
                if place and place % 4 == 0:
                    formatted[long] = SPACE
                    long += 1
                letter = iban[place] + (48 if iban[place] < 10 else 55)
                formatted[long] = letter
                long += 1
                masked[short] = STAR if place < size - 4 else letter
                short += 1
        grouped[row + 1], hidden[row + 1] = long, short


def account_numbers(table: pa.Table, _threads: int) -> Result:
    """Byte by byte from Arrow's memory into new memory that becomes Arrow's."""
    offsets, data = texts(table, "text")
    rows, size = len(offsets) - 1, int(offsets[-1])
    grouped, hidden, valid = (
        np.empty(rows + 1, np.int32),
        np.empty(rows + 1, np.int32),
        np.empty(rows, np.uint8),
    )
    # In groups of four each text grows by a quarter at most.
    formatted, masked = np.empty(size + size // 4, np.uint8), np.empty(size, np.uint8)
    printed(offsets, data, formatted, grouped, masked, hidden, valid)
    return {
        "formatted": text(grouped, formatted, valid),
        "masked": text(hidden, masked, valid),
        "invalid": np.array([rows - np.count_nonzero(valid)]),
    }
