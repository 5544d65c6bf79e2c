"""Banded totals with tiered commission."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from bench.techniques.columns import numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

FIRST, SECOND = 1_000_000, 5_000_000


@njit(nogil=True)
def earned(running):
    if running <= 0:
        return 0
    if running <= FIRST:
        return 200 * running
    if running <= SECOND:
        return 200 * FIRST + 350 * (running - FIRST)
    return 200 * FIRST + 350 * (SECOND - FIRST) + 500 * (running - SECOND)


@njit(nogil=True)
def totals(region, branch, agent, amount, commission, bands):
    sums, paid = np.zeros(4, np.int64), np.zeros(4, np.int64)
    rows, count, before = len(amount), 0, 0
    for row in range(rows + 1):
        if row == rows:
            upto = 0
        elif row == 0:
            upto = 4
        elif region[row] != region[row - 1]:
            upto = 1
        elif branch[row] != branch[row - 1]:
            upto = 2
        else:
            upto = 3 if agent[row] != agent[row - 1] else 4
        for level in range(3, upto - 1, -1):
            bands[0, count], bands[1, count] = level, row
            bands[2, count], bands[3, count] = sums[level], paid[level]
            count += 1
            if level:
                sums[level - 1] += sums[level]
                paid[level - 1] += paid[level]
            sums[level] = paid[level] = before = 0
        if row < rows:
            sums[3] += amount[row]
            after = earned(sums[3])
            commission[row] = (after - before + 5000) // 10000
            paid[3] += commission[row]
            before = after
    return count


def banded(table: pa.Table, _threads: int) -> Result:
    """One loop over the rows, as in pure Python."""
    columns = list(numbers(table, "region", "branch", "agent", "amount"))
    rows = table.num_rows
    # Memory that is not touched costs nothing: each row could be an agent, a branch and a region.
    commission, bands = np.empty(rows, np.int64), np.empty((4, 3 * rows + 1), np.int64)
    count = totals(*columns, commission, bands)
    level, end, amount, total = bands[:, :count]
    return {"commission": commission, "level": level, "end": end, "amount": amount, "total": total}
