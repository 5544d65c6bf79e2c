"""Banded totals with tiered commission."""

from typing import Any

import numpy as np
import taichi as ti

from bench.techniques.columns import numbers
from bench.techniques.taichi.start import started

FIRST, SECOND = 1_000_000, 5_000_000
Keys = ti.types.ndarray(ti.i32, 1)
Amounts = ti.types.ndarray(ti.i64, 1)
Table = ti.types.ndarray(ti.i64, 2)


@ti.func
def earned(running):
    return (
        200 * ti.min(ti.max(running, 0), FIRST)
        + 350 * ti.min(ti.max(running - FIRST, 0), SECOND - FIRST)
        + 500 * ti.max(running - SECOND, 0)
    )


@ti.func
def upto(row, region: ti.template(), branch: ti.template(), agent: ti.template()):
    """The highest level that begins anew with this row; 4: none does."""
    level = 4
    if row > 0:
        if region[row] != region[row - 1]:
            level = 1
        elif branch[row] != branch[row - 1]:
            level = 2
        elif agent[row] != agent[row - 1]:
            level = 3
    return level


@ti.kernel
def agents_of(
    parts: ti.i32,
    rows: ti.i32,
    region: Keys,
    branch: Keys,
    agent: Keys,
    amount: Amounts,
    commission: Amounts,
    agents: Table,
    found: Table,
):
    for part in range(parts):
        begin = ti.cast(rows * ti.cast(part, ti.i64) // parts, ti.i32)
        end = ti.cast(rows * ti.cast(part + 1, ti.i64) // parts, ti.i32)
        while 0 < begin < end and upto(begin, region, branch, agent) == 4:
            begin += 1
        row, at = begin, begin
        while row < end:
            running, before, paid = ti.i64(0), ti.i64(0), ti.i64(0)
            last = False
            while not last:
                running += amount[row]
                after = earned(running)
                commission[row] = (after - before + 5000) // 10000
                paid += commission[row]
                before = after
                row += 1
                last = row == rows
                if not last:
                    last = upto(row, region, branch, agent) < 4
            agents[at, 0] = row
            agents[at, 1] = running
            agents[at, 2] = paid
            at += 1
        found[part, 0] = begin
        found[part, 1] = at


@ti.kernel
def totals(
    parts: ti.i32,
    rows: ti.i32,
    region: Keys,
    branch: Keys,
    agent: Keys,
    agents: Table,
    found: Table,
    bands: Table,
) -> ti.i32:
    count = 0
    ti.loop_config(serialize=True)
    for _ in range(1):
        sums, paid = ti.Vector([ti.i64(0)] * 4), ti.Vector([ti.i64(0)] * 4)
        for part in range(parts):
            for at in range(ti.cast(found[part, 0], ti.i32), ti.cast(found[part, 1], ti.i32)):
                row = ti.cast(agents[at, 0], ti.i32)
                sums[3] = agents[at, 1]
                paid[3] = agents[at, 2]
                last = 0
                if row < rows:
                    last = upto(row, region, branch, agent)
                for level in ti.static(range(3, -1, -1)):
                    if level >= last:
                        bands[count, 0] = level
                        bands[count, 1] = row
                        bands[count, 2] = sums[level]
                        bands[count, 3] = paid[level]
                        count += 1
                        if ti.static(level > 0):
                            sums[level - 1] += sums[level]
                            paid[level - 1] += paid[level]
                        sums[level] = 0
                        paid[level] = 0
    return count


def banded(table: Any, threads: int) -> dict[str, Any]:
    """Agents in parallel, cut where one begins; then one short loop over the agents' totals."""
    started(threads)
    *keys, amount = numbers(table, "region", "branch", "agent", "amount")
    rows = table.num_rows
    commission, found = np.empty(rows, np.int64), np.empty((threads, 2), np.int64)
    # Memory that is not touched costs nothing: each row could be an agent, a branch and a region.
    agents, bands = np.empty((rows, 3), np.int64), np.empty((3 * rows + 1, 4), np.int64)
    agents_of(threads, rows, *keys, amount, commission, agents, found)
    count = totals(threads, rows, *keys, agents, found, bands)
    level, end, sums, paid = bands[:count].T.copy()
    return {"commission": commission, "level": level, "end": end, "amount": sums, "total": paid}
