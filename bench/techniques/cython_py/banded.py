# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: extra_compile_args=-O3
"""Banded totals with tiered commission."""

import cython
import numpy as np

from bench.techniques.columns import numbers

FIRST = cython.declare(cython.longlong, 1_000_000)
SECOND = cython.declare(cython.longlong, 5_000_000)


@cython.nogil
@cython.cfunc
@cython.exceptval(check=False)
def earned(running: cython.longlong) -> cython.longlong:
    if running <= 0:
        return 0
    if running <= FIRST:
        return 200 * running
    if running <= SECOND:
        return 200 * FIRST + 350 * (running - FIRST)
    return 200 * FIRST + 350 * (SECOND - FIRST) + 500 * (running - SECOND)


@cython.nogil
@cython.cfunc
@cython.exceptval(check=False)
def totals(
    region: cython.const[cython.int][::1],
    branch: cython.const[cython.int][::1],
    agent: cython.const[cython.int][::1],
    amount: cython.const[cython.longlong][::1],
    commission: cython.longlong[::1],
    bands: cython.longlong[:, ::1],
) -> cython.Py_ssize_t:
    sums: cython.longlong[4] = [0, 0, 0, 0]
    paid: cython.longlong[4] = [0, 0, 0, 0]
    rows: cython.Py_ssize_t = amount.shape[0]
    count: cython.Py_ssize_t = 0
    row: cython.Py_ssize_t
    level: cython.int
    upto: cython.int
    before: cython.longlong = 0
    after: cython.longlong
    difference: cython.longlong
    for row in range(rows + 1):
        upto = 4
        if row == rows:
            upto = 0
        elif row > 0:
            if region[row] != region[row - 1]:
                upto = 1
            elif branch[row] != branch[row - 1]:
                upto = 2
            elif agent[row] != agent[row - 1]:
                upto = 3
        for level in range(3, upto - 1, -1):
            bands[0, count] = level
            bands[1, count] = row
            bands[2, count] = sums[level]
            bands[3, count] = paid[level]
            count += 1
            if level:
                sums[level - 1] += sums[level]
                paid[level - 1] += paid[level]
            sums[level] = paid[level] = before = 0
        if row < rows:
            sums[3] += amount[row]
            after = earned(sums[3])
            # C divides towards zero: what is cut off below it is given back.
            difference = after - before + 5000
            commission[row] = difference // 10000 - (difference % 10000 < 0)
            paid[3] += commission[row]
            before = after
    return count


def banded(table, _threads):
    """One loop over the rows, as in pure Python."""
    region, branch, agent, amount = numbers(table, "region", "branch", "agent", "amount")
    rows = table.num_rows
    # Memory that is not touched costs nothing: each row could be an agent, a branch and a region.
    commission, bands = np.empty(rows, np.int64), np.empty((4, 3 * rows + 1), np.int64)
    regions: cython.const[cython.int][::1] = region
    branches: cython.const[cython.int][::1] = branch
    agents: cython.const[cython.int][::1] = agent
    amounts: cython.const[cython.longlong][::1] = amount
    commissions: cython.longlong[::1] = commission
    found: cython.longlong[:, ::1] = bands
    count: cython.Py_ssize_t
    with cython.nogil:
        count = totals(regions, branches, agents, amounts, commissions, found)
    level, end, sums, paid = bands[:, :count]
    return {"commission": commission, "level": level, "end": end, "amount": sums, "total": paid}
