"""Writes trades of securities as trades.csv: run `python data.py [FOLDER] [--rows N]`."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import random
import sys
from collections import Counter
from pathlib import Path

SECURITIES = ("Alder Energy", "Birch Foods", "Cedar Rail", "Elm Software", "Maple Bank", "Oak Pharma")


def write_data(folder: Path, rows: int = 5_000) -> Path:
    """Write `rows` trades in order of their day, no sale larger than what is held; returns the path."""
    chance = random.Random(7)  # noqa: S311 -- the same trades each time
    held: Counter[tuple[str, str]] = Counter()
    cents = {security: chance.randrange(2_000, 20_000) for security in SECURITIES}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "trades.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["number", "account", "security", "day", "quantity", "price"])
        for number in range(rows):
            day = dt.date(2022, 1, 3) + dt.timedelta(days=number * 1_000 // rows)
            place = (f"ACC-{chance.randrange(1, 7):03}", chance.choice(SECURITIES))
            cents[place[1]] = max(500, cents[place[1]] + chance.randrange(-300, 310))
            quantity = chance.randrange(1, 20) * 10
            if held[place] and chance.random() < 0.5:
                quantity = -min(quantity, held[place])
            held[place] += quantity
            price = f"{cents[place[1]] // 100}.{cents[place[1]] % 100:02}"
            out.writerow([number + 1, *place, day, quantity, price])
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("out/data"))
    parser.add_argument("--rows", type=int, default=5_000)
    options = parser.parse_args()
    sys.stdout.write(f"{write_data(options.folder, options.rows)}\n")
