"""Banded totals with tiered commission."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit, prange, set_num_threads

from bench.techniques.columns import numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

FIRST, SECOND = 1_000_000, 5_000_000


@njit
def earned(running):
    if running <= 0:
        return 0
    if running <= FIRST:
        return 200 * running
    if running <= SECOND:
        return 200 * FIRST + 350 * (running - FIRST)
    return 200 * FIRST + 350 * (SECOND - FIRST) + 500 * (running - SECOND)


@njit
def upto(row, region, branch, agent):
    """The highest level that begins anew with this row; 4: none does."""
    if row == 0:
        return 4
    if row == len(agent) or region[row] != region[row - 1]:
        return 1
    if branch[row] != branch[row - 1]:
        return 2
    return 3 if agent[row] != agent[row - 1] else 4


@njit
def agents_of(part, begin, end, region, branch, agent, amount, commission, agents):
    """The totals of the agents who begin in these rows; how many they are."""
    while 0 < begin < len(amount) and upto(begin, region, branch, agent) == 4:
        begin += 1
    row, count = begin, 0
    while row < end:
        running = before = paid = 0
        while True:
            running += amount[row]
            after = earned(running)
            commission[row] = (after - before + 5000) // 10000
            paid += commission[row]
            before = after
            row += 1
            if upto(row, region, branch, agent) < 4:
                break
        agents[0, begin + count], agents[1, begin + count], agents[2, begin + count] = row, running, paid
        count += 1
    return begin, count


@njit(nogil=True, parallel=True)
def totals(parts, region, branch, agent, amount, commission, agents, bands):
    rows = len(amount)
    found = np.empty((parts, 2), np.int64)
    for part in prange(parts):
        found[part] = agents_of(
            part,
            rows * part // parts,
            rows * (part + 1) // parts,
            region,
            branch,
            agent,
            amount,
            commission,
            agents,
        )
    sums, paid, count = np.zeros(4, np.int64), np.zeros(4, np.int64), 0
    for part in range(parts):
        for at in range(found[part, 0], found[part, 0] + found[part, 1]):
            row, sums[3], paid[3] = agents[0, at], agents[1, at], agents[2, at]
            last = 0 if row == rows else upto(row, region, branch, agent)
            for level in range(3, last - 1, -1):
                bands[0, count], bands[1, count] = level, row
                bands[2, count], bands[3, count] = sums[level], paid[level]
                count += 1
                if level:
                    sums[level - 1] += sums[level]
                    paid[level - 1] += paid[level]
                sums[level] = paid[level] = 0
    return count


def banded(table: pa.Table, threads: int) -> Result:
    """Agents in parallel, cut where one begins; then one short loop over the agents' totals."""
    set_num_threads(threads)
    columns = list(numbers(table, "region", "branch", "agent", "amount"))
    rows = table.num_rows
    # Memory that is not touched costs nothing: each row could be an agent, a branch and a region.
    agents, bands = np.empty((3, rows), np.int64), np.empty((4, 3 * rows + 1), np.int64)
    commission = np.empty(rows, np.int64)
    count = totals(threads, *columns, commission, agents, bands)
    level, end, amount, total = bands[:, :count]
    return {"commission": commission, "level": level, "end": end, "amount": amount, "total": total}
