"""Sales matched to lots, first in first out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result


def fifo_lots(table: pa.Table, _threads: int) -> Result:
    """No queues: what an account bought and sold so far says by an as-of join which lots a sale takes."""
    quantity, price = pl.col("quantity"), pl.col("price")
    moves = (
        pl.from_arrow(table.select(["account", "quantity", "price"]))
        .with_row_index("place")
        .sort("account", maintain_order=True)
        .with_columns(
            held=quantity.cum_sum().over("account"),
            bought=quantity.clip(0).cum_sum().over("account"),
            cost=(quantity.clip(0) * price).cum_sum().over("account"),
        )
        .with_columns(sold=pl.col("bought") - pl.col("held"))
        .with_columns(sold_in_all=pl.col("sold").last().over("account"))
    )
    if (short := moves.filter(pl.col("held") < 0)).height:
        raise ValueError(f"row {short['place'].min()}: an account sells more than it holds")
    lots = moves.filter(quantity > 0).select(
        "account",
        "place",
        bottom=pl.col("bought") - quantity,
        top="bought",
        lot_price="price",
        before=pl.col("cost") - quantity * price,
        sold="sold_in_all",
    )
    bought = lots.select("account", "bottom", "lot_price", "before").lazy()
    sales = moves.lazy().filter(quantity < 0).with_columns(earlier=pl.col("sold") + quantity)
    for upto in ("sold", "earlier"):
        cost = pl.col("before") + (pl.col(upto) - pl.col("bottom")) * pl.col("lot_price")
        sales = (
            sales.join_asof(
                bought,
                left_on=upto,
                right_on="bottom",
                by="account",
                allow_exact_matches=False,
                coalesce=False,
                check_sortedness=False,
            )
            .with_columns(cost.fill_null(0).alias(f"cost_{upto}"))
            .drop("account_right", "bottom", "lot_price", "before", strict=False)
        )
    gains = sales.select("place", gain=price * -quantity - pl.col("cost_sold") + pl.col("cost_earlier"))
    rest = lots.lazy().select(
        "place", left=pl.col("top") - pl.col("sold").clip(pl.col("bottom"), pl.col("top"))
    )
    matched = pl.concat([gains, rest], how="diagonal").sort("place").fill_null(0).collect()
    return {"gain": matched["gain"].to_arrow(), "left": matched["left"].to_arrow()}
