"""Polars: lazy frames, collected together so that equal parts are computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from bench.crunch.answers import Answers, extent, number, table
from bench.crunch.forms import ARROW, CSV, GROUPS, ORDER, TYPES

if TYPE_CHECKING:
    from pathlib import Path

AMOUNT, PRICE, QUANTITY = pl.col("amount"), pl.col("price"), pl.col("quantity")
FIGURES = (
    pl.col("customer").n_unique().alias("customers"),
    QUANTITY.sum().alias("quantities"),
    ((PRICE * QUANTITY).sum().cast(pl.Float64) / QUANTITY.sum()).alias("price"),
    AMOUNT.sum().alias("sum"),
    AMOUNT.mean().alias("average"),
    AMOUNT.min().alias("least"),
    AMOUNT.max().alias("most"),
    AMOUNT.count().alias("count"),
    AMOUNT.median().alias("median"),
)
POLARS = {
    "INTEGER": pl.Int32,
    "DATE": pl.Date,
    "VARCHAR": pl.String,
    "DECIMAL(12,2)": pl.Decimal(12, 2),
}


class Engine:
    """Polars with its own threads, whose number the environment says."""

    def __init__(self, threads: int, folder: Path) -> None:
        self._ledger = pl.LazyFrame()

    def take(self, table: Any) -> None:
        """A frame, texts as Polars keeps them."""
        self._ledger = pl.DataFrame(pl.from_arrow(table)).lazy()

    def open(self, form: str, path: Path) -> None:
        """A scan; of a CSV file the rows, which cost more to read again."""
        if form == CSV:
            schema = {name: POLARS[kind] for name, kind in TYPES.items()}
            self._ledger = pl.read_csv(path, schema=schema).lazy()
        else:
            self._ledger = pl.scan_parquet(path)

    def answer(self, form: str) -> Any:
        """All frames at once; rows from files also in the report's order."""
        ledger = self._ledger
        running = AMOUNT.cum_sum().over(GROUPS).alias("running")
        # Arrow in memory has the report's order already: its rows lack the running sums only.
        rows = ledger.select("entry", running) if form == ARROW else _ordered(ledger).with_columns(running)
        return pl.collect_all(
            [
                *_totals(ledger),
                ledger.group_by("city", "kind").agg(AMOUNT.sum()),
                ledger.group_by("city").agg(AMOUNT.sum()),
                ledger.group_by("kind").agg(AMOUNT.sum()),
                ledger.top_k(20, by=["amount", *GROUPS, "entry"], reverse=[False, True, True, True]),
                ledger.group_by("booked").agg(AMOUNT.sum()),
                ledger.select(_extents()),
                rows,
            ]
        )

    def totals(self) -> Any:
        """The frames of the groups."""
        return pl.collect_all(_totals(self._ledger))

    def written(self, found: list[pl.DataFrame]) -> Answers:
        """The frames' rows."""
        report, cities, accounts, cells, by_city, by_kind, largest, days, columns, rows = found
        values = columns.row(0)
        kinds = table(cells.rows(), 2) | table([(None, kind, value) for kind, value in by_kind.rows()], 2)
        kinds |= table([(city, None, value) for city, value in by_city.rows()], 2)
        return Answers(
            report=[number(value) for value in report.row(0)],
            cities=table(cities.rows(), 1),
            accounts=table(accounts.rows(), len(GROUPS)),
            kinds=kinds | table([(None, None, report["sum"][0])], 2),
            largest=largest.sort(-AMOUNT, *GROUPS, "entry")["entry"].to_list(),
            days=table(days.rows(), 1),
            columns={name: extent(*values[4 * place : 4 * place + 4]) for place, name in enumerate(TYPES)},
            running=[rows.height, float(rows["running"].sum())],
        )


def _totals(ledger: pl.LazyFrame) -> list[pl.LazyFrame]:
    levels = (ledger.group_by(GROUPS[:level]).agg(FIGURES) for level in (1, 2))
    return [ledger.select(FIGURES), *levels]


def _ordered(ledger: pl.LazyFrame) -> pl.LazyFrame:
    return ledger.sort(ORDER.split(", "))


def _extents() -> list[pl.Expr]:
    """Four of each column: how many values, the least, the most, of texts the longest."""
    return [
        expression.alias(f"{name} {place}")
        for name, kind in TYPES.items()
        for place, expression in enumerate(
            [
                pl.col(name).count(),
                pl.col(name).min(),
                pl.col(name).max(),
                pl.col(name).str.len_chars().max() if kind == "VARCHAR" else pl.lit(None),
            ]
        )
    ]
