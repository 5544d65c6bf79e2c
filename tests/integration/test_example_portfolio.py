"""The gains of the portfolio are those that plain Python reckons from the same trades."""

from __future__ import annotations

from collections import defaultdict, deque
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.integration.example_prints import cents, printed, rows_of, totals

if TYPE_CHECKING:
    from pathlib import Path


def test_the_portfolios_gain_is_that_of_the_oldest_lots(tmp_path: Path) -> None:
    sheets, lines = printed("portfolio", tmp_path, 500)
    lots: defaultdict[tuple[str, str], deque[Decimal]] = defaultdict(deque)
    gain = Decimal(0)
    for trade in rows_of(tmp_path / "trades.csv"):
        held = lots[trade["account"], trade["security"]]
        quantity, price = int(trade["quantity"]), Decimal(trade["price"])
        held.extend([price] * quantity)
        gain += sum(price - held.popleft() for _ in range(-quantity))
    open_lots = sum(sum(held) for held in lots.values())
    cost, proceeds, *rest = cents(sheets["Lots"][-1][-4:])
    assert rest == [gain, open_lots]
    assert gain != 0
    assert proceeds - cost == gain
    assert totals(lines, "Total all rows")[-2:] == [f"{gain:,}", f"{open_lots:,}"]
