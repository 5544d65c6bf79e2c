"""The examples' figures are those that plain Python reckons from the same rows."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import defaultdict, deque
from decimal import Decimal
from pathlib import Path

import openpyxl

ROOT = Path(__file__).parents[2]
PRESSROOM = [sys.executable, "-c", "from pressroom.cli import main; main()"]


def test_the_portfolios_gain_is_that_of_the_oldest_lots(tmp_path: Path) -> None:
    folder = ROOT / "examples" / "portfolio"
    subprocess.run([sys.executable, folder / "data.py", tmp_path, "--rows", "500"], check=True)
    trades = tmp_path / "trades.csv"
    subprocess.run([*PRESSROOM, "render", folder, "--data", trades, "--out", tmp_path], check=True)
    lots: defaultdict[tuple[str, str], deque[Decimal]] = defaultdict(deque)
    gain = Decimal(0)
    with trades.open(encoding="utf-8", newline="") as file:
        for trade in csv.DictReader(file):
            held = lots[trade["account"], trade["security"]]
            quantity, price = int(trade["quantity"]), Decimal(trade["price"])
            held.extend([price] * quantity)
            gain += sum(price - held.popleft() for _ in range(-quantity))
    open_lots = sum(sum(held) for held in lots.values())
    book = openpyxl.load_workbook(tmp_path / "portfolio.xlsx", data_only=True)
    *_, last = book.worksheets[0].values
    assert [round(Decimal(value), 2) for value in last[-2:]] == [gain, open_lots]
    assert gain != 0
    assert round(Decimal(last[-3]) - Decimal(last[-4]), 2) == gain, "proceeds less cost"
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "portfolio.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout
    (total,) = [line for line in text.splitlines() if "Total all rows" in line]
    assert total.split()[-2:] == [f"{gain:,}", f"{open_lots:,}"]
