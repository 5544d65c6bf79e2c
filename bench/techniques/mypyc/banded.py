"""Banded totals with tiered commission."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from librt.strings import read_i32_le, read_i64_le
from librt.vecs import append, vec
from mypy_extensions import i64

from bench.techniques.columns import raw

FIRST: Final[i64] = 1_000_000
SECOND: Final[i64] = 5_000_000


def earned(running: i64) -> i64:
    if running <= 0:
        return 0
    if running <= FIRST:
        return 200 * running
    if running <= SECOND:
        return 200 * FIRST + 350 * (running - FIRST)
    return 200 * FIRST + 350 * (SECOND - FIRST) + 500 * (running - SECOND)


def totals(region: bytes, branch: bytes, agent: bytes, amount: bytes, rows: i64) -> list[vec[i64]]:
    commissions, levels, ends = vec[i64](capacity=rows), vec[i64](), vec[i64]()
    of_amount, of_paid = vec[i64](), vec[i64]()
    sums, paid = vec[i64]([0, 0, 0, 0]), vec[i64]([0, 0, 0, 0])
    before: i64 = 0
    row: i64 = 0
    while row <= rows:
        at: i64 = 4 * row
        upto: i64 = 4
        if row == rows:
            upto = 0
        elif row > 0:
            if read_i32_le(region, at) != read_i32_le(region, at - 4):
                upto = 1
            elif read_i32_le(branch, at) != read_i32_le(branch, at - 4):
                upto = 2
            elif read_i32_le(agent, at) != read_i32_le(agent, at - 4):
                upto = 3
        level: i64 = 3
        while level >= upto:
            levels, ends = append(levels, level), append(ends, row)
            of_amount, of_paid = append(of_amount, sums[level]), append(of_paid, paid[level])
            if level > 0:
                sums[level - 1] += sums[level]
                paid[level - 1] += paid[level]
            sums[level] = 0
            paid[level] = 0
            before = 0
            level -= 1
        if row < rows:
            running: i64 = sums[3] + read_i64_le(amount, 8 * row)
            sums[3] = running
            after: i64 = earned(running)
            commission: i64 = (after - before + 5000) // 10000
            commissions = append(commissions, commission)
            paid[3] += commission
            before = after
        row += 1
    return [commissions, levels, ends, of_amount, of_paid]


def banded(table: Any, _threads: int) -> dict[str, Any]:
    """One loop over the rows, as in pure Python."""
    region, branch, agent, amount = raw(table, "region", "branch", "agent", "amount")
    columns = totals(region, branch, agent, amount, table.num_rows)
    names = ("commission", "level", "end", "amount", "total")
    return {name: np.frombuffer(column, np.int64) for name, column in zip(names, columns, strict=True)}
