"""Writes customers.csv and documents.csv, the open-item ledger of a wholesaler.

Run `python data.py [FOLDER] [--rows N]`: N documents (invoices, credit notes, payments).
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import random
import sys
from pathlib import Path

FIRST, LAST = dt.date(2023, 7, 1), dt.date(2024, 7, 12)
REGIONS = {
    "North": ("A. Lindqvist", "P. Okafor"),
    "East": ("M. Novak", "T. Szabo"),
    "South": ("L. Moretti", "C. Duarte"),
    "West": ("F. Brennan", "J. Claes"),
}
NAMES = (
    ("Alder", "Birch", "Cedar", "Elm", "Hawthorn", "Juniper", "Linden", "Maple", "Rowan", "Willow"),
    ("Bakery", "Brewing", "Catering", "Foods", "Grocers", "Hotels", "Kitchens", "Markets", "Trading"),
    ("& Sons", "AB", "BV", "GmbH", "Ltd", "SA", "Srl"),
)
# Days between due date and payment, smallest and largest (the first pay with their order); how many of a
# hundred invoices stay unpaid.
HABITS = ((-75, -35, 0), *[(-12, 3, 0)] * 4, *[(-3, 8, 0)] * 6, *[(5, 35, 1)] * 3, (20, 80, 4), (45, 130, 15))

Document = tuple[dt.date, str, str, dt.date | None, int]
"""Day, kind, customer, due date, cents: negative where the customer owes less."""


def write_data(folder: Path, rows: int = 20_000) -> list[Path]:
    """Write `rows` documents in order of their day, and their customers; returns both paths."""
    chance = random.Random(11)  # noqa: S311 -- the same documents each time
    customers = [_customer(chance, number) for number in range(min(max(rows // 120, 12), 5_000))]
    documents: list[Document] = []
    while len(documents) < rows:
        documents += _sale(chance, chance.choice(customers))
    documents = sorted(documents[:rows], key=lambda document: document[0])
    folder.mkdir(parents=True, exist_ok=True)
    of_customers, of_documents = folder / "customers.csv", folder / "documents.csv"
    with of_customers.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["customer", "name", "region", "salesperson", "terms", "credit_limit"])
        out.writerows(customer[:6] for customer in customers)
    with of_documents.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["document", "kind", "customer", "day", "due", "amount"])
        for number, (day, kind, customer, due, cents) in enumerate(documents, 100_001):
            out.writerow([f"{kind[0].upper()}{number}", kind, customer, day, due, f"{cents / 100:.2f}"])
    return [of_documents, of_customers]


Customer = tuple[str, str, str, str, int, int, tuple[int, int, int], float]
"""Number, name, region, salesperson, days of credit, credit limit; habit, size of its orders in cents."""


def _customer(chance: random.Random, number: int) -> Customer:
    region = chance.choice(list(REGIONS))
    size = chance.lognormvariate(12.4, 0.55)
    limit = max(5, round(size / 100 * 12 / 1_000)) * 1_000
    name = " ".join(chance.choice(words) for words in NAMES)
    terms = chance.choice((14, 30, 30, 30, 60))
    salesperson = chance.choice(REGIONS[region])
    return f"C{1001 + number}", name, region, salesperson, terms, limit, chance.choice(HABITS), size


def _sale(chance: random.Random, customer: Customer) -> list[Document]:
    """An invoice and what came of it: nothing, a payment (of less, of more), a credit note."""
    number, *_, terms, _, (soonest, latest, unpaid), size = customer
    day = FIRST + dt.timedelta(days=chance.randrange((LAST - FIRST).days))
    due = day + dt.timedelta(days=terms)
    cents = int(size * chance.uniform(0.2, 2.5)) + 1
    documents: list[Document] = [(day, "invoice", number, due, cents)]
    paid = due + dt.timedelta(days=chance.randint(soonest, latest))
    luck = chance.randrange(100)
    if luck >= 96:
        documents.append((day + dt.timedelta(days=9), "credit note", number, None, -(cents // 10)))
        cents -= cents // 10
    elif luck >= 94:
        cents //= 2
    elif luck == 93:
        cents += 25_000
    if chance.randrange(100) >= unpaid:
        documents.append((paid, "payment", number, None, -cents))
    return [document for document in documents if document[0] <= LAST]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("out/data"))
    parser.add_argument("--rows", type=int, default=20_000)
    options = parser.parse_args()
    for written in write_data(options.folder, options.rows):
        sys.stdout.write(f"{written}\n")
