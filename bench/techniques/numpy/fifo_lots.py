"""Sales matched to lots, first in first out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.techniques.columns import numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result


def fifo_lots(table: pa.Table, _threads: int) -> Result:
    """No queues: what an account bought and sold so far says which lots a sale takes."""
    account, quantity, price = numbers(table, "account", "quantity", "price")
    order = np.argsort(account, kind="stable")
    account, quantity, price = account[order], quantity[order], price[order]
    first = np.flatnonzero(np.append(True, account[1:] != account[:-1]))
    sizes = np.diff(first, append=len(account))
    held = np.cumsum(quantity)
    held -= np.repeat(held[first] - quantity[first], sizes)
    if (held < 0).any():
        raise ValueError(f"row {order[held < 0].min()}: an account sells more than it holds")
    buys = quantity > 0
    bought = np.cumsum(np.where(buys, quantity, 0))
    # The lots of all accounts lie end to end; what an account sold is counted from where its first begins.
    sold = bought - held
    top, lots, prices = bought[buys], quantity[buys], price[buys]
    bottom = top - lots
    worth = lots * prices
    before = np.cumsum(worth) - worth

    def cost(upto: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        lot = np.searchsorted(top, upto)
        return before[lot] + (upto - bottom[lot]) * prices[lot]

    sales = ~buys
    taken, amount = sold[sales], -quantity[sales]
    gain, left = np.zeros_like(price), np.zeros_like(price)
    gain[order[sales]] = amount * price[sales] - (cost(taken) - cost(taken - amount))
    sold_in_all = np.repeat(sold[first + sizes - 1], sizes)[buys]
    left[order[buys]] = top - np.clip(sold_in_all, bottom, top)
    return {"gain": gain, "left": left}
