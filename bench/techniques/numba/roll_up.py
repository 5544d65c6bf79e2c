"""Totals over a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from bench.techniques.columns import numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

MIX = np.uint64(0x9E3779B97F4A7C15)


@njit(nogil=True)
def find(nodes, number):
    """The slot of a number, or the free one where it belongs."""
    mask = np.uint64(len(nodes) - 1)
    slot = (np.uint64(number) * MIX >> np.uint64(32)) & mask
    while nodes[slot, 0] != number and nodes[slot, 0] != 0:
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit(nogil=True)
def add_up(ids, parents, totals, nodes, above, waiting):
    rows = len(ids)
    for row in range(rows):
        slot = find(nodes, ids[row])
        nodes[slot, 0], nodes[slot, 1] = ids[row], row
    for row in range(rows):
        above[row] = -1
        if parents[row]:
            slot = find(nodes, parents[row])
            if nodes[slot, 0] == 0:
                return -1
            above[row] = nodes[slot, 1]
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


def roll_up(table: pa.Table, _threads: int) -> Result:
    """From each leaf up, as long as all that is below a node is in its total."""
    ids, parents, amounts = numbers(table, "id", "parent", "amount")
    rows, totals = len(ids), amounts.copy()
    nodes = np.zeros((1 << (3 * rows // 2).bit_length(), 2), np.int64)
    done = add_up(ids, parents, totals, nodes, np.empty(rows, np.int32), np.zeros(rows, np.int32))
    if done < 0:
        raise ValueError("a parent is no node")
    if done < rows:
        raise ValueError(f"{rows - done} nodes are in a cycle")
    return {"total": totals}
