# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: extra_compile_args=-O3 -fopenmp
# distutils: extra_link_args=-fopenmp
"""Sales matched to lots, first in first out."""

from cython.parallel cimport prange
from libc.stdlib cimport calloc, free

import numpy as np

from bench.techniques.columns import numbers

cdef unsigned long long MIX = 0x9E3779B97F4A7C15

cdef struct Slot:
    long long account
    long long place

cdef struct Move:
    long long open
    long long price
    long long row


cdef inline Slot* find(Slot* slots, Py_ssize_t size, long long account) noexcept nogil:
    """The slot of an account, or the free one where it belongs, whose place is 0."""
    cdef unsigned long long at = (<unsigned long long>account * MIX >> 32) & (size - 1)
    while slots[at].account != account and slots[at].place != 0:
        at = (at + 1) & (size - 1)
    return &slots[at]


cdef Py_ssize_t dealt(int part, int parts, const long long[::1] account, int[::1] rows) noexcept nogil:
    """The rows of a part; how many."""
    cdef Py_ssize_t row, count = 0
    for row in range(account.shape[0]):
        # Written in any case: which part it is can't be guessed by the processor.
        rows[count] = row
        count += (<unsigned long long>account[row] * MIX >> 54) % parts == part
    return count


cdef Py_ssize_t placed(
    Py_ssize_t count, int[::1] rows, const long long[::1] account, const long long[::1] quantity,
    int[::1] places, int[:, ::1] ends
) noexcept nogil:
    """Number the accounts and count their lots and sales; how many accounts, or -1 without memory."""
    cdef Py_ssize_t size = 1024, known = 0, at, row
    cdef Slot* slots = <Slot*>calloc(size, sizeof(Slot))
    cdef Slot* slot
    cdef Slot* larger
    if slots == NULL:
        return -1
    for at in range(count):
        row = rows[at]
        slot = find(slots, size, account[row])
        if slot.place == 0:
            known += 1
            slot.account = account[row]
            slot.place = known
        places[at] = slot.place - 1
        ends[places[at], quantity[row] < 0] += 1
        if 2 * known > size:
            larger = <Slot*>calloc(4 * size, sizeof(Slot))
            if larger == NULL:
                free(slots)
                return -1
            for row in range(size):
                if slots[row].place:
                    find(larger, 4 * size, slots[row].account)[0] = slots[row]
            free(slots)
            slots = larger
            size *= 4
    free(slots)
    return known


cdef void sort(
    Py_ssize_t count, int[::1] rows, const long long[::1] quantity, const long long[::1] price,
    Py_ssize_t known, int[::1] places, int[:, ::1] ends, Move* moves
) noexcept nogil:
    """Account by account, of each first the lots, then the sales."""
    cdef Py_ssize_t at, row
    cdef int kind, begin = 0, here
    cdef Move* move
    for at in range(known):
        for kind in range(2):
            here = ends[at, kind]
            ends[at, kind] = begin
            begin += here
    for at in range(count):
        row = rows[at]
        kind = quantity[row] < 0
        move = &moves[ends[places[at], kind]]
        move.open = -quantity[row] if kind else quantity[row]
        move.price = price[row]
        move.row = row
        ends[places[at], kind] += 1


cdef Py_ssize_t match(
    Py_ssize_t known, int[:, ::1] ends, Move* moves, long long[::1] gain, long long[::1] left
) noexcept nogil:
    """The row of a sale of more than is held, or -1."""
    cdef Py_ssize_t place
    cdef long long gained, taken
    cdef bint sold
    cdef Move* lot = moves
    cdef Move* sale
    cdef Move* middle
    cdef Move* end
    for place in range(known):
        sale = middle = moves + ends[place, 0]
        end = moves + ends[place, 1]
        gained = 0
        # Each step ends a lot or a sale or both, without a branch on which.
        while sale < end:
            if lot == middle or lot.row > sale.row:
                return sale.row
            taken = min(lot.open, sale.open)
            lot.open -= taken
            sale.open -= taken
            gained += taken * (sale.price - lot.price)
            gain[sale.row] = gained
            sold = sale.open == 0
            gained = 0 if sold else gained
            lot += lot.open == 0
            sale += sold
        while lot < middle:
            left[lot.row] = lot.open
            lot += 1
        lot = end
    return -1


cdef Py_ssize_t work(
    int part, int parts, const long long[::1] account, const long long[::1] quantity, const long long[::1] price,
    int[::1] rows, int[::1] places, int[:, ::1] ends, long long[:, ::1] moves,
    long long[::1] gain, long long[::1] left
) noexcept nogil:
    """The accounts of a part; -1, the row of a sale of more than is held, or -2 without memory."""
    cdef Py_ssize_t count = dealt(part, parts, account, rows)
    cdef Py_ssize_t known = placed(count, rows, account, quantity, places, ends)
    if known < 0:
        return -2
    sort(count, rows, quantity, price, known, places, ends, <Move*>&moves[0, 0])
    return match(known, ends, <Move*>&moves[0, 0], gain, left)


def fifo_lots(table, int threads):
    """Moves sorted by account; each thread does the accounts that the hash of a number deals out to it."""
    cdef const long long[::1] account, quantity, price
    account, quantity, price = numbers(table, "account", "quantity", "price")
    cdef Py_ssize_t count = account.shape[0]
    gains, rest = np.zeros(count, np.int64), np.zeros(count, np.int64)
    cdef long long[::1] gain = gains, left = rest, failed = np.empty(threads, np.int64)
    # Memory that is not touched costs nothing: all accounts could be of one part. Dealing writes one row more.
    cdef int[:, ::1] rows = np.empty((threads, count + 1), np.int32), places = np.empty((threads, count), np.int32)
    cdef int[:, :, ::1] ends = np.zeros((threads, count, 2), np.int32)
    cdef long long[:, :, ::1] moves = np.empty((threads, count + 1, 3), np.int64)
    cdef int part
    for part in prange(threads, num_threads=threads, schedule="static", nogil=True):
        failed[part] = work(
            part, threads, account, quantity, price,
            rows[part], places[part], ends[part], moves[part], gain, left,
        )
    for row in failed:
        if row == -2:
            raise MemoryError
        if row >= 0:
            raise ValueError(f"row {row}: account {account[row]} sells more than it holds")
    return {"gain": gains, "left": rest}
