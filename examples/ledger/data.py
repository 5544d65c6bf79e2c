"""Writes openings.csv and journal.csv, the double-entry books of a group of companies for a year.

Run `python data.py [FOLDER] [--rows N]`: N lines of vouchers; the debits of each voucher are its credits.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import random
import sys
from pathlib import Path

YEAR = 2024
COMPANIES = ("Harbour Foods", "Harbour Logistics", "Harbour Retail", "Harbour Properties")
# What the year begins with, in thousands: the debits are the credits.
ACCOUNTS = {
    "1200 Plant and machinery": 4_200,
    "1290 Accumulated depreciation": -1_350,
    "1400 Inventories": 1_900,
    "1500 Trade receivables": 2_450,
    "1600 VAT recoverable": 210,
    "1910 Bank, current account": 1_120,
    "1920 Bank, payroll account": 85,
    "2100 Share capital": -1_500,
    "2200 Retained earnings": -3_640,
    "2500 Bank loans": -1_400,
    "2610 Trade payables": -1_680,
    "2710 VAT payable": -265,
    "2730 Taxes and social security": -130,
    "4100 Sales, domestic": 0,
    "4200 Sales, export": 0,
    "5100 Cost of goods sold": 0,
    "6100 Wages and salaries": 0,
    "6200 Social security": 0,
    "6310 Rent": 0,
    "6320 Energy": 0,
    "6400 Freight": 0,
    "6500 Repairs and maintenance": 0,
    "6600 Depreciation": 0,
    "6700 Office and communication": 0,
    "8100 Interest": 0,
}
COSTS = ("6310", "6320", "6400", "6400", "6500", "6700")

Line = tuple[str, int]
"""Account, cents: debit where positive, credit where negative."""


def write_data(folder: Path, rows: int = 1_000_000) -> list[Path]:
    """Write `rows` lines (two or more) by day, and what the accounts begin with; returns both paths."""
    chance = random.Random(5)  # noqa: S311 -- the same vouchers each time
    folder.mkdir(parents=True, exist_ok=True)
    of_journal, of_openings = folder / "journal.csv", folder / "openings.csv"
    with of_openings.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["company", "account", "name", "opening"])
        for size, company in enumerate(COMPANIES, 1):
            for account, thousands in ACCOUNTS.items():
                number, _, name = account.partition(" ")
                out.writerow([company, number, name, f"{thousands * size * 1_000}.00"])
    days = [dt.date(YEAR, 1, 1) + dt.timedelta(days=day) for day in range(366)]
    texts = [day.isoformat() for day in days]
    with of_journal.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["voucher", "line", "company", "day", "account", "text", "debit", "credit"])
        written = number = 0
        while written < rows:
            number += 1
            company = COMPANIES[int(chance.random() ** 1.4 * len(COMPANIES))]
            text, lines = VOUCHERS[int(chance.random() * len(VOUCHERS))](chance)
            left = rows - written
            if len(lines) > left or len(lines) == left - 1:
                # A voucher has more than one line, so the last one takes all that are left.
                text, lines = _correction(chance, left)
            day = texts[written * len(texts) // rows]
            voucher = f"V{number:07}"
            for line, (account, cents) in enumerate(lines, 1):
                amount = f"{abs(cents) // 100}.{abs(cents) % 100:02}"
                debit, credit = (amount, "") if cents > 0 else ("", amount)
                out.writerow((voucher, line, company, day, account, text, debit, credit))
            written += len(lines)
    return [of_journal, of_openings]


def _amount(chance: random.Random, most: int) -> int:
    """Cents, small ones far more often than large ones."""
    return 500 + int(chance.random() ** 3 * most)


def _invoice(chance: random.Random) -> tuple[str, list[Line]]:
    net = _amount(chance, 900_000)
    text = f"Invoice {int(chance.random() * 90_000) + 10_000}"
    if chance.random() < 0.2:
        return f"{text}, export", [("1500", net), ("4200", -net)]
    tax = net * 20 // 100
    return text, [("1500", net + tax), ("4100", -net), ("2710", -tax)]


def _delivery(chance: random.Random) -> tuple[str, list[Line]]:
    cost = _amount(chance, 800_000)
    return f"Goods issued {int(chance.random() * 90_000) + 10_000}", [("5100", cost), ("1400", -cost)]


def _goods(chance: random.Random) -> tuple[str, list[Line]]:
    return _bought("1400", _amount(chance, 990_000), chance)


def _costs(chance: random.Random) -> tuple[str, list[Line]]:
    return _bought(COSTS[int(chance.random() * len(COSTS))], _amount(chance, 240_000), chance)


def _bought(account: str, net: int, chance: random.Random) -> tuple[str, list[Line]]:
    tax = net * 20 // 100
    text = f"Supplier invoice {int(chance.random() * 9_000) + 1_000}"
    return text, [(account, net), ("1600", tax), ("2610", -net - tax)]


def _receipt(chance: random.Random) -> tuple[str, list[Line]]:
    cents = _amount(chance, 1_060_000)
    return f"Receipt from customer {int(chance.random() * 900) + 100}", [("1910", cents), ("1500", -cents)]


def _payment(chance: random.Random) -> tuple[str, list[Line]]:
    cents = _amount(chance, 1_400_000)
    return f"Payment to supplier {int(chance.random() * 300) + 100}", [("2610", cents), ("1910", -cents)]


def _vat(chance: random.Random) -> tuple[str, list[Line]]:
    owed = _amount(chance, 1_400_000)
    recovered = owed * 80 // 100
    return "VAT settled", [("2710", owed), ("1600", -recovered), ("1910", recovered - owed)]


def _taxes(chance: random.Random) -> tuple[str, list[Line]]:
    cents = _amount(chance, 850_000)
    return "Taxes and social security paid", [("2730", cents), ("1910", -cents)]


def _payroll(chance: random.Random) -> tuple[str, list[Line]]:
    gross = 180_000 + _amount(chance, 380_000)
    employer, withheld = gross * 21 // 100, gross * 31 // 100
    paid = gross - withheld
    return "Payroll", [
        ("6100", gross),
        ("6200", employer),
        ("2730", -withheld - employer),
        ("1920", -paid),
        ("1920", paid),
        ("1910", -paid),
    ]


def _month_end(chance: random.Random) -> tuple[str, list[Line]]:
    worn, interest = _amount(chance, 90_000), _amount(chance, 20_000)
    lines = [("6600", worn), ("1290", -worn), ("8100", interest), ("1910", -interest)]
    return "Depreciation and interest", lines


def _correction(chance: random.Random, lines: int) -> tuple[str, list[Line]]:
    """A voucher of `lines` lines: small debits of costs, one credit."""
    debits = [_amount(chance, 20_000) for _ in range(lines - 1)]
    return "Costs recharged", [*(("6700", debit) for debit in debits), ("6500", -sum(debits))]


VOUCHERS = (
    *[_invoice] * 30,
    *[_receipt] * 28,
    *[_delivery] * 22,
    *[_goods] * 18,
    *[_payment] * 16,
    *[_costs] * 8,
    *[_payroll] * 3,
    *[_vat] * 3,
    *[_taxes] * 2,
    _month_end,
)
"""What makes a voucher, as often as such vouchers come."""

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("out/data"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    for written in write_data(options.folder, options.rows):
        sys.stdout.write(f"{written}\n")
