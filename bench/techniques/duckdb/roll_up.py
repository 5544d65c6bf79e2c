"""Totals over a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.techniques.duckdb.session import opened

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

# In a cycle the way up has no end, so what hangs on no root is found before.
REACHED = """
WITH RECURSIVE below(id) AS (
    SELECT id FROM given WHERE parent = 0
    UNION ALL
    SELECT given.id FROM given JOIN below ON given.parent = below.id
)
SELECT count(*) FROM below
"""
TOTALS = """
WITH RECURSIVE
nodes AS MATERIALIZED (SELECT row_number() OVER () AS place, * FROM given),
above(id, amount) AS (
    SELECT id, amount FROM nodes
    UNION ALL
    SELECT nodes.parent, sum(above.amount)::BIGINT
    FROM above JOIN nodes ON nodes.id = above.id
    WHERE nodes.parent <> 0
    GROUP BY nodes.parent
),
totals AS (SELECT id, sum(amount)::BIGINT AS total FROM above GROUP BY id)
SELECT total FROM nodes JOIN totals USING (id) ORDER BY place
"""


def roll_up(table: pa.Table, threads: int) -> Result:
    """A recursive query that adds up what is one level, two levels, three levels below each node."""
    with opened(table, threads) as session:
        ((reached,),) = session.execute(REACHED).fetchall()
        if reached < table.num_rows:
            raise ValueError(f"{table.num_rows - reached} nodes are below no root")
        return {"total": session.sql(TOTALS).to_arrow_table()["total"]}
