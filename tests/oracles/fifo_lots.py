"""Twin of `rust_core::transform::fifo_lots`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.oracles import Refused, Row, exact, partitions, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def fifo_lots(
    rows: Sequence[Row],
    *,
    quantity: str,
    price: str,
    partition: Sequence[str] = (),
    fee: str | None = None,
    date: str | None = None,
    method: str = "fifo",
    short: str = "error",
    digits: int = 0,
) -> Iterator[Row]:
    """`digits`: those that quantity times price (or the fee) has after the point."""
    used = {*partition, quantity, price, fee}

    def share(value: Any, part: Any, whole: Any) -> Any:
        if part == whole:
            return value
        return value * part / whole if isinstance(value, float) else rounded(value * part / whole, digits)

    def line(status: str, bought: Row | None, sold: Row | None, size: Any, cost: Any, proceeds: Any) -> Row:
        of = sold or bought
        assert of is not None
        if method == "average":
            bought = None
        table = {field: of[field] for field in partition}
        for prefix, row in (("bought_", bought), ("sold_", sold)):
            table |= {f"{prefix}{f}": None if row is None else row[f] for f in of if f not in used}
        table |= {"status": status, "quantity": size, "cost": cost, "proceeds": proceeds}
        table["gain"] = None if cost is None or proceeds is None else proceeds - cost
        if date:
            days = bought and sold and bought[date] and sold[date]
            table["days"] = (sold[date] - bought[date]).days if days and sold and bought else None
        return table

    for run in partitions(rows, partition):
        # Of a lot, or of a sale that waits for one: row, quantity left, value left.
        lots: list[list[Any]] = []
        shorts: list[list[Any]] = []
        for row in run:
            size = exact(row[quantity] or 0)
            if not size:
                continue
            if row[price] is None:
                raise Refused("no price")
            fees = exact(row[fee] or 0) if fee else 0
            deal = [row, abs(size), abs(size) * exact(row[price]) + (fees if size > 0 else -fees)]
            others = shorts if size > 0 else lots
            while deal[1] > 0 and others:
                other = others[-1 if method == "lifo" and size < 0 else 0]
                part = min(deal[1], other[1])
                values = [share(side[2], part, side[1]) for side in (deal, other)]
                for side, value in zip((deal, other), values, strict=True):
                    side[1] -= part
                    side[2] -= value
                if size < 0:
                    yield line("closed", other[0], row, part, values[1], values[0])
                else:
                    yield line("closed", row, other[0], part, values[0], values[1])
                if other[1] <= 0:
                    others.remove(other)
            if deal[1] <= 0:
                continue
            if size > 0 and method == "average" and lots:
                lots[0] = [row, lots[0][1] + deal[1], lots[0][2] + deal[2]]
            elif size > 0:
                lots.append(deal)
            elif short == "open":
                shorts.append(deal)
            elif short == "zero_cost":
                yield line("zero_cost", None, row, deal[1], exact(0), deal[2])
            else:
                raise Refused("sells more than was bought")
        for row, size, value in lots:
            yield line("open", row, None, size, value, None)
        for row, size, value in shorts:
            yield line("short", None, row, size, None, value)
