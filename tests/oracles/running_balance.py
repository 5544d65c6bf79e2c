"""Twin of `rust_core::transform::running_balance`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracles import Row, exact, partitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def running_balance(
    rows: Sequence[Row],
    *,
    partition: Sequence[str] = (),
    amount: str | None = None,
    debit: str | None = None,
    credit: str | None = None,
    opening: str | None = None,
) -> Iterator[Row]:
    for run in partitions(rows, partition):
        balance = exact(run[0][opening] or 0) if opening else 0
        for row in run:
            for field, sign in ((amount, 1), (debit, 1), (credit, -1)):
                balance += sign * exact((row[field] or 0) if field else 0)
            yield {**row, "balance": balance}
