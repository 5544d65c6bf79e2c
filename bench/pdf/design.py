"""The design of the ledger for those that take no CSS: ledger.css in figures, and the cells' texts."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from bench.dataset import LABELS, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT = Path(__file__).with_name("ledger")
CSS = REPORT / "ledger.css"
TITLE = "Ledger"
FAMILY = "DejaVu Sans"
SIZE, LEADING = 7.0, 8.4
"""Points."""
TOP, SIDE, BOTTOM = 16.0, 12.0, 14.0
"""Margins of the page in mm."""
HEAD_RULE, ROW_RULE = 0.8, 0.3
"""Points."""
PAD_X, PAD_TOP = 1.5, 0.8
PAD_BOTTOM = PAD_TOP + ROW_RULE * 25.4 / 72
"""Around the text of a cell, in mm; CSS adds the rule to a row's height, the others draw it on its edge."""
WIDTHS = {
    "entry": 16,
    "booked": 24,
    "account": 21,
    "customer": 35,
    "city": 24,
    "kind": 24,
    "memo": 62,
    "quantity": 22,
    "price": 20,
    "amount": 25,
}
"""Columns in mm: a long customer or memo, about every tenth row's, takes a second line."""
NUMBERS = ("entry", "account", "quantity", "price", "amount")
"""Columns that stand to the right."""
WRAPPED = ("customer", "memo")
HEADS = tuple(LABELS.values())


def cells_of(parquet: str, entries: range | None = None) -> Iterator[tuple[str, ...]]:
    """The rows, or those of `entries`, as they are printed."""
    for entry, booked, account, customer, city, kind, memo, quantity, price, amount in rows_of(
        parquet, entries
    ):
        yield (
            str(entry),
            booked.isoformat(),
            str(account),
            customer,
            city,
            kind,
            memo,
            f"{quantity:,}",
            f"{price:,.2f}",
            f"{amount:,.2f}",
        )


def font_file(style: str = "Book") -> Path:
    """The font's file of that style, as fontconfig finds it."""
    match = ["fc-match", "--format", "%{family[0]}\n%{file}", f"{FAMILY}:style={style}"]
    found = subprocess.run(match, capture_output=True, text=True, check=True)
    family, _, file = found.stdout.partition("\n")
    if family != FAMILY:
        raise FileNotFoundError(f"{FAMILY} is not installed: fontconfig gives {family} instead")
    return Path(file)
