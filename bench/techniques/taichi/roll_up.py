"""Totals over a tree."""

from typing import Any

import numpy as np
import taichi as ti

from bench.techniques.columns import numbers
from bench.techniques.taichi.start import started

MIX = -7046029254386353131
Column = ti.types.ndarray(ti.i64, 1)
Rows = ti.types.ndarray(ti.i32, 1)
Tables = ti.types.ndarray(ti.i64, 3)


@ti.func
def part_of(number, parts):
    return ti.cast(((number * ti.i64(MIX) >> 54) & 1023) % parts, ti.i32)


@ti.func
def find(part, size, nodes: ti.template(), number):
    """The slot of a number, or the free one where it belongs."""
    slot = ti.cast((number * ti.i64(MIX) >> 32) & (size - 1), ti.i32)
    while nodes[part, slot, 0] != number and nodes[part, slot, 0] != 0:
        slot = (slot + 1) & (size - 1)
    return slot


@ti.kernel
def index(parts: ti.i32, rows: ti.i32, size: ti.i32, ids: Column, nodes: Tables):
    for part in range(parts):
        for row in range(rows):
            if part_of(ids[row], parts) == part:
                slot = find(part, size, nodes, ids[row])
                nodes[part, slot, 0] = ids[row]
                nodes[part, slot, 1] = row


@ti.kernel
def look_up(
    parts: ti.i32, rows: ti.i32, size: ti.i32, parents: Column, nodes: Tables, above: Rows, waiting: Rows
) -> ti.i32:
    missing = 0
    for row in range(rows):
        above[row] = -1
        if parents[row] != 0:
            part = part_of(parents[row], parts)
            slot = find(part, size, nodes, parents[row])
            if nodes[part, slot, 0] == 0:
                missing += 1
            else:
                above[row] = ti.cast(nodes[part, slot, 1], ti.i32)
                ti.atomic_add(waiting[above[row]], 1)
    return missing


@ti.kernel
def climb(rows: ti.i32, above: Rows, below: Rows, waiting: Rows, totals: Column) -> ti.i32:
    done = 0
    for leaf in range(rows):
        if below[leaf] == 0:
            row = leaf
            count = 0
            while row >= 0:
                count += 1
                parent = above[row]
                if parent >= 0:
                    ti.atomic_add(totals[parent], totals[row])
                    # Who takes the last one away goes on; it sees what all others added before.
                    if ti.atomic_sub(waiting[parent], 1) > 1:
                        parent = -1
                row = parent
            done += count
    return done


def roll_up(table: Any, threads: int) -> dict[str, Any]:
    """Parents are looked up in parallel, and each thread climbs from its leaves."""
    started(threads)
    ids, parents, amounts = numbers(table, "id", "parent", "amount")
    rows, totals = len(ids), amounts.copy()
    size = 1 << (3 * rows // 2).bit_length()
    nodes = np.zeros((threads, size, 2), np.int64)
    above, waiting = np.empty(rows, np.int32), np.zeros(rows, np.int32)
    index(threads, rows, size, ids, nodes)
    if look_up(threads, rows, size, parents, nodes, above, waiting):
        raise ValueError("a parent is no node")
    done = climb(rows, above, waiting.copy(), waiting, totals)
    if done < rows:
        raise ValueError(f"{rows - done} nodes are in a cycle")
    return {"total": totals}
