"""Sales matched to lots, first in first out."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

import pyarrow as pa

from bench.techniques.columns import plain

if TYPE_CHECKING:
    from bench.techniques.kernel import Result


def fifo_lots(table: pa.Table, _threads: int) -> Result:
    """The gain of each sale and what is left of each lot; a sale of more than is held is an error."""
    accounts, quantities, prices = plain(table, "account", "quantity", "price")
    gains, left = [0] * len(accounts), [0] * len(accounts)
    queues: defaultdict[int, deque[int]] = defaultdict(deque)
    for row, (account, quantity, price) in enumerate(zip(accounts, quantities, prices, strict=True)):
        lots = queues[account]
        if quantity > 0:
            left[row] = quantity
            lots.append(row)
            continue
        sold, gain = -quantity, 0
        while sold:
            if not lots:
                raise ValueError(f"row {row}: account {account} sells more than it holds")
            lot = lots[0]
            held = left[lot]
            if held > sold:
                gain += sold * (price - prices[lot])
                left[lot] = held - sold
                break
            gain += held * (price - prices[lot])
            left[lot] = 0
            sold -= held
            lots.popleft()
        gains[row] = gain
    return {"gain": pa.array(gains, pa.int64()), "left": pa.array(left, pa.int64())}
