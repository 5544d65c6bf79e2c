"""The contenders of bench/xlsx: ours, and the writers of writers.py, each as a command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contender import Contender

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS = "pressroom"
FILE = "ledger.xlsx"
WARM_UP_ROWS = 1_000
SHEET_ROWS = 1_048_576 - 1
"""Rows that fit on a sheet under the header (ECMA-376 has 2**20); only ours goes on to a next one."""

_REPORT = Path(__file__).with_name("ledger")
_STATS = "stats.json"
_PEERS = {
    "xlsxwriter": ("XlsxWriter", ("XlsxWriter",)),
    "xlsxwriter-constant-memory": ("XlsxWriter (constant_memory)", ("XlsxWriter",)),
    "openpyxl": ("openpyxl (write_only)", ("openpyxl", "lxml")),
    "pyexcelerate": ("PyExcelerate", ("PyExcelerate",)),
    "polars": ("polars (write_excel)", ("polars", "XlsxWriter")),
    "rustpy-xlsxwriter": ("rustpy-xlsxwriter", ("rustpy-xlsxwriter", "polars")),
}
PEERS = tuple(_PEERS)


def contenders(threads: int, peers: Sequence[str]) -> list[Contender]:
    """Ours with the core on so many threads, and others by their names in `PEERS`."""
    return [ours(threads), *map(peer, peers)]


def ours(threads: int) -> Contender:
    """`pressroom render` as anybody would call it, with the core on `threads` threads."""
    program = str(Path(sys.executable).with_name("pressroom"))

    def command(data: Path, folder: Path) -> list[str]:
        options = ["--format", "xlsx", "--threads", str(threads), "--stats", str(folder / _STATS)]
        return [program, "render", str(_REPORT), "--data", str(data), "--out", str(folder), *options]

    return Contender(OURS, "Pressroom", FILE, command, ("duckdb",), _phases, ours=True)


def peer(name: str) -> Contender:
    """Another writer, by its name in `PEERS`."""
    title, packages = _PEERS[name]

    def command(data: Path, folder: Path) -> list[str]:
        return [sys.executable, "-m", "bench.xlsx.writers", name, str(data), str(folder / FILE)]

    return Contender(name, title, FILE, command, packages)


def _phases(folder: Path) -> dict[str, float]:
    """The seconds of --stats; `core` is what the core itself took to write the file."""
    stats = json.loads((folder / _STATS).read_text(encoding="utf-8"))
    phases = {name: seconds for name, seconds in stats["phases"].items() if name != "pdf"}
    return {**phases, "core": stats["xlsx"]["seconds"]}
