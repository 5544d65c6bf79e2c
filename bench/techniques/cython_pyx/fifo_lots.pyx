# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: extra_compile_args=-O3 -fopenmp
# distutils: extra_link_args=-fopenmp
"""Sales matched to lots, first in first out."""

from cython.parallel cimport prange

import numpy as np

from bench.techniques.columns import numbers

cdef unsigned long long MIX = 0x9E3779B97F4A7C15


cdef Py_ssize_t match(
    int part, int parts, const long long[::1] account, const long long[::1] quantity, const long long[::1] price,
    long long[::1] gain, long long[::1] left, long long[::1] after, long long[:, ::1] queues
) noexcept nogil:
    cdef unsigned long long mixed, slot, mask = queues.shape[0] - 1
    cdef long long number, sold, taken, lot
    cdef Py_ssize_t row
    for row in range(account.shape[0]):
        number = account[row]
        mixed = <unsigned long long>number * MIX
        if parts > 1 and (mixed >> 54) % parts != part:
            continue
        slot = (mixed >> 32) & mask
        while queues[slot, 0] != number and queues[slot, 0] != 0:
            slot = (slot + 1) & mask
        if queues[slot, 0] == 0:
            queues[slot, 0] = number
            queues[slot, 1] = -1
        gain[row] = 0
        if quantity[row] > 0:
            left[row] = quantity[row]
            after[row] = -1
            if queues[slot, 1] < 0:
                queues[slot, 1] = row
            else:
                after[queues[slot, 2]] = row
            queues[slot, 2] = row
            continue
        left[row] = 0
        sold = -quantity[row]
        lot = queues[slot, 1]
        while sold:
            if lot < 0:
                return row
            taken = min(sold, left[lot])
            gain[row] += taken * (price[row] - price[lot])
            left[lot] -= taken
            sold -= taken
            if left[lot] == 0:
                lot = after[lot]
        queues[slot, 1] = lot
    return -1


def fifo_lots(table, int threads):
    """Each thread reads all rows and does those of its accounts, which the hash of a number deals out."""
    cdef const long long[::1] account, quantity, price
    account, quantity, price = numbers(table, "account", "quantity", "price")
    cdef Py_ssize_t rows = account.shape[0]
    gains, rest = np.empty(rows, np.int64), np.empty(rows, np.int64)
    cdef long long[::1] gain = gains, left = rest, after = np.empty(rows, np.int64)
    cdef long long[:, :, ::1] queues = np.zeros((threads, 1 << (3 * table.num_rows // 2).bit_length(), 3), np.int64)
    cdef long long[::1] failed = np.empty(threads, np.int64)
    cdef int part
    for part in prange(threads, num_threads=threads, schedule="static", nogil=True):
        failed[part] = match(part, threads, account, quantity, price, gain, left, after, queues[part])
    for row in failed:
        if row >= 0:
            raise ValueError(f"row {row}: account {account[row]} sells more than it holds")
    return {"gain": gains, "left": rest}
