# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: language=c++
# distutils: extra_compile_args=-O3
"""Totals over a tree."""

from cython.operator cimport dereference
from libcpp.unordered_map cimport unordered_map
from libcpp.vector cimport vector

import numpy as np

from bench.techniques.columns import numbers


cdef Py_ssize_t add_up(const long long[::1] ids, const long long[::1] parents, long long[::1] totals) noexcept nogil:
    cdef Py_ssize_t rows = ids.shape[0], row, leaf, parent, done = 0
    cdef unordered_map[long long, int] row_of
    cdef vector[int] above = vector[int](rows, -1), waiting = vector[int](rows, 0)
    row_of.reserve(rows)
    for row in range(rows):
        row_of[ids[row]] = <int>row
    for row in range(rows):
        if parents[row]:
            found = row_of.find(parents[row])
            if found == row_of.end():
                return -1
            above[row] = dereference(found).second
            waiting[above[row]] += 1
    for leaf in range(rows):
        row = leaf
        while row >= 0 and waiting[row] == 0:
            waiting[row] = -1
            done += 1
            parent = above[row]
            if parent >= 0:
                totals[parent] += totals[row]
                waiting[parent] -= 1
            # One that comes later in the rows is taken up there.
            row = parent if parent < leaf else -1
    return done


def roll_up(table, _threads):
    """From each leaf up, as long as all that is below a node is in its total."""
    cdef const long long[::1] ids, parents
    ids, parents, amounts = numbers(table, "id", "parent", "amount")
    totals_of = amounts.copy()
    cdef long long[::1] totals = totals_of
    cdef Py_ssize_t done
    with nogil:
        done = add_up(ids, parents, totals)
    if done < 0:
        raise ValueError("a parent is no node")
    if done < len(ids):
        raise ValueError(f"{len(ids) - done} nodes are in a cycle")
    return {"total": totals_of}
