# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: extra_compile_args=-O3
"""Totals over a tree."""

import cython
import numpy as np

from bench.techniques.columns import numbers

MIX = cython.declare(cython.ulonglong, 0x9E3779B97F4A7C15)


@cython.nogil
@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def find(nodes: cython.longlong[:, ::1], number: cython.longlong) -> cython.ulonglong:
    """The slot of a number, or the free one where it belongs."""
    mask: cython.ulonglong = nodes.shape[0] - 1
    slot: cython.ulonglong = (cython.cast(cython.ulonglong, number) * MIX >> 32) & mask
    while nodes[slot, 0] != number and nodes[slot, 0] != 0:
        slot = (slot + 1) & mask
    return slot


@cython.nogil
@cython.cfunc
@cython.exceptval(check=False)
def add_up(
    ids: cython.const[cython.longlong][::1],
    parents: cython.const[cython.longlong][::1],
    totals: cython.longlong[::1],
    nodes: cython.longlong[:, ::1],
    above: cython.int[::1],
    waiting: cython.int[::1],
) -> cython.Py_ssize_t:
    rows: cython.Py_ssize_t = ids.shape[0]
    done: cython.Py_ssize_t = 0
    row: cython.Py_ssize_t
    leaf: cython.Py_ssize_t
    parent: cython.Py_ssize_t
    slot: cython.ulonglong
    for row in range(rows):
        slot = find(nodes, ids[row])
        nodes[slot, 0] = ids[row]
        nodes[slot, 1] = row
    for row in range(rows):
        above[row] = -1
        if parents[row]:
            slot = find(nodes, parents[row])
            if nodes[slot, 0] == 0:
                return -1
            above[row] = nodes[slot, 1]
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
    ids, parents, amounts = numbers(table, "id", "parent", "amount")
    rows, totals = len(ids), amounts.copy()
    numbers_of: cython.const[cython.longlong][::1] = ids
    parents_of: cython.const[cython.longlong][::1] = parents
    totals_of: cython.longlong[::1] = totals
    nodes: cython.longlong[:, ::1] = np.zeros((1 << (3 * rows // 2).bit_length(), 2), np.int64)
    above: cython.int[::1] = np.empty(rows, np.int32)
    waiting: cython.int[::1] = np.zeros(rows, np.int32)
    done: cython.Py_ssize_t
    with cython.nogil:
        done = add_up(numbers_of, parents_of, totals_of, nodes, above, waiting)
    if done < 0:
        raise ValueError("a parent is no node")
    if done < rows:
        raise ValueError(f"{rows - done} nodes are in a cycle")
    return {"total": totals}
