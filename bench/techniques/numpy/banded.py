"""Banded totals with tiered commission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.techniques.columns import numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

FIRST, SECOND = 1_000_000, 5_000_000


def earned(running: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The commission of running amounts, in ten thousandths of a cent."""
    total = np.clip(running, 0, FIRST) * 200
    total += np.clip(running - FIRST, 0, SECOND - FIRST) * 350
    total += np.maximum(running - SECOND, 0) * 500
    return total


def banded(table: pa.Table, _threads: int) -> Result:
    """Running amounts are a sum over all rows less that at the agent's first row."""
    *keys, amount = numbers(table, "region", "branch", "agent", "amount")
    rows = len(amount)
    changes = np.ones((4, rows), bool)
    changes[0, 1:] = False
    for level, key in enumerate(keys, 1):
        np.not_equal(key[1:], key[:-1], out=changes[level, 1:])
        changes[level, 1:] |= changes[level - 1, 1:]
    firsts = [np.flatnonzero(change) for change in changes]
    agents = firsts[3]
    running = np.cumsum(amount)
    running -= np.repeat(running[agents] - amount[agents], np.diff(agents, append=rows))
    after = earned(running)
    commission = after.copy()
    commission[1:] -= after[:-1]
    commission[agents] = after[agents]
    commission += 5000
    commission //= 10000
    level = np.repeat(np.arange(4), [len(first) for first in firsts])
    end = np.concatenate([np.append(first[1:], rows) for first in firsts])
    order = np.lexsort((-level, end))
    sums = [
        np.concatenate([np.add.reduceat(of, first) for first in firsts])[order] for of in (amount, commission)
    ]
    return {
        "commission": commission,
        "level": level[order],
        "end": end[order],
        "amount": sums[0],
        "total": sums[1],
    }
