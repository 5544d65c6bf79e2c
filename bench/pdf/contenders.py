"""The contenders of bench/pdf: ours, and the makers of writers.py, each as a command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contender import Contender
from bench.pdf.design import REPORT
from bench.pdf.writers import CHROMIUM

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS = "pressroom"
FILE = "ledger.pdf"
WARM_UP_ROWS = 100

_STATS = "stats.json"
_PEERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "weasyprint": ("WeasyPrint", ("weasyprint",)),
    "reportlab": ("ReportLab (LongTable)", ("reportlab",)),
    "fpdf2": ("fpdf2 (table)", ("fpdf2",)),
    "typst": ("Typst", ("typst",)),
}
if CHROMIUM:
    _PEERS["chromium"] = ("Chromium (print-to-pdf)", ())
PEERS = tuple(_PEERS)


def contenders(threads: int, peers: Sequence[str]) -> list[Contender]:
    """Ours with the core on so many threads, and others by their names in `PEERS`."""
    return [ours(threads), *map(peer, peers)]


def ours(threads: int) -> Contender:
    """`pressroom render` as anybody would call it, with the core on `threads` threads."""
    program = str(Path(sys.executable).with_name("pressroom"))

    def command(data: Path, folder: Path) -> list[str]:
        options = ["--format", "pdf", "--threads", str(threads), "--stats", str(folder / _STATS)]
        return [program, "render", str(REPORT), "--data", str(data), "--out", str(folder), *options]

    return Contender(OURS, "Pressroom", FILE, command, ("duckdb", "weasyprint"), _phases, ours=True)


def peer(name: str) -> Contender:
    """Another maker, by its name in `PEERS`."""
    title, packages = _PEERS[name]

    def command(data: Path, folder: Path) -> list[str]:
        return [sys.executable, "-m", "bench.pdf.writers", name, str(data), str(folder / FILE)]

    return Contender(name, title, FILE, command, packages)


def _phases(folder: Path) -> dict[str, float]:
    """The seconds of --stats; `core` is what the core itself took to draw and write the file."""
    stats = json.loads((folder / _STATS).read_text(encoding="utf-8"))
    phases = {name: seconds for name, seconds in stats["phases"].items() if name != "xlsx"}
    return {**phases, "core": stats["pdf"]["seconds"]}
