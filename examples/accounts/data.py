"""Writes accounts.csv, a chart of two to six levels, and balances.csv, what stands on the accounts by year.

Run `python data.py [FOLDER] [--rows N]`: N accounts, those that only hold others included.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

YEARS = (2022, 2023, 2024)
# Indented by two; thousands of the first year, negative on the other side than its root's; `*`: one account a
# branch; `~`: grows by chance.
CHART = """
Assets
  Non-current assets
    Intangible assets
      Software 820
      Goodwill 2400
    Property, plant and equipment
      Land and buildings
        Cost 9800
        Accumulated depreciation -2900
      Machinery 4300 *
      Vehicles 640 *
    Investments 1500
  Current assets
    Inventories
      Raw materials 1900 *
      Finished goods 3300 *
    Trade receivables
      Domestic 2800 *
      Export 3600 *
      Loss allowance -310
    Other receivables 240
    Prepayments 180
    Cash and cash equivalents
      Petty cash 12 *
      Current accounts 1700 *
      Deposits 900
Liabilities
  Non-current liabilities
    Bank loans
      Secured 5200
      Unsecured 1100
    Lease liabilities 2300
    Deferred tax 480
    Provisions
      Warranties 350
      Restoration 220
  Current liabilities
    Trade payables
      Domestic 2100 *
      Foreign 1700 *
    Taxes
      Value added tax 410 *
      Income tax 260
      Payroll taxes 190
    Accrued expenses 520
    Deferred income 140
Equity
  Share capital 6000
  Share premium 2200
  Retained earnings 0
Income
  Revenue
    Sales of goods
      Domestic 14500 *
      Export 17800 *
      Returns and discounts -640
    Services 2300 *
  Other income
    Rent 160
    Gains on disposals 45
  Interest 38
Expenses
  Cost of sales
    Materials 13200 *
    Freight 1450 *
    Customs 310
  Employees
    Wages and salaries 8900 *
    Social security 1870 *
    Pensions 540
    Training 95
  Premises
    Rent 1250 *
    Energy 760 *
    Repairs 330
  Depreciation and amortisation
    Buildings 290
    Machinery 880
    Vehicles 130
    Software 165
  Finance costs 420
  Income tax 610
"""
BRANCHES = {
    "Nordics": ("Aarhus", "Bergen", "Gothenburg", "Oslo", "Stockholm", "Tampere"),
    "Benelux": ("Antwerp", "Ghent", "Luxembourg", "Rotterdam", "Utrecht"),
    "Germany": ("Berlin", "Bremen", "Cologne", "Dresden", "Hamburg", "Leipzig", "Munich"),
    "Iberia": ("Bilbao", "Lisbon", "Madrid", "Porto", "Seville", "Valencia"),
    "Italy": ("Bari", "Bologna", "Milan", "Naples", "Turin"),
}
DEBIT = ("Assets", "Expenses")
"""Roots whose balances are debits."""


@dataclass
class Account:
    """An account; cents by year, where none stand below it, in the sign of its root's side."""

    name: str
    cents: int | None = None
    split: bool = False
    below: list[Account] = field(default_factory=list)
    number: str = ""
    by_year: list[int] = field(default_factory=list)


