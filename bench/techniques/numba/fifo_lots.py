"""Sales matched to lots, first in first out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from bench.techniques.columns import numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

MIX = np.uint64(0x9E3779B97F4A7C15)


@njit(nogil=True)
def match(account, quantity, price, gain, left, after, queues):
    mask = np.uint64(len(queues) - 1)
    for row in range(len(account)):
        number = account[row]
        slot = (np.uint64(number) * MIX >> np.uint64(32)) & mask
        while queues[slot, 0] != number and queues[slot, 0] != 0:
            slot = (slot + np.uint64(1)) & mask
        if queues[slot, 0] == 0:
            queues[slot] = number, -1, -1
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
        sold, lot = -quantity[row], queues[slot, 1]
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


def fifo_lots(table: pa.Table, _threads: int) -> Result:
    """Queues are linked lists in an array; the table of accounts is open addressing in another."""
    account, quantity, price = numbers(table, "account", "quantity", "price")
    rows = len(account)
    gain, left, after = np.empty(rows, np.int64), np.empty(rows, np.int64), np.empty(rows, np.int64)
    queues = np.zeros((1 << (3 * rows // 2).bit_length(), 3), np.int64)
    failed = match(account, quantity, price, gain, left, after, queues)
    if failed >= 0:
        raise ValueError(f"row {failed}: account {account[failed]} sells more than it holds")
    return {"gain": gain, "left": left}
