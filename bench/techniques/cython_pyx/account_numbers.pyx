# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: extra_compile_args=-O3 -fopenmp
# distutils: extra_link_args=-fopenmp
"""Account numbers checked, formatted and masked."""

from cython.parallel cimport prange

import numpy as np

from bench.techniques.columns import text, texts


cdef int tidied(const unsigned char[::1] data, int begin, int end, unsigned char *iban) noexcept nogil:
    """Put the values of the letters into `iban`; how many, or 0 where it can't be an IBAN."""
    cdef int size = 0, at
    cdef unsigned char value
    for at in range(begin, end):
        value = data[at]
        if value == c" ":
            continue
        if c"0" <= value <= c"9":
            value -= c"0"
        elif c"A" <= value <= c"Z":
            value -= c"A" - 10
        elif c"a" <= value <= c"z":
            value -= c"a" - 10
        else:
            return 0
        if size == 34 or (size < 2 and value < 10) or (2 <= size < 4 and value > 9):
            return 0
        iban[size] = value
        size += 1
    return size if size >= 15 else 0


cdef bint right(unsigned char *iban, int size) noexcept nogil:
    cdef long long rest = 0
    cdef int place
    cdef unsigned char value
    for place in range(4, size + 4):
        value = iban[place if place < size else place - size]
        rest = rest * (100 if value > 9 else 10) + value
        if rest > 1LL << 56:
            rest %= 97
    return rest % 97 == 1


cdef void check(
    Py_ssize_t begin, Py_ssize_t end, const int[::1] offsets, const unsigned char[::1] data, unsigned char[::1] sizes
) noexcept nogil:
    cdef unsigned char[34] iban
    cdef Py_ssize_t row
    cdef int size
    for row in range(begin, end):
        size = tidied(data, offsets[row], offsets[row + 1], iban)
        sizes[row] = size if size and right(iban, size) else 0


cdef void put(
    Py_ssize_t begin, Py_ssize_t end, const int[::1] offsets, const unsigned char[::1] data, unsigned char[::1] sizes,
    unsigned char[::1] formatted, int[::1] grouped, unsigned char[::1] masked, int[::1] hidden
) noexcept nogil:
    cdef unsigned char[34] iban
    cdef Py_ssize_t row
    cdef int size, place, wide, narrow
    cdef unsigned char letter
    for row in range(begin, end):
        size = sizes[row]
        if not size:
            continue
        tidied(data, offsets[row], offsets[row + 1], iban)
        wide, narrow = grouped[row], hidden[row]
        for place in range(size):
            if place and place % 4 == 0:
                formatted[wide] = c" "
                wide += 1
            letter = iban[place] + (c"0" if iban[place] < 10 else c"A" - 10)
            formatted[wide] = letter
            wide += 1
            masked[narrow] = c"*" if place < size - 4 else letter
            narrow += 1


def account_numbers(table, int threads):
    """Twice over the texts: lengths first, so that each thread knows where its own texts begin."""
    starts, letters = texts(table, "text")
    cdef const int[::1] offsets = starts
    cdef const unsigned char[::1] data = letters
    cdef Py_ssize_t rows = offsets.shape[0] - 1, row
    good, begins = np.empty(rows, np.uint8), [np.zeros(rows + 1, np.int32), np.zeros(rows + 1, np.int32)]
    cdef unsigned char[::1] sizes = good
    cdef int[::1] grouped = begins[0], hidden = begins[1]
    cdef int part, size
    with nogil:
        for part in prange(threads, num_threads=threads, schedule="static"):
            check(rows * part // threads, rows * (part + 1) // threads, offsets, data, sizes)
        for row in range(rows):
            size = sizes[row]
            hidden[row + 1] = hidden[row] + size
            grouped[row + 1] = grouped[row] + (size + (size - 1) // 4 if size else 0)
    results = [np.empty(grouped[rows], np.uint8), np.empty(hidden[rows], np.uint8)]
    cdef unsigned char[::1] formatted = results[0], masked = results[1]
    for part in prange(threads, num_threads=threads, schedule="static", nogil=True):
        put(
            rows * part // threads, rows * (part + 1) // threads,
            offsets, data, sizes, formatted, grouped, masked, hidden,
        )
    return {
        "formatted": text(begins[0], results[0], good),
        "masked": text(begins[1], results[1], good),
        "invalid": np.array([rows - np.count_nonzero(good)]),
    }
