"""The ages of the receivables are those that plain Python reckons from the same documents."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.integration.example_prints import cents, printed, rows_of, totals

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = dt.date(2024, 6, 30)


def aged(documents: list[dict[str, str]]) -> defaultdict[tuple[str, int], Decimal]:
    """What is open of each customer by age, 0 (not due) to 4, and 5 for what payments have left."""
    items: defaultdict[str, list[tuple[str, str, str, Decimal]]] = defaultdict(list)
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    for document in documents:
        amount = Decimal(document["amount"])
        if amount < 0:
            paid[document["customer"]] -= amount
        else:
            item = (document["due"], document["day"], document["document"], amount)
            items[document["customer"]].append(item)
    ages: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for customer in items.keys() | paid.keys():
        left = paid[customer]
        for due, _, _, amount in sorted(items[customer]):
            settled = min(left, amount)
            left -= settled
            late = (AS_OF - dt.date.fromisoformat(due)).days
            ages[customer, sum(late > last for last in (0, 30, 60, 90))] += amount - settled
        ages[customer, 5] -= left
    return ages


def test_what_customers_owe_is_aged_after_payments_have_settled_the_oldest_invoices(tmp_path: Path) -> None:
    sheets, lines = printed("receivables", tmp_path, 3_000)
    documents = [d for d in rows_of(tmp_path / "documents.csv") if d["day"] <= AS_OF.isoformat()]
    ages = aged(documents)
    whole = [sum((ages[key] for key in ages if key[1] == age), Decimal(0)) for age in range(6)]
    owed = sum(Decimal(d["amount"]) for d in documents)
    assert sum(whole) == owed
    assert all(whole)
    assert cents(sheets["Open items"][-1][-7:]) == [*whole, owed]
    # The word Total, the customer's number.
    subtotals = {
        words[1]: cents(row[-7:])
        for row in sheets["Open items"]
        for words in [str(next((cell for cell in row if cell), "")).split()]
        if words[:1] == ["Total"] and words[1].startswith("C1")
    }
    customers = {customer for (customer, _), amount in ages.items() if amount}
    assert subtotals == {
        customer: [*of_ages, sum(of_ages)]
        for customer in customers
        for of_ages in [[ages[customer, age] for age in range(6)]]
    }
    assert totals(lines, "Total all customers") == [f"{amount:,}" for amount in [*whole, owed]]
    largest = sorted(customers, key=lambda customer: -subtotals[customer][-1])[:10]
    start = next(n for n, line in enumerate(lines) if "largest debtors" in line)
    listed = [line.split()[1] for line in lines[start:] if line.split()[1:2] and line.split()[1][:2] == "C1"]
    assert listed[: len(largest)] == largest
