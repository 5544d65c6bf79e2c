# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: extra_compile_args=-O3
"""Account numbers checked, formatted and masked."""

import cython
import numpy as np

from bench.techniques.columns import text, texts

BIG = cython.declare(cython.longlong, 1 << 56)


@cython.nogil
@cython.cfunc
@cython.exceptval(check=False)
def tidied(
    data: cython.const[cython.uchar][::1], begin: cython.int, end: cython.int, iban: cython.p_uchar
) -> cython.int:
    """Put the values of the letters into `iban`; how many, or 0 where it can't be an IBAN."""
    size: cython.int = 0
    at: cython.int
    value: cython.uchar
    for at in range(begin, end):
        value = data[at]
        if value == 32:
            continue
        if 48 <= value < 58:
            value -= 48
        elif 65 <= value < 91:
            value -= 55
        elif 97 <= value < 123:
            value -= 87
        else:
            return 0
        if size == 34 or (size < 2 and value < 10) or (2 <= size < 4 and value > 9):
            return 0
        iban[size] = value
        size += 1
    return size if size >= 15 else 0


@cython.nogil
@cython.cfunc
@cython.exceptval(check=False)
def right(iban: cython.p_uchar, size: cython.int) -> cython.bint:
    rest: cython.longlong = 0
    place: cython.int
    value: cython.uchar
    for place in range(4, size + 4):
        value = iban[place if place < size else place - size]
        rest = rest * (100 if value > 9 else 10) + value
        if rest > BIG:
            rest %= 97
    return rest % 97 == 1


@cython.nogil
@cython.cfunc
@cython.exceptval(check=False)
def printed(
    offsets: cython.const[cython.int][::1],
    data: cython.const[cython.uchar][::1],
    formatted: cython.uchar[::1],
    grouped: cython.int[::1],
    masked: cython.uchar[::1],
    hidden: cython.int[::1],
    valid: cython.uchar[::1],
) -> cython.void:
    iban: cython.uchar[34]
    long: cython.int = 0
    short: cython.int = 0
    row: cython.Py_ssize_t
    size: cython.int
    place: cython.int
    letter: cython.uchar
    grouped[0] = hidden[0] = 0
    for row in range(valid.shape[0]):
        size = tidied(data, offsets[row], offsets[row + 1], iban)
        valid[row] = size > 0 and right(iban, size)
        if valid[row]:
            for place in range(size):
                if place and place % 4 == 0:
                    formatted[long] = 32
                    long += 1
                letter = iban[place] + (48 if iban[place] < 10 else 55)
                formatted[long] = letter
                long += 1
                masked[short] = 42 if place < size - 4 else letter
                short += 1
        grouped[row + 1] = long
        hidden[row + 1] = short


def account_numbers(table, _threads):
    """Byte by byte from Arrow's memory into new memory that becomes Arrow's."""
    starts, data = texts(table, "text")
    rows, size = len(starts) - 1, int(starts[-1])
    # In groups of four each text grows by a quarter at most.
    results = [np.empty(size + size // 4, np.uint8), np.empty(size, np.uint8)]
    begins = [np.empty(rows + 1, np.int32), np.empty(rows + 1, np.int32)]
    good = np.empty(rows, np.uint8)
    offsets: cython.const[cython.int][::1] = starts
    letters: cython.const[cython.uchar][::1] = data
    formatted: cython.uchar[::1] = results[0]
    masked: cython.uchar[::1] = results[1]
    grouped: cython.int[::1] = begins[0]
    hidden: cython.int[::1] = begins[1]
    valid: cython.uchar[::1] = good
    with cython.nogil:
        printed(offsets, letters, formatted, grouped, masked, hidden, valid)
    return {
        "formatted": text(begins[0], results[0], good),
        "masked": text(begins[1], results[1], good),
        "invalid": np.array([rows - np.count_nonzero(good)]),
    }
