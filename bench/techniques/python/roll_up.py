"""Totals over a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from bench.techniques.columns import plain

if TYPE_CHECKING:
    from bench.techniques.kernel import Result


def roll_up(table: pa.Table, _threads: int) -> Result:
    """Each node's amount with those of all below it; parent 0 is none. A cycle is an error."""
    ids, parents, totals = plain(table, "id", "parent", "amount")
    row_of = dict(zip(ids, range(len(ids)), strict=True))
    row_of[0] = -1
    try:
        above = [row_of[parent] for parent in parents]
    except KeyError as e:
        raise ValueError(f"parent {e} is no node") from None
    waiting = [0] * len(ids)
    for parent in above:
        if parent >= 0:
            waiting[parent] += 1
    done = 0
    # From each leaf up, as long as all that is below a node is in its total.
    for leaf in [row for row, below in enumerate(waiting) if not below]:
        row = leaf
        while True:
            done += 1
            parent = above[row]
            if parent < 0:
                break
            totals[parent] += totals[row]
            waiting[parent] -= 1
            if waiting[parent]:
                break
            row = parent
    if done < len(ids):
        raise ValueError(f"{len(ids) - done} nodes are in a cycle")
    return {"total": pa.array(totals, pa.int64())}
