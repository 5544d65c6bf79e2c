"""Banded totals with tiered commission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.techniques.duckdb.session import opened

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

# Integers divide towards zero: a large multiple keeps what is divided above it.
DETAILS = """
CREATE MACRO earned(running) AS
    200 * greatest(least(running, 1_000_000), 0)
    + 350 * greatest(least(running - 1_000_000, 4_000_000), 0)
    + 500 * greatest(running - 5_000_000, 0);
CREATE TEMP TABLE details AS
SELECT
    *,
    sum(amount) OVER (PARTITION BY region, branch, agent ORDER BY place)::BIGINT AS running,
    earned(running) - earned(running - amount) + 5_000 AS earned,
    (earned + 10_000_000_000_000_000) // 10_000 - 1_000_000_000_000 AS commission
FROM (SELECT row_number() OVER () AS place, * FROM given)
"""
BANDS = """
SELECT
    3 - (grouping(region) + grouping(branch) + grouping(agent))::BIGINT AS level,
    max(place) AS "end",
    sum(amount)::BIGINT AS amount,
    sum(commission)::BIGINT AS total
FROM details
GROUP BY ROLLUP (region, branch, agent)
ORDER BY "end", level DESC
"""


def banded(table: pa.Table, threads: int) -> Result:
    """A window over each agent, then a rollup."""
    with opened(table, threads) as session:
        session.execute(DETAILS)
        details = session.sql("SELECT commission FROM details ORDER BY place").to_arrow_table()
        bands = session.sql(BANDS).to_arrow_table()
    return {name: each[name] for each in (details, bands) for name in each.column_names}
