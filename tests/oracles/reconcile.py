"""Twin of `rust_core::transform::reconcile`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tests.oracles import Refused, Row, exact, partitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def reconcile(
    rows: Sequence[Row],
    *,
    key: Sequence[str],
    side: str,
    date: str,
    amount: str,
    sides: Sequence[str] = ("left", "right"),
    amount_tolerance: Any = 0,
    date_tolerance: int = 0,
) -> Iterator[Row]:
    def day(row: Row) -> int:
        value = row[date]
        return (value.date() if isinstance(value, dt.datetime) else value).toordinal()

    def line(status: str, left: Row | None, right: Row | None) -> Row:
        of = left or right
        assert of is not None
        table = {field: of[field] for field in key}
        for prefix, row in (("left_", left), ("right_", right)):
            others = [field for field in of if field not in (*key, side)]
            table |= {f"{prefix}{field}": None if row is None else row[field] for field in others}
        table |= {"status": status, "amount_difference": None, "days_difference": None}
        if left and right:
            table["amount_difference"] = exact(left[amount]) - exact(right[amount])
            table["days_difference"] = day(left) - day(right)
        return table

    for run in partitions(rows, key):
        if unknown := {row[side] for row in run} - set(sides):
            raise Refused(f"{unknown} are no sides")
        left, right = ([row for row in run if row[side] == one] for one in sides)
        whole = [[i for i, r in enumerate(of) if r[date] and r[amount] is not None] for of in (left, right)]
        pairs = []
        for i in whole[0]:
            for j in whole[1]:
                a, b = exact(left[i][amount]), exact(right[j][amount])
                m, n = day(left[i]), day(right[j])
                pairs.append((abs(m - n), abs(b - a), m, a, n, b, i, j))
        pairs.sort()
        partner: dict[int, tuple[int, str]] = {}
        taken: set[int] = set()
        for status in ("matched", "date_differs", "amount_differs"):
            for days, apart, *_, i, j in pairs:
                near = (apart <= amount_tolerance, days <= date_tolerance)
                asked = (status != "amount_differs", status != "date_differs")
                if near == asked and i not in partner and j not in taken:
                    partner[i] = (j, status)
                    taken.add(j)
        for i, row in enumerate(left):
            if i in partner:
                yield line(partner[i][1], row, right[partner[i][0]])
            else:
                yield line("left_only", row, None)
        for j, row in enumerate(right):
            if j not in taken:
                yield line("right_only", None, row)
