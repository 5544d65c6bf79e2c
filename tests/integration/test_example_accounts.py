"""The statements of the accounts are those that plain Python reckons from the same balances."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.integration.example_prints import cents, printed, rows_of, totals

if TYPE_CHECKING:
    from pathlib import Path


def test_the_accounts_roll_up_to_a_balance_sheet_that_balances(tmp_path: Path) -> None:
    sheets, lines = printed("accounts", tmp_path, 300)
    parents = {row["account"]: row["part_of"] for row in rows_of(tmp_path / "accounts.csv")}
    debits: dict[str, Decimal] = {}
    on_credit: dict[str, Decimal] = {}
    of_year: dict[str, defaultdict[str, Decimal]] = {
        "2023": defaultdict(Decimal),
        "2024": defaultdict(Decimal),
    }
    for row in rows_of(tmp_path / "balances.csv"):
        debit, credit = Decimal(row["debit"] or 0), Decimal(row["credit"] or 0)
        account = row["account"]
        if row["year"] == "2024":
            debits[account], on_credit[account] = debit, credit
        side = 1 if account[0] in "15" else -1
        while account and row["year"] in of_year:
            of_year[row["year"]][account] += side * (debit - credit)
            account = parents[account]
    rows = {row[0]: row[1:] for row in sheets["Accounts"] if row[0] in parents}
    assert list(rows) == sorted(parents)
    holders = set(parents.values())
    for account, (name, debit, credit, total, last_year, change) in rows.items():
        depth = len(name) - len(name.lstrip())
        assert depth == (1 if account in holders else 2) * depth_of(account, parents)
        assert cents([last_year]) == [of_year["2023"][account]]
        if account in holders:
            assert cents([total]) == [of_year["2024"][account]]
            assert debit is credit is None
        else:
            assert cents([debit, credit]) == [debits[account], on_credit[account]]
            assert total is None
        assert (
            change is None
            or abs(change - float(of_year["2024"][account] / of_year["2023"][account] - 1)) < 1e-9
        )
    assert {depth_of(account, parents) for account in parents} >= {0, 1, 2, 3, 4}
    assets, liabilities, equity, income, expenses = (of_year["2024"][root] for root in "12345")
    assert assets == liabilities + equity + income - expenses
    both = sum(debits.values())
    assert both == sum(on_credit.values())
    assert cents(sheets["Accounts"][-1][2:4]) == [both, both]
    assert totals(lines, "Total all accounts") == [f"{both:,}"] * 2
    now = [f"{round(amount):,}" for amount in (assets, liabilities, income - expenses)]
    assert totals(lines, "Total assets")[0] == totals(lines, "Total liabilities and equity")[0] == now[0]
    profits = [line.split()[-2] for line in lines if line.strip().startswith("Profit for the year")]
    assert profits == [now[2], now[2]]


def depth_of(account: str, parents: dict[str, str]) -> int:
    """Accounts above this one."""
    return 1 + depth_of(parents[account], parents) if parents[account] else 0
