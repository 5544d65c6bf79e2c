"""Totals over a tree."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from librt.strings import read_i64_le
from librt.vecs import append, vec
from mypy_extensions import i64

from bench.techniques.columns import raw

MIX: Final[i64] = -7046029254386353131


def find(numbers: vec[i64], number: i64) -> i64:
    """The slot of a number, or the free one where it belongs."""
    mask: i64 = len(numbers) - 1
    slot: i64 = (number * MIX >> 32) & mask
    while numbers[slot] != number and numbers[slot] != 0:
        slot = (slot + 1) & mask
    return slot


def add_up(ids: bytes, parents: bytes, amounts: bytes, rows: i64) -> vec[i64]:
    size: i64 = 2
    while size <= 3 * rows // 2:
        size *= 2
    numbers, row_at = vec[i64]([0] * size), vec[i64]([0] * size)
    totals, above, waiting = vec[i64](capacity=rows), vec[i64](capacity=rows), vec[i64]([0] * rows)
    row: i64 = 0
    while row < rows:
        totals = append(totals, read_i64_le(amounts, 8 * row))
        number: i64 = read_i64_le(ids, 8 * row)
        slot: i64 = find(numbers, number)
        numbers[slot] = number
        row_at[slot] = row
        row += 1
    row = 0
    while row < rows:
        parent: i64 = -1
        number = read_i64_le(parents, 8 * row)
        if number != 0:
            slot = find(numbers, number)
            if numbers[slot] == 0:
                raise ValueError(f"parent {number} is no node")
            parent = row_at[slot]
            waiting[parent] += 1
        above = append(above, parent)
        row += 1
    done: i64 = 0
    leaf: i64 = 0
    while leaf < rows:
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
        leaf += 1
    if done < rows:
        raise ValueError(f"{rows - done} nodes are in a cycle")
    return totals


def roll_up(table: Any, _threads: int) -> dict[str, Any]:
    """From each leaf up, as long as all that is below a node is in its total."""
    ids, parents, amounts = raw(table, "id", "parent", "amount")
    return {"total": np.frombuffer(add_up(ids, parents, amounts, table.num_rows), np.int64)}
