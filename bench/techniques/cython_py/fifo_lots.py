# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: extra_compile_args=-O3
"""Sales matched to lots, first in first out."""

import cython
import numpy as np
from cython.cimports.libc.stdlib import calloc, free

from bench.techniques.columns import numbers

MIX = cython.declare(cython.ulonglong, 0x9E3779B97F4A7C15)

Slot = cython.struct(account=cython.longlong, place=cython.longlong)
Move = cython.struct(open=cython.longlong, price=cython.longlong, row=cython.longlong)


@cython.nogil
@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def find(
    slots: cython.pointer[Slot], size: cython.Py_ssize_t, account: cython.longlong
) -> cython.pointer[Slot]:
    """The slot of an account, or the free one where it belongs, whose place is 0."""
    at: cython.ulonglong = (cython.cast(cython.ulonglong, account) * MIX >> 32) & (size - 1)
    while slots[at].account != account and slots[at].place != 0:
        at = (at + 1) & (size - 1)
    return cython.address(slots[at])


@cython.nogil
@cython.cfunc
@cython.exceptval(check=False)
def placed(
    account: cython.const[cython.longlong][::1],
    quantity: cython.const[cython.longlong][::1],
    places: cython.int[::1],
    ends: cython.int[:, ::1],
) -> cython.Py_ssize_t:
    """Number the accounts and count their lots and sales; how many accounts, or -1 without memory."""
    size: cython.Py_ssize_t = 1024
    known: cython.Py_ssize_t = 0
    row: cython.Py_ssize_t
    old: cython.Py_ssize_t
    slot: cython.pointer[Slot]
    larger: cython.pointer[Slot]
    slots: cython.pointer[Slot] = cython.cast(cython.pointer[Slot], calloc(size, cython.sizeof(Slot)))
    if slots == cython.NULL:
        return -1
    for row in range(account.shape[0]):
        slot = find(slots, size, account[row])
        if slot.place == 0:
            known += 1
            slot.account = account[row]
            slot.place = known
        places[row] = slot.place - 1
        ends[places[row], quantity[row] < 0] += 1
        if 2 * known > size:
            larger = cython.cast(cython.pointer[Slot], calloc(4 * size, cython.sizeof(Slot)))
            if larger == cython.NULL:
                free(slots)
                return -1
            for old in range(size):
                if slots[old].place:
                    find(larger, 4 * size, slots[old].account)[0] = slots[old]
            free(slots)
            slots = larger
            size *= 4
    free(slots)
    return known


@cython.nogil
@cython.cfunc
@cython.exceptval(check=False)
def sort(
    quantity: cython.const[cython.longlong][::1],
    price: cython.const[cython.longlong][::1],
    known: cython.Py_ssize_t,
    places: cython.int[::1],
    ends: cython.int[:, ::1],
    moves: cython.pointer[Move],
) -> cython.void:
    """Account by account, of each first the lots, then the sales."""
    begin: cython.int = 0
    count: cython.int
    kind: cython.int
    row: cython.Py_ssize_t
    move: cython.pointer[Move]
    for row in range(known):
        for kind in range(2):
            count = ends[row, kind]
            ends[row, kind] = begin
            begin += count
    for row in range(quantity.shape[0]):
        kind = quantity[row] < 0
        move = cython.address(moves[ends[places[row], kind]])
        move.open = -quantity[row] if kind else quantity[row]
        move.price = price[row]
        move.row = row
        ends[places[row], kind] += 1


@cython.nogil
@cython.cfunc
@cython.exceptval(check=False)
def match(
    known: cython.Py_ssize_t,
    ends: cython.int[:, ::1],
    moves: cython.pointer[Move],
    gain: cython.longlong[::1],
    left: cython.longlong[::1],
) -> cython.Py_ssize_t:
    """The row of a sale of more than is held, or -1."""
    place: cython.Py_ssize_t
    lot: cython.pointer[Move] = moves
    sale: cython.pointer[Move]
    middle: cython.pointer[Move]
    end: cython.pointer[Move]
    gained: cython.longlong
    taken: cython.longlong
    sold: cython.bint
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


def fifo_lots(table, _threads):
    """Moves sorted by account; the table of accounts is open addressing in an array that grows."""
    account, quantity, price = numbers(table, "account", "quantity", "price")
    rows = len(account)
    gain, left, sorted_moves = (
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
        np.empty((rows + 1, 3), np.int64),
    )
    accounts: cython.const[cython.longlong][::1] = account
    quantities: cython.const[cython.longlong][::1] = quantity
    prices: cython.const[cython.longlong][::1] = price
    gains: cython.longlong[::1] = gain
    rest: cython.longlong[::1] = left
    places: cython.int[::1] = np.empty(rows, np.int32)
    ends: cython.int[:, ::1] = np.zeros((rows, 2), np.int32)
    columns: cython.longlong[:, ::1] = sorted_moves
    moves: cython.pointer[Move] = cython.cast(cython.pointer[Move], cython.address(columns[0, 0]))
    known: cython.Py_ssize_t
    failed: cython.Py_ssize_t = -1
    with cython.nogil:
        known = placed(accounts, quantities, places, ends)
        if known >= 0:
            sort(quantities, prices, known, places, ends, moves)
            failed = match(known, ends, moves, gains, rest)
    if known < 0:
        raise MemoryError
    if failed >= 0:
        raise ValueError(f"row {failed}: account {account[failed]} sells more than it holds")
    return {"gain": gain, "left": left}
