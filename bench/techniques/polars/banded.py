"""Banded totals with tiered commission."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

KEYS = ["region", "branch", "agent"]


def earned(running: pl.Expr) -> pl.Expr:
    """The commission of running amounts, in ten thousandths of a cent."""
    return (
        200 * running.clip(0, 1_000_000)
        + 350 * (running - 1_000_000).clip(0, 4_000_000)
        + 500 * (running - 5_000_000).clip(0)
    )


def banded(table: pa.Table, _threads: int) -> Result:
    """A window over each agent, then a group by for each level."""
    running = pl.col("running")
    details = (
        pl.from_arrow(table)
        .lazy()
        .with_row_index("end", 1)
        .with_columns(running=pl.col("amount").cum_sum().over(KEYS))
        .with_columns(commission=(earned(running) - earned(running - pl.col("amount")) + 5000) // 10000)
        .collect()
    )
    sums = [pl.col("end").last().cast(pl.Int64), pl.col("amount").sum(), pl.col("commission").sum()]
    levels, names = [], ["level", "end", "amount", "commission"]
    # Each level adds up the one below it: totals of 17,000 agents rather than 1,000,000 rows.
    below = details.lazy()
    for level in (3, 2, 1, 0):
        below = below.group_by(KEYS[:level], maintain_order=True).agg(sums) if level else below.select(sums)
        levels.append(below.with_columns(level=pl.lit(level, pl.Int64)).select(names))
    bands = pl.concat(pl.collect_all(levels)).sort("end", "level", descending=[False, True])
    return {
        "commission": details["commission"].to_arrow(),
        "level": bands["level"].to_arrow(),
        "end": bands["end"].to_arrow(),
        "amount": bands["amount"].to_arrow(),
        "total": bands["commission"].to_arrow(),
    }
