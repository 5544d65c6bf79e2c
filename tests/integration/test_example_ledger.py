"""The balances of the ledger are those that plain Python reckons from the same journal."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.integration.example_prints import Row, cents, printed, rows_of, totals

if TYPE_CHECKING:
    from pathlib import Path


def test_the_ledgers_balances_go_on_from_what_was_brought_forward(tmp_path: Path) -> None:
    sheets, lines = printed("ledger", tmp_path, 4_000)
    vouchers: defaultdict[str, Decimal] = defaultdict(Decimal)
    balances: dict[tuple[str, str], Decimal] = {}
    for row in rows_of(tmp_path / "openings.csv"):
        balances[row["company"], f"{row['account']} {row['name']}"] = Decimal(row["opening"])
    assert sum(balances.values()) == 0
    opening = dict(balances)
    names = {(company, account[:4]): (company, account) for company, account in balances}
    turnover: defaultdict[Row, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    running: defaultdict[Row, list[Decimal]] = defaultdict(list)
    journal = rows_of(tmp_path / "journal.csv")
    for row in journal:
        debit, credit = Decimal(row["debit"] or 0), Decimal(row["credit"] or 0)
        vouchers[row["voucher"]] += debit - credit
        company, account = names[row["company"], row["account"]]
        balances[company, account] += debit - credit
        running[company, account, row["voucher"]].append(balances[company, account])
        month = dt.datetime.fromisoformat(row["day"]).strftime("%B %Y")
        for group in ((), (company,), (company, account), (company, account, month)):
            turnover[group][0] += debit
            turnover[group][1] += credit
    assert set(vouchers.values()) == {Decimal(0)}
    assert len(journal) == 4_000

    found: defaultdict[Row, list[list[Decimal]]] = defaultdict(list)
    group: list[str] = []
    shown: defaultdict[Row, list[Decimal]] = defaultdict(list)
    carried: dict[Row, Decimal] = {}
    for cells in sheets["Ledger"][4:]:
        label = next((cell for cell in cells if cell is not None), None)
        if isinstance(label, dt.datetime):
            _, voucher, text, _, _, balance = cells
            if voucher is None:
                (carried[group[0], group[1], text],) = cents([balance])
            else:
                shown[group[0], group[1], voucher] += cents([balance])
        else:
            kind, _, key = str(label).partition(": ")
            level = {"Company": 0, "Account": 1, "Month": 2}.get(kind.removeprefix("Total "))
            if kind.startswith("Total"):
                found[tuple(group[: level + 1])].append(cents(cells[3:5]))
                assert key == group[level]
            elif level is not None:
                group[level:] = [key]
    assert shown == running
    assert {key: sums for key, (sums,) in found.items() if any(sums)} == {
        k: v for k, v in turnover.items() if k
    }
    for text, expected in (("Brought forward", opening), ("Carried forward", balances)):
        assert {key[:2]: balance for key, balance in carried.items() if key[2] == text} == expected
    both, credit = turnover[()]
    assert both == credit
    assert cents(sheets["Ledger"][-1][3:5]) == [both, both]
    assert totals(lines, "Total all companies") == [f"{both:,}"] * 2
    closing = [line.split()[-1] for line in lines if "Carried forward" in line]
    assert closing == [f"{balances[key]:,}" for key in sorted(balances)]
