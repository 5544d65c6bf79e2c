"""Totals over a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.techniques.columns import numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result


def roll_up(table: pa.Table, _threads: int) -> Result:
    """Depths by jumps of doubling length, then one sum per level from the deepest up."""
    ids, parents, amounts = numbers(table, "id", "parent", "amount")
    rows = len(ids)
    order = np.argsort(ids)
    above = np.full(rows + 1, rows)
    child = np.flatnonzero(parents)
    # Searched in their order, because the cache then holds what is looked at.
    child = child[np.argsort(parents[child])]
    at = np.searchsorted(ids[order], parents[child])
    above[child] = order[np.minimum(at, rows - 1)]
    if (ids[above[child]] != parents[child]).any():
        raise ValueError("a parent is no node")
    jump, depth = above, (above < rows).astype(np.int64)
    for _ in range(rows.bit_length() + 1):
        if (jump == rows).all():
            break
        depth += depth[jump]
        jump = jump[jump]
    else:
        raise ValueError("nodes are in a cycle or below one")
    totals = np.append(amounts, 0)
    by_depth = np.argsort(depth.astype(np.int32), kind="stable")
    for level in reversed(np.split(by_depth, np.flatnonzero(np.diff(depth[by_depth])) + 1)):
        np.add.at(totals, above[level], totals[level])
    return {"total": totals[:rows]}
