"""Twin of `rust_core::transform::aging`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tests.oracles import Row, exact, partitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def aging(
    rows: Sequence[Row],
    *,
    as_of: dt.date,
    due: str,
    amount: str,
    buckets: Sequence[int],
    labels: Sequence[str],
    unapplied: str = "unapplied",
    allocate: bool = True,
    partition: Sequence[str] = (),
) -> Iterator[Row]:
    for run in partitions(rows, partition):
        opens: list[Any] = [exact(row[amount] or 0) for row in run]
        for payment, paid in enumerate(opens):
            if not allocate or paid >= 0:
                continue
            for item in range(len(run)):
                if opens[item] > 0 and opens[payment] < 0:
                    settled = min(opens[item], -opens[payment])
                    opens[item] -= settled
                    opens[payment] += settled
        for row, left in zip(run, opens, strict=True):
            if left == 0:
                continue
            if left < 0:
                days, number, label = None, len(buckets) + 2, unapplied
            else:
                day = row[due].date() if isinstance(row[due], dt.datetime) else row[due]
                days = (as_of - day).days
                number = 1 + sum(days > last for last in buckets)
                label = labels[number - 1]
            yield {**row, "open": left, "days": days, "bucket": label, "bucket_number": number}
