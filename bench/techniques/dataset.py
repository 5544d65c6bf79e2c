"""The rows of each kernel: made from a seed, the same for every technique, kept as Arrow files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.dataset import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = 20_261_125
EDITION = 2
"""Counted up when what is made changes, so that no older file is read."""
REGIONS, BRANCHES, AGENT_ROWS = 8, 40, 60
ROWS_AN_ACCOUNT = 20
LEVELS, ROOTS = 12, 64
PRIME = 9_999_999_967
"""Numbers of ten digits: 1, 2, 3… times another number modulo this prime are all different."""
HALF = "half"
"""Says in which half of the work a row is, where two Python threads share it; no kernel reads it."""


def made(kernel: str, rows: int) -> Path:
    """The file of `kernel` with `rows` rows, made when it is not there yet."""
    path = cache_folder() / "techniques" / f"{kernel}-{rows}-{EDITION}.arrow"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        with pa.ipc.new_file(temporary, (table := rows_of(kernel, rows)).schema) as writer:
            writer.write_table(table)
        temporary.replace(path)
    return path


def load(path: Path) -> pa.Table:
    """The rows as one table of one batch, in memory."""
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).read_all().combine_chunks()


def halves(table: pa.Table) -> list[pa.Table]:
    """The two halves of the work, each as a table of its own, cut where no result depends on the other."""
    return [table.filter(pc.equal(table[HALF], half)).combine_chunks() for half in (0, 1)]


def rows_of(kernel: str, rows: int) -> pa.Table:
    """The rows themselves."""
    return pa.table(MAKERS[kernel](np.random.default_rng(SEED), rows))


def _numbers(count: int) -> np.ndarray[Any, Any]:
    return 1 + np.arange(1, count + 1) * 7_368_787 % PRIME


def _banded(random: np.random.Generator, rows: int) -> dict[str, Any]:
    agent = np.sort(random.integers(0, max(rows // AGENT_ROWS, 1), rows))
    branch = agent * REGIONS * BRANCHES // (agent[-1] + 1)
    region = branch // BRANCHES
    amount = random.integers(1_00, 2_400_00, rows)
    amount[random.random(rows) < 0.05] *= -1
    return {
        # Numbers of branches and agents begin anew in each region and branch, as people number them.
        "region": pa.array(region, pa.int32()),
        "branch": pa.array(branch % BRANCHES, pa.int32()),
        "agent": pa.array(agent - agent[np.searchsorted(branch, branch)], pa.int32()),
        "amount": pa.array(amount, pa.int64()),
        HALF: pa.array(region >= REGIONS // 2, pa.int8()),
    }


def _fifo_lots(random: np.random.Generator, rows: int) -> dict[str, Any]:
    accounts = max(rows // ROWS_AN_ACCOUNT, 2)
    which = random.integers(0, accounts, rows)
    size = random.integers(1_0000, 500_0000, rows)
    sells = (random.random(rows) < 0.45).tolist()
    held, quantity = [0] * accounts, size.tolist()
    for row, account in enumerate(which.tolist()):
        if sells[row] and held[account]:
            # Sometimes more than one lot, never more than is held.
            quantity[row] = -min(2 * quantity[row], held[account])
        held[account] += quantity[row]
    return {
        "account": pa.array(_numbers(accounts)[which], pa.int64()),
        "quantity": pa.array(quantity, pa.int64()),
        "price": pa.array(random.integers(5_00, 900_00, rows), pa.int64()),
        HALF: pa.array(which % 2, pa.int8()),
    }


def _roll_up(random: np.random.Generator, rows: int) -> dict[str, Any]:
    roots = min(ROOTS, rows)
    level = np.sort(np.append(np.zeros(roots, int), random.integers(1, LEVELS, rows - roots)))
    begins = np.searchsorted(level, np.arange(LEVELS + 1))
    parent = np.full(rows, -1)
    for depth in range(1, LEVELS):
        here = slice(begins[depth], begins[depth + 1])
        least = begins[depth - 1] if begins[depth - 1] < begins[depth] else 0
        parent[here] = random.integers(least, begins[depth], here.stop - here.start)
    half = np.arange(rows) % 2
    for depth in range(1, LEVELS):
        here = slice(begins[depth], begins[depth + 1])
        half[here] = half[parent[here]]
    numbers, order = _numbers(rows), random.permutation(rows)
    return {
        "id": pa.array(numbers[order], pa.int64()),
        "parent": pa.array(np.where(parent < 0, 0, numbers[parent])[order], pa.int64()),
        "amount": pa.array(random.integers(-1_000_00, 5_000_00, rows), pa.int64()),
        HALF: pa.array(half[order], pa.int8()),
    }


COUNTRIES = (
    ("DE", "18n"),
    ("FR", "10n11c2n"),
    ("GB", "4a14n"),
    ("NL", "4a10n"),
    ("PL", "24n"),
    ("NO", "11n"),
)
"""Letters and form of a national number, as in the SWIFT registry: n digits, a letters, c either."""


def _account_numbers(random: np.random.Generator, rows: int) -> dict[str, Any]:
    text = [_typed(random.integers(0, 1 << 62, 6).tolist()) for _ in range(rows)]
    return {"text": pa.array(text, pa.string()), HALF: pa.array(np.arange(rows) >= rows // 2, pa.int8())}


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _typed(bits: list[int]) -> str:
    """An IBAN as somebody types it; one in 25 is wrong."""
    how, country, *rest = bits
    letters, form = COUNTRIES[country % len(COUNTRIES)]
    number = f"{rest[0]:018d}{rest[1]:018d}"
    national = ""
    for piece in form.replace("n", "n ").replace("a", "a ").replace("c", "c ").split():
        count, kind = int(piece[:-1]), piece[-1]
        taken, number = number[-count:], number[:-count]
        national += (
            taken if kind == "n" else "".join(LETTERS[(int(d) * 7 + len(national)) % 26] for d in taken)
        )
    digits = "".join(str(int(c, 36)) for c in national + letters + "00")
    check = 98 - int(digits) % 97
    iban = f"{letters}{check:02d}{national}"
    if how % 25 == 0:
        wrong = how // 25 % 4
        at = 4 + rest[2] % (len(iban) - 4)
        iban = (
            iban[:at] + iban[at + 1 :],
            iban[:at] + str((int(iban[at], 36) + 1) % 10) + iban[at + 1 :],
            iban[:at] + "-" + iban[at:],
            iban[:at] + "ß" + iban[at + 1 :],
        )[wrong]
    if how >> 10 & 1:
        iban = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    return iban.lower() if how >> 11 & 3 == 0 else iban


MAKERS: dict[str, Callable[[np.random.Generator, int], dict[str, Any]]] = {
    "banded": _banded,
    "fifo_lots": _fifo_lots,
    "roll_up": _roll_up,
    "account_numbers": _account_numbers,
}
