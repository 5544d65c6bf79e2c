"""Totals over a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result


def roll_up(table: pa.Table, _threads: int) -> Result:
    """Parents by an index, depths by jumps of doubling length, one group by per level from the deepest up."""
    nodes = table.select(["id", "parent", "amount"]).to_pandas()
    rows = len(nodes)
    above = pd.Index(nodes["id"]).get_indexer(nodes["parent"])
    if ((above < 0) & (nodes["parent"] != 0)).any():
        raise ValueError("a parent is no node")
    # The row after the last one stands for no node.
    above = np.append(np.where(above < 0, rows, above), rows)
    jump, depth = above, (above < rows).astype(np.int64)
    for _ in range(rows.bit_length() + 1):
        if (jump == rows).all():
            break
        depth += depth[jump]
        jump = jump[jump]
    else:
        raise ValueError("nodes are in a cycle or below one")
    totals = np.append(nodes["amount"], 0)
    levels = pd.Series(above[:rows]).groupby(depth[:rows])
    for level, children in reversed(list(levels)):
        if level:
            sums = pd.Series(totals[children.index]).groupby(children.to_numpy(), sort=False).sum()
            totals[sums.index] += sums
    return {"total": totals[:rows]}