def write_data(folder: Path, rows: int = 600) -> list[Path]:
    """Write about `rows` accounts and balances, debits equal to credits each year; returns both paths."""
    chance = random.Random(3)  # noqa: S311 -- the same accounts each time
    roots = _chart()
    everything = [account for root in roots for account in _walk(root)]
    split = [account for account in everything if account.split]
    missing = max(rows - len(everything), 0)
    for number, account in enumerate(split):
        _split(account, missing // len(split) + (number < missing % len(split)), chance)
    for number, root in enumerate(roots, 1):
        _number(root, str(number))
        for account in _walk(root):
            if not account.below:
                _grow(account, chance)
    _close(roots)
    return _write(folder, roots)


def _chart() -> list[Account]:
    """The roots of `CHART`."""
    top = Account("")
    path = [top]
    for line in CHART.strip().splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        words = line.split()
        split = words[-1] == "*"
        words = words[: len(words) - split]
        thousands = int(words.pop()) if words[-1].lstrip("-").isdigit() else None
        account = Account(" ".join(words), None if thousands is None else thousands * 100_000, split)
        path[depth + 1 :] = [account]
        path[depth].below.append(account)
    return top.below


def _walk(account: Account) -> list[Account]:
    """The account and all below it, from top to bottom."""
    return [account, *(found for below in account.below for found in _walk(below))]


def _split(account: Account, count: int, chance: random.Random) -> None:
    """Put `count` accounts of branches below: countries, and their cities where there are more."""
    if count < 2:
        return
    countries = sorted(chance.sample(list(BRANCHES), min(count, len(BRANCHES))))
    account.below = [Account(country) for country in countries]
    places = [(country, city) for country in account.below for city in BRANCHES[country.name]]
    chance.shuffle(places)
    for number in range(count - len(countries)):
        time, place = divmod(number, len(places))
        country, city = places[place]
        country.below.append(Account(f"{city} {time + 1}" if time else city))
    for country in account.below:
        country.below.sort(key=lambda branch: branch.name)
    ends = [found for found in _walk(account) if not found.below]
    shares = [chance.uniform(0.4, 1.6) for _ in ends]
    for end, share in zip(ends, shares, strict=True):
        end.cents = round((account.cents or 0) * share / sum(shares))
    account.cents = None


def _number(account: Account, number: str) -> None:
    """Number the accounts so that their order is the tree's: a parent's number begins those below it."""
    account.number = number
    width = len(str(len(account.below)))
    for place, below in enumerate(account.below, 1):
        _number(below, f"{number}{place:0{width}}")


def _grow(account: Account, chance: random.Random) -> None:
    """Cents of each year: a little more, seldom less."""
    cents = account.cents or 0
    for _ in YEARS:
        account.by_year.append(cents)
        cents = round(cents * chance.uniform(0.94, 1.16))


def _close(roots: list[Account]) -> None:
    """Bring each year's profit forward into the next, and let the bank pay what does not balance."""
    ends = {account.name: account for root in roots for account in _walk(root) if not account.below}
    retained, bank = ends["Retained earnings"].by_year, ends["Deposits"].by_year
    # What the business had earned before.
    retained[0] = _debits(roots, 0)
    for year in range(1, len(YEARS)):
        retained[year] = retained[year - 1] - _debits(roots[3:], year - 1)
        bank[year] -= _debits(roots, year)


def _debits(roots: list[Account], year: int) -> int:
    """What stands on the debit side of the accounts, less what stands on the other."""
    return sum(
        (1 if root.name in DEBIT else -1) * account.by_year[year]
        for root in roots
        for account in _walk(root)
        if not account.below
    )


def _write(folder: Path, roots: list[Account]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    of_accounts, of_balances = folder / "accounts.csv", folder / "balances.csv"
    with (
        of_accounts.open("w", encoding="utf-8", newline="") as accounts,
        of_balances.open("w", encoding="utf-8", newline="") as balances,
    ):
        account_rows, balance_rows = csv.writer(accounts), csv.writer(balances)
        account_rows.writerow(["account", "part_of", "name"])
        balance_rows.writerow(["account", "year", "debit", "credit"])
        for root in roots:
            parents = {below.number: a.number for a in _walk(root) for below in a.below}
            for account in _walk(root):
                account_rows.writerow([account.number, parents.get(account.number, ""), account.name])
                for year, cents in zip(YEARS, account.by_year, strict=bool(account.by_year)):
                    sides = [f"{abs(cents) / 100:.2f}", ""]
                    if (cents > 0) != (root.name in DEBIT):
                        sides.reverse()
                    balance_rows.writerow([account.number, year, *sides])
    return [of_accounts, of_balances]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("out/data"))
    parser.add_argument("--rows", type=int, default=600)
    options = parser.parse_args()
    for written in write_data(options.folder, options.rows):
        sys.stdout.write(f"{written}\n")
