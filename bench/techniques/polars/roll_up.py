"""Totals over a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result


def roll_up(table: pa.Table, _threads: int) -> Result:
    """No recursion: a loop in Python adds up what is one level, two levels, three levels below each node."""
    nodes = pl.from_arrow(table.select(["id", "parent", "amount"])).with_row_index("place")
    rows = nodes.height
    above = nodes.join(
        nodes.select(parent="id", above="place"), on="parent", how="left", maintain_order="left"
    )["above"]
    if above.null_count() > (nodes["parent"] == 0).sum():
        raise ValueError("a parent is no node")
    # Jumps of doubling length from each node; the row after the last one stands for no node.
    jump = pl.concat([above.fill_null(rows), pl.Series([rows], dtype=above.dtype)])
    for _ in range(rows.bit_length() + 1):
        if jump.min() == rows:
            break
        jump = jump.gather(jump)
    else:
        raise ValueError("nodes are in a cycle or below one")
    step = nodes.select("place", "amount")
    steps = [step]
    while step.height:
        step = (
            step.select(place=above.gather(step["place"]), amount="amount")
            .drop_nulls("place")
            .group_by("place")
            .agg(pl.col("amount").sum())
        )
        steps.append(step)
    totals = pl.concat(steps).group_by("place").agg(pl.col("amount").sum()).sort("place")
    return {"total": totals["amount"].to_arrow()}
