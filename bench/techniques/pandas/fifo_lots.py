"""Sales matched to lots, first in first out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result


def fifo_lots(table: pa.Table, _threads: int) -> Result:
    """No queues: what an account bought and sold so far says by an as-of merge which lots a sale takes."""
    moves = table.select(["account", "quantity", "price"]).to_pandas()
    buys = moves["quantity"].clip(lower=0)
    moves["worth"] = buys * moves["price"]
    of_account = moves.assign(bought=buys).groupby("account", sort=False)
    moves[["held", "bought", "cost"]] = of_account[["quantity", "bought", "worth"]].cumsum()
    if (short := moves["held"] < 0).any():
        raise ValueError(f"row {short.idxmax()}: an account sells more than it holds")
    moves["sold"] = moves["bought"] - moves["held"]
    lots = moves[moves["quantity"] > 0]
    lots = lots.assign(bottom=lots["bought"] - lots["quantity"], before=lots["cost"] - lots["worth"])
    bought = lots[["account", "bottom", "before", "price"]].sort_values("bottom", kind="stable")
    sales = moves[moves["quantity"] < 0]
    gain, left = np.zeros(len(moves), np.int64), np.zeros(len(moves), np.int64)
    gain[sales.index] = -sales["quantity"] * sales["price"]
    for upto, sign in ((sales["sold"], -1), (sales["sold"] + sales["quantity"], 1)):
        asked = pd.DataFrame({"account": sales["account"], "upto": upto, "place": sales.index})
        found = pd.merge_asof(
            asked[asked["upto"] > 0].sort_values("upto", kind="stable"),
            bought,
            left_on="upto",
            right_on="bottom",
            by="account",
            allow_exact_matches=False,
        )
        gain[found["place"]] += sign * (found["before"] + (found["upto"] - found["bottom"]) * found["price"])
    sold = moves.groupby("account", sort=False)["sold"].transform("last")[lots.index]
    left[lots.index] = lots["bought"] - sold.clip(lots["bottom"], lots["bought"])
    return {"gain": gain, "left": left}
