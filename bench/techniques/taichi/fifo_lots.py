"""Sales matched to lots, first in first out."""

from typing import Any

import numpy as np
import taichi as ti

from bench.techniques.columns import numbers
from bench.techniques.taichi.start import started

MIX = -7046029254386353131
Column = ti.types.ndarray(ti.i64, 1)
Rows = ti.types.ndarray(ti.i32, 1)
Tables = ti.types.ndarray(ti.i64, 3)


@ti.kernel
def match(
    parts: ti.i32,
    rows: ti.i32,
    size: ti.i32,
    account: Column,
    quantity: Column,
    price: Column,
    gain: Column,
    left: Column,
    after: Rows,
    queues: Tables,
) -> ti.i32:
    failed = -1
    for part in range(parts):
        row = 0
        while row < rows:
            number = account[row]
            mixed = number * ti.i64(MIX)
            if ((mixed >> 54) & 1023) % parts == part:
                slot = ti.cast((mixed >> 32) & (size - 1), ti.i32)
                while queues[part, slot, 0] != number and queues[part, slot, 0] != 0:
                    slot = (slot + 1) & (size - 1)
                if queues[part, slot, 0] == 0:
                    queues[part, slot, 0] = number
                    queues[part, slot, 1] = -1
                gain[row] = 0
                if quantity[row] > 0:
                    left[row] = quantity[row]
                    after[row] = -1
                    if queues[part, slot, 1] < 0:
                        queues[part, slot, 1] = row
                    else:
                        after[ti.cast(queues[part, slot, 2], ti.i32)] = row
                    queues[part, slot, 2] = row
                else:
                    left[row] = 0
                    sold = -quantity[row]
                    gained = ti.i64(0)
                    lot = ti.cast(queues[part, slot, 1], ti.i32)
                    while sold > 0 and lot >= 0:
                        taken = ti.min(sold, left[lot])
                        gained += taken * (price[row] - price[lot])
                        left[lot] -= taken
                        sold -= taken
                        if left[lot] == 0:
                            lot = after[lot]
                    gain[row] = gained
                    queues[part, slot, 1] = lot
                    if sold > 0:
                        ti.atomic_max(failed, row)
                        row = rows
            row += 1
    return failed


def fifo_lots(table: Any, threads: int) -> dict[str, Any]:
    """Each thread reads all rows and does those of its accounts, which the hash of a number deals out."""
    started(threads)
    account, quantity, price = numbers(table, "account", "quantity", "price")
    rows = len(account)
    gain, left, after = np.empty(rows, np.int64), np.empty(rows, np.int64), np.empty(rows, np.int32)
    size = 1 << (3 * rows // 2).bit_length()
    queues = np.zeros((threads, size, 3), np.int64)
    failed = match(threads, rows, size, account, quantity, price, gain, left, after, queues)
    if failed >= 0:
        raise ValueError(f"row {failed}: account {account[failed]} sells more than it holds")
    return {"gain": gain, "left": left}
