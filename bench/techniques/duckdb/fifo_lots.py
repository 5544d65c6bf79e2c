"""Sales matched to lots, first in first out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.techniques.duckdb.session import opened

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

MOVES = """
CREATE TEMP TABLE moves AS
SELECT
    *,
    sum(quantity) OVER so_far::BIGINT AS held,
    sum(greatest(quantity, 0)) OVER so_far::BIGINT AS bought,
    bought - held AS sold,
    sum(greatest(quantity, 0) * price) OVER so_far::BIGINT AS cost
FROM (SELECT row_number() OVER () - 1 AS place, * FROM given)
WINDOW so_far AS (PARTITION BY account ORDER BY place)
"""
OVERSOLD = "SELECT place, account FROM moves WHERE held < 0 ORDER BY place LIMIT 1"
MATCHED = """
WITH
lots AS (
    SELECT
        account, place, price, bought AS top, bought - quantity AS bottom, cost - quantity * price AS before
    FROM moves
    WHERE quantity > 0
),
sales AS (
    SELECT account, place, price, -quantity AS amount, sold, sold + quantity AS earlier
    FROM moves
    WHERE quantity < 0
),
gains AS (
    SELECT
        sales.place,
        amount * sales.price
        - (last.before + (sold - last.bottom) * last.price)
        + coalesce(first.before + (earlier - first.bottom) * first.price, 0) AS gain
    FROM sales
    ASOF JOIN lots AS last ON sales.account = last.account AND sales.sold > last.bottom
    ASOF LEFT JOIN lots AS first ON sales.account = first.account AND sales.earlier > first.bottom
),
sold AS (SELECT account, max(sold) AS sold FROM moves GROUP BY account),
rest AS (
    SELECT place, top - greatest(least(sold, top), bottom) AS "left" FROM lots JOIN sold USING (account)
)
SELECT coalesce(gain, 0) AS gain, coalesce("left", 0) AS "left"
FROM moves LEFT JOIN gains USING (place) LEFT JOIN rest USING (place)
ORDER BY place
"""


def fifo_lots(table: pa.Table, threads: int) -> Result:
    """No queues: what an account bought and sold so far says by an ASOF join which lots a sale takes."""
    with opened(table, threads) as session:
        session.execute(MOVES)
        for place, account in session.execute(OVERSOLD).fetchall():
            raise ValueError(f"row {place}: account {account} sells more than it holds")
        matched = session.sql(MATCHED).to_arrow_table()
    return {"gain": matched["gain"], "left": matched["left"]}
