"""Totals over a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit, prange, set_num_threads

from bench.techniques.columns import numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

MIX = np.uint64(0x9E3779B97F4A7C15)


@njit
def part_of(number, parts):
    return np.int64((np.uint64(number) * MIX >> np.uint64(54)) % np.uint64(parts))


@njit
def find(nodes, number):
    """The slot of a number, or the free one where it belongs."""
    mask = np.uint64(len(nodes) - 1)
    slot = (np.uint64(number) * MIX >> np.uint64(32)) & mask
    while nodes[slot, 0] != number and nodes[slot, 0] != 0:
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit
def index(part, parts, ids, nodes):
    for row in range(len(ids)):
        if part_of(ids[row], parts) == part:
            slot = find(nodes, ids[row])
            nodes[slot, 0], nodes[slot, 1] = ids[row], row


@njit(nogil=True, parallel=True)
def add_up(parts, ids, parents, totals, nodes, above, waiting):
    rows = len(ids)
    for part in prange(parts):
        index(part, parts, ids, nodes[part])
    missing = 0
    for row in prange(rows):
        above[row] = -1
        if parents[row]:
            part = part_of(parents[row], parts)
            slot = find(nodes[part], parents[row])
            above[row] = nodes[part, slot, 1]
            missing += nodes[part, slot, 0] == 0
    if missing:
        return -1
    for row in range(rows):
        if above[row] >= 0:
            waiting[above[row]] += 1
    done = 0
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


def roll_up(table: pa.Table, threads: int) -> Result:
    """Parents are looked up in parallel; the way up is one thread's, because Numba has no atomics on CPUs."""
    set_num_threads(threads)
    ids, parents, amounts = numbers(table, "id", "parent", "amount")
    rows, totals = len(ids), amounts.copy()
    nodes = np.zeros((threads, 1 << (3 * rows // 2).bit_length(), 2), np.int64)
    done = add_up(threads, ids, parents, totals, nodes, np.empty(rows, np.int32), np.zeros(rows, np.int32))
    if done < 0:
        raise ValueError("a parent is no node")
    if done < rows:
        raise ValueError(f"{rows - done} nodes are in a cycle")
    return {"total": totals}
