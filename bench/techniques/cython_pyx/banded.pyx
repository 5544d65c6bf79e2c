# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: extra_compile_args=-O3 -fopenmp
# distutils: extra_link_args=-fopenmp
"""Banded totals with tiered commission."""

from cython.parallel cimport prange

import numpy as np

from bench.techniques.columns import numbers

cdef enum:
    FIRST = 1_000_000
    SECOND = 5_000_000


cdef inline long long earned(long long running) noexcept nogil:
    if running <= 0:
        return 0
    if running <= FIRST:
        return 200 * running
    if running <= SECOND:
        return 200LL * FIRST + 350 * (running - FIRST)
    return 200LL * FIRST + 350LL * (SECOND - FIRST) + 500 * (running - SECOND)


cdef inline int upto(
    Py_ssize_t row, const int[::1] region, const int[::1] branch, const int[::1] agent
) noexcept nogil:
    """The highest level that begins anew with this row; 4: none does."""
    if row == 0:
        return 4
    if row == agent.shape[0] or region[row] != region[row - 1]:
        return 1
    if branch[row] != branch[row - 1]:
        return 2
    return 3 if agent[row] != agent[row - 1] else 4


cdef void agents_of(
    Py_ssize_t begin, Py_ssize_t end, const int[::1] region, const int[::1] branch, const int[::1] agent,
    const long long[::1] amount, long long[::1] commission, long long[:, ::1] agents, long long[::1] found
) noexcept nogil:
    """The totals of the agents who begin in these rows."""
    cdef Py_ssize_t row, at
    cdef long long running, before, after, paid, difference
    while 0 < begin < amount.shape[0] and upto(begin, region, branch, agent) == 4:
        begin += 1
    row = at = begin
    while row < end:
        running = before = paid = 0
        while True:
            running += amount[row]
            after = earned(running)
            # C divides towards zero: what is cut off below it is given back.
            difference = after - before + 5000
            commission[row] = difference // 10000 - (difference % 10000 < 0)
            paid += commission[row]
            before = after
            row += 1
            if upto(row, region, branch, agent) < 4:
                break
        agents[0, at] = row
        agents[1, at] = running
        agents[2, at] = paid
        at += 1
    found[0] = begin
    found[1] = at


def banded(table, int threads):
    """Agents in parallel, cut where one begins; then one short loop over the agents' totals."""
    cdef const int[::1] region, branch, agent
    cdef const long long[::1] amount
    region, branch, agent, amount = numbers(table, "region", "branch", "agent", "amount")
    cdef Py_ssize_t rows = amount.shape[0], count = 0, at, row
    commissions = np.empty(rows, np.int64)
    # Memory that is not touched costs nothing: each row could be an agent, a branch and a region.
    printed = np.empty((4, 3 * rows + 1), np.int64)
    cdef long long[::1] commission = commissions
    cdef long long[:, ::1] bands = printed, agents = np.empty((3, rows), np.int64)
    cdef long long[:, ::1] found = np.empty((threads, 2), np.int64)
    cdef int part, level, last
    cdef long long[4] sums = [0, 0, 0, 0]
    cdef long long[4] paid = [0, 0, 0, 0]
    with nogil:
        for part in prange(threads, num_threads=threads, schedule="static"):
            agents_of(
                rows * part // threads, rows * (part + 1) // threads,
                region, branch, agent, amount, commission, agents, found[part],
            )
        for part in range(threads):
            for at in range(found[part, 0], found[part, 1]):
                row = agents[0, at]
                sums[3] = agents[1, at]
                paid[3] = agents[2, at]
                last = 0 if row == rows else upto(row, region, branch, agent)
                for level in range(3, last - 1, -1):
                    bands[0, count] = level
                    bands[1, count] = row
                    bands[2, count] = sums[level]
                    bands[3, count] = paid[level]
                    count += 1
                    if level:
                        sums[level - 1] += sums[level]
                        paid[level - 1] += paid[level]
                    sums[level] = paid[level] = 0
    level_of, end, amount_of, paid_of = printed[:, :count]
    return {"commission": commissions, "level": level_of, "end": end, "amount": amount_of, "total": paid_of}
