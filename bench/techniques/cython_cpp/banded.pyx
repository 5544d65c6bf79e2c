# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: language=c++
# distutils: extra_compile_args=-O3
"""Banded totals with tiered commission."""

from libcpp.vector cimport vector

import numpy as np

from bench.techniques.columns import numbers

cdef struct Band:
    long long level
    long long end
    long long amount
    long long paid


cdef inline long long earned(long long running) noexcept nogil:
    if running <= 0:
        return 0
    if running <= 1_000_000:
        return 200 * running
    if running <= 5_000_000:
        return 200_000_000 + 350 * (running - 1_000_000)
    return 1_600_000_000 + 500 * (running - 5_000_000)


cdef vector[Band] totals(
    const int[::1] region, const int[::1] branch, const int[::1] agent, const long long[::1] amount,
    long long[::1] commission
) noexcept nogil:
    cdef vector[Band] bands
    cdef Band[4] open
    cdef Py_ssize_t row, rows = amount.shape[0]
    cdef int level, upto
    cdef long long before = 0, after, difference
    for level in range(4):
        open[level] = Band(level, 0, 0, 0)
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
            open[level].end = row
            bands.push_back(open[level])
            if level:
                open[level - 1].amount += open[level].amount
                open[level - 1].paid += open[level].paid
            open[level].amount = open[level].paid = before = 0
        if row < rows:
            open[3].amount += amount[row]
            after = earned(open[3].amount)
            # C divides towards zero: what is cut off below it is given back.
            difference = after - before + 5000
            commission[row] = difference // 10000 - (difference % 10000 < 0)
            open[3].paid += commission[row]
            before = after
    return bands


def banded(table, _threads):
    """One loop over the rows, as in pure Python."""
    cdef const int[::1] region, branch, agent
    cdef const long long[::1] amount
    region, branch, agent, amount = numbers(table, "region", "branch", "agent", "amount")
    commissions = np.empty(table.num_rows, np.int64)
    cdef long long[::1] commission = commissions
    cdef vector[Band] bands
    with nogil:
        bands = totals(region, branch, agent, amount, commission)
    level, end, sums, paid = np.array(<long long[:bands.size(), :4]><long long *>bands.data()).T.copy()
    return {"commission": commissions, "level": level, "end": end, "amount": sums, "total": paid}
