"""Sales matched to lots, first in first out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from librt.strings import read_i64_le
from librt.vecs import vec
from mypy_extensions import i64

from bench.techniques.columns import raw

MIX: Final[i64] = -7046029254386353131


def match(account: bytes, quantity: bytes, price: bytes, rows: i64) -> tuple[i64, vec[i64], vec[i64]]:
    gain, left, after = vec[i64]([0] * rows), vec[i64]([0] * rows), vec[i64]([0] * rows)
    size: i64 = 2
    while size <= 3 * rows // 2:
        size *= 2
    # Open addressing: the number of an account, its first lot, its last.
    number_at, head, tail = vec[i64]([0] * size), vec[i64]([0] * size), vec[i64]([0] * size)
    mask: i64 = size - 1
    row: i64 = 0
    while row < rows:
        number: i64 = read_i64_le(account, 8 * row)
        amount: i64 = read_i64_le(quantity, 8 * row)
        slot: i64 = (number * MIX >> 32) & mask
        while number_at[slot] != number and number_at[slot] != 0:
            slot = (slot + 1) & mask
        if number_at[slot] == 0:
            number_at[slot] = number
            head[slot] = -1
        if amount > 0:
            left[row] = amount
            after[row] = -1
            if head[slot] < 0:
                head[slot] = row
            else:
                after[tail[slot]] = row
            tail[slot] = row
            row += 1
            continue
        sold: i64 = -amount
        lot: i64 = head[slot]
        gained: i64 = 0
        each: i64 = read_i64_le(price, 8 * row)
        while sold > 0:
            if lot < 0:
                return row, gain, left
            held: i64 = left[lot]
            taken: i64 = min(sold, held)
            gained += taken * (each - read_i64_le(price, 8 * lot))
            left[lot] = held - taken
            sold -= taken
            if taken == held:
                lot = after[lot]
        head[slot] = lot
        gain[row] = gained
        row += 1
    return -1, gain, left


def fifo_lots(table: Any, _threads: int) -> dict[str, Any]:
    """Queues are linked lists in vectors of native integers."""
    account, quantity, price = raw(table, "account", "quantity", "price")
    failed, gain, left = match(account, quantity, price, table.num_rows)
    if failed >= 0:
        number = read_i64_le(account, 8 * failed)
        raise ValueError(f"row {failed}: account {number} sells more than it holds")
    return {"gain": np.frombuffer(gain, np.int64), "left": np.frombuffer(left, np.int64)}
