"""The kernels: what each computes, in one table of rows the same for every technique."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Result = dict[str, Any]
"""Columns by name, as Arrow or NumPy arrays, which Arrow takes without a copy."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """`name` is that of the function of each technique: it gets an Arrow table and a number of threads."""

    name: str
    title: str
    contract: str


KERNELS = {
    kernel.name: kernel
    for kernel in (
        Kernel(
            "banded",
            "Banded totals with tiered commission",
            "Rows sorted by region, branch and agent. The commission of a row depends on the running amount "
            "of its agent: 2 % up to 10,000, 3.5 % up to 50,000, 5 % above, each row rounded to the cent; "
            "totals of each agent, branch, region and of all, in the order of print.",
        ),
        Kernel(
            "fifo_lots",
            "FIFO lots",
            "Purchases and sales in the order of time, the accounts mixed. Each sale takes the oldest lots "
            "of its account first: the gain of each sale, what is left of each lot. To sell more than is "
            "held is an error.",
        ),
        Kernel(
            "roll_up",
            "Totals over a tree",
            "Nodes in random order, each with the number of its parent, up to 12 levels deep: each node's "
            "amount with those of all below it. A cycle is an error.",
        ),
        Kernel(
            "account_numbers",
            "Account numbers",
            "IBANs typed with spaces and small letters, some wrong: tidied, checked by length, form and "
            "modulo 97 (ISO 13616), printed in groups of four, masked but for the last four; texts in, two "
            "columns of texts out, null where the check fails.",
        ),
    )
}
