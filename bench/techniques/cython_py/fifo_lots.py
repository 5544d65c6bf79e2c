# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: extra_compile_args=-O3
"""Sales matched to lots, first in first out."""

import cython
import numpy as np

from bench.techniques.columns import numbers

MIX = cython.declare(cython.ulonglong, 0x9E3779B97F4A7C15)


@cython.nogil
@cython.cfunc
@cython.exceptval(check=False)
def match(
    account: cython.const[cython.longlong][::1],
    quantity: cython.const[cython.longlong][::1],
    price: cython.const[cython.longlong][::1],
    gain: cython.longlong[::1],
    left: cython.longlong[::1],
    after: cython.longlong[::1],
    queues: cython.longlong[:, ::1],
) -> cython.Py_ssize_t:
    mask: cython.ulonglong = queues.shape[0] - 1
    slot: cython.ulonglong
    row: cython.Py_ssize_t
    lot: cython.longlong
    number: cython.longlong
    sold: cython.longlong
    taken: cython.longlong
    for row in range(account.shape[0]):
        number = account[row]
        slot = (cython.cast(cython.ulonglong, number) * MIX >> 32) & mask
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


def fifo_lots(table, _threads):
    """Queues are linked lists in an array; the table of accounts is open addressing in another."""
    account, quantity, price = numbers(table, "account", "quantity", "price")
    rows = len(account)
    gain, left, after = np.empty(rows, np.int64), np.empty(rows, np.int64), np.empty(rows, np.int64)
    queues = np.zeros((1 << (3 * rows // 2).bit_length(), 3), np.int64)
    accounts: cython.const[cython.longlong][::1] = account
    quantities: cython.const[cython.longlong][::1] = quantity
    prices: cython.const[cython.longlong][::1] = price
    gains: cython.longlong[::1] = gain
    rest: cython.longlong[::1] = left
    next_lot: cython.longlong[::1] = after
    slots: cython.longlong[:, ::1] = queues
    failed: cython.Py_ssize_t
    with cython.nogil:
        failed = match(accounts, quantities, prices, gains, rest, next_lot, slots)
    if failed >= 0:
        raise ValueError(f"row {failed}: account {account[failed]} sells more than it holds")
    return {"gain": gain, "left": left}
