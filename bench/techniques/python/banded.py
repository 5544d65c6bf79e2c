"""Banded totals with tiered commission."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from bench.techniques.columns import plain

if TYPE_CHECKING:
    from bench.techniques.kernel import Result

FIRST, SECOND = 1_000_000, 5_000_000


def earned(running: int) -> int:
    """The commission of an agent's running amount, in ten thousandths of a cent."""
    if running <= 0:
        return 0
    if running <= FIRST:
        return 200 * running
    if running <= SECOND:
        return 200 * FIRST + 350 * (running - FIRST)
    return 200 * FIRST + 350 * (SECOND - FIRST) + 500 * (running - SECOND)


def banded(table: pa.Table, _threads: int) -> Result:
    """Commission of each row, and the totals of each band in the order of their last rows."""
    regions, branches, agents, amounts = plain(table, "region", "branch", "agent", "amount")
    commissions, bands = [], []
    # Of the open band of each level: all, region, branch, agent.
    sums, paid = [0] * 4, [0] * 4

    def close(upto: int, row: int) -> None:
        for level in range(3, upto - 1, -1):
            bands.append((level, row, sums[level], paid[level]))
            if level:
                sums[level - 1] += sums[level]
                paid[level - 1] += paid[level]
            sums[level] = paid[level] = 0

    region, branch, agent = regions[0], branches[0], agents[0]
    running = total = before = 0
    for row, (r, b, a, amount) in enumerate(zip(regions, branches, agents, amounts, strict=True)):
        if a != agent or b != branch or r != region:
            sums[3], paid[3] = running, total
            close(1 if r != region else 2 if b != branch else 3, row)
            region, branch, agent = r, b, a
            running = total = before = 0
        running += amount
        after = earned(running)
        commission = (after - before + 5000) // 10000
        before = after
        total += commission
        commissions.append(commission)
    sums[3], paid[3] = running, total
    close(0, len(regions))
    level, end, amount_of, commission_of = zip(*bands, strict=True)
    return {
        "commission": pa.array(commissions, pa.int64()),
        "level": pa.array(level, pa.int64()),
        "end": pa.array(end, pa.int64()),
        "amount": pa.array(amount_of, pa.int64()),
        "total": pa.array(commission_of, pa.int64()),
    }
