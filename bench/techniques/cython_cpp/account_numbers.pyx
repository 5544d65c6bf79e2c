# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: language=c++
# distutils: extra_compile_args=-O3
"""Account numbers checked, formatted and masked."""

from libcpp.string cimport string
from libcpp.vector cimport vector

import numpy as np

from bench.techniques.columns import text, texts

cdef struct Printed:
    string formatted
    string masked
    vector[int] grouped
    vector[int] hidden
    vector[unsigned char] valid


cdef bint tidied(const unsigned char[::1] data, int begin, int end, string &iban) noexcept nogil:
    """Put capital letters and digits into `iban`; whether it has the form of one."""
    cdef int at
    cdef unsigned char letter
    iban.clear()
    for at in range(begin, end):
        letter = data[at]
        if letter == c" ":
            continue
        if c"a" <= letter <= c"z":
            letter -= c"a" - c"A"
        if c"0" <= letter <= c"9":
            if iban.size() < 2:
                return False
        elif not c"A" <= letter <= c"Z" or 2 <= iban.size() < 4:
            return False
        iban.push_back(letter)
    return 15 <= iban.size() <= 34


cdef bint right(string &iban) noexcept nogil:
    cdef long long rest = 0
    cdef size_t place, size = iban.size()
    cdef char letter
    for place in range(4, size + 4):
        letter = iban[place if place < size else place - size]
        rest = rest * 10 + letter - c"0" if letter <= c"9" else rest * 100 + letter - c"A" + 10
        if rest > 1LL << 56:
            rest %= 97
    return rest % 97 == 1


cdef void printed(const int[::1] offsets, const unsigned char[::1] data, Printed &out) noexcept nogil:
    cdef string iban
    cdef size_t place
    cdef Py_ssize_t row, rows = offsets.shape[0] - 1
    cdef bint good
    out.formatted.reserve(offsets[rows] + offsets[rows] // 4)
    out.masked.reserve(offsets[rows])
    out.grouped.push_back(0)
    out.hidden.push_back(0)
    for row in range(rows):
        good = tidied(data, offsets[row], offsets[row + 1], iban) and right(iban)
        out.valid.push_back(good)
        if good:
            for place in range(0, iban.size(), 4):
                if place:
                    out.formatted.push_back(c" ")
                out.formatted.append(iban, place, 4)
            out.masked.append(iban.size() - 4, c"*")
            out.masked.append(iban, iban.size() - 4, 4)
        out.grouped.push_back(<int>out.formatted.size())
        out.hidden.push_back(<int>out.masked.size())


def account_numbers(table, _threads):
    """Strings put together by C++'s string, copied once more for Arrow."""
    cdef const int[::1] offsets
    cdef const unsigned char[::1] data
    offsets, data = texts(table, "text")
    cdef Printed out
    with nogil:
        printed(offsets, data, out)
    cdef Py_ssize_t rows = out.valid.size()
    valid = np.array(<unsigned char[:rows]>out.valid.data())
    grouped = np.array(<int[:rows + 1]>out.grouped.data())
    hidden = np.array(<int[:rows + 1]>out.hidden.data())
    return {
        "formatted": text(grouped, <bytes>out.formatted, valid),
        "masked": text(hidden, <bytes>out.masked, valid),
        "invalid": np.array([rows - np.count_nonzero(valid)]),
    }
