# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: language=c++
# distutils: extra_compile_args=-O3
"""Sales matched to lots, first in first out."""

from libcpp.deque cimport deque
from libcpp.unordered_map cimport unordered_map

import numpy as np

from bench.techniques.columns import numbers

cdef struct Lot:
    Py_ssize_t row
    long long left
    long long price


cdef Py_ssize_t match(
    const long long[::1] account, const long long[::1] quantity, const long long[::1] price,
    long long[::1] gain, long long[::1] left
) noexcept nogil:
    cdef unordered_map[long long, deque[Lot]] queues
    cdef deque[Lot] *lots
    cdef Lot *lot
    cdef long long sold, taken
    cdef Py_ssize_t row
    for row in range(account.shape[0]):
        gain[row] = left[row] = 0
        lots = &queues[account[row]]
        if quantity[row] > 0:
            lots.push_back(Lot(row, quantity[row], price[row]))
            continue
        sold = -quantity[row]
        while sold:
            if lots.empty():
                return row
            lot = &lots.front()
            taken = min(sold, lot.left)
            gain[row] += taken * (price[row] - lot.price)
            lot.left -= taken
            sold -= taken
            if lot.left == 0:
                lots.pop_front()
    for item in queues:
        for rest in item.second:
            left[rest.row] = rest.left
    return -1


def fifo_lots(table, _threads):
    """A queue of lots per account."""
    cdef const long long[::1] account, quantity, price
    account, quantity, price = numbers(table, "account", "quantity", "price")
    gains, rest = np.empty(table.num_rows, np.int64), np.empty(table.num_rows, np.int64)
    cdef long long[::1] gain = gains, left = rest
    cdef Py_ssize_t failed
    with nogil:
        failed = match(account, quantity, price, gain, left)
    if failed >= 0:
        raise ValueError(f"row {failed}: account {account[failed]} sells more than it holds")
    return {"gain": gains, "left": rest}
