"""Sales matched to lots, first in first out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit, prange, set_num_threads

from bench.techniques.columns import numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

MIX = np.uint64(0x9E3779B97F4A7C15)


@njit
def find(slots, number):
    """The slot of an account, or the free one where it belongs."""
    mask = np.uint64(len(slots) - 1)
    slot = (np.uint64(number) * MIX >> np.uint64(32)) & mask
    while slots[slot, 0] != number and slots[slot, 1] != 0:
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit
def grown(slots):
    larger = np.zeros((4 * len(slots), 2), np.int64)
    for old in range(len(slots)):
        if slots[old, 1]:
            larger[find(larger, slots[old, 0])] = slots[old]
    return larger


@njit
def dealt(part, parts, account, rows):
    """The rows of a part; how many."""
    count = 0
    for row in range(len(account)):
        # Written in any case: which part it is can't be guessed by the processor.
        rows[count] = row
        count += int((np.uint64(account[row]) * MIX >> np.uint64(54)) % np.uint64(parts) == np.uint64(part))
    return count


@njit
def sort(account, quantity, price, rows, places, ends, moves):
    """Account by account into `moves`, of each first the lots, then the sales; how many accounts."""
    slots, known = np.zeros((1024, 2), np.int64), 0
    for at in range(len(rows)):
        row = rows[at]
        slot = find(slots, account[row])
        if slots[slot, 1] == 0:
            known += 1
            slots[slot, 0], slots[slot, 1] = account[row], known
            places[at] = known - 1
            if 2 * known > len(slots):
                slots = grown(slots)
        else:
            places[at] = slots[slot, 1] - 1
        ends[places[at], int(quantity[row] < 0)] += 1
    begin = 0
    for place in range(known):
        for kind in range(2):
            count = ends[place, kind]
            ends[place, kind] = begin
            begin += count
    for at in range(len(rows)):
        row, place = rows[at], places[at]
        kind = int(quantity[row] < 0)
        to = ends[place, kind]
        moves[to, 0], moves[to, 1], moves[to, 2] = abs(quantity[row]), price[row], row
        ends[place, kind] = to + 1
    return known


@njit
def match(known, ends, moves, gain, left):
    """The row of a sale of more than is held, or -1."""
    lot = 0
    for place in range(known):
        middle, end = ends[place]
        sale, gained = middle, 0
        # Each step ends a lot or a sale or both, without a branch on which.
        while sale < end:
            row = moves[sale, 2]
            if lot == middle or moves[lot, 2] > row:
                return row
            taken = min(moves[lot, 0], moves[sale, 0])
            moves[lot, 0] -= taken
            moves[sale, 0] -= taken
            gained += taken * (moves[sale, 1] - moves[lot, 1])
            gain[row] = gained
            sold = moves[sale, 0] == 0
            gained = 0 if sold else gained
            lot += int(moves[lot, 0] == 0)
            sale += int(sold)
        while lot < middle:
            left[moves[lot, 2]] = moves[lot, 0]
            lot += 1
        lot = end
    return -1


@njit(nogil=True, parallel=True)
def match_all(parts, account, quantity, price, rows, places, ends, moves, gain, left):
    failed = np.empty(parts, np.int64)
    for part in prange(parts):
        count = dealt(part, parts, account, rows[part])
        own = rows[part, :count]
        known = sort(account, quantity, price, own, places[part], ends[part], moves[part])
        failed[part] = match(known, ends[part], moves[part], gain, left)
    return failed.max()


def fifo_lots(table: pa.Table, threads: int) -> Result:
    """Moves sorted by account; each thread does the accounts that the hash of a number deals out to it."""
    set_num_threads(threads)
    account, quantity, price = numbers(table, "account", "quantity", "price")
    count = len(account)
    gain, left = np.zeros(count, np.int64), np.zeros(count, np.int64)
    # Memory that is not touched costs nothing. Dealing writes one row more at most.
    rows, places = np.empty((threads, count + 1), np.int32), np.empty((threads, count), np.int32)
    ends, moves = np.zeros((threads, count, 2), np.int32), np.empty((threads, count, 3), np.int64)
    failed = match_all(threads, account, quantity, price, rows, places, ends, moves, gain, left)
    if failed >= 0:
        raise ValueError(f"row {failed}: account {account[failed]} sells more than it holds")
    return {"gain": gain, "left": left}
