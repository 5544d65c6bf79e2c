"""The contenders of bench/crunch: an engine, a form of the ledger and a number of cores."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from bench.contender import Contender
from bench.crunch.engine import ANSWERS, PHASES, TOLD
from bench.crunch.forms import ARROW, FORMS, PARQUET, made_form

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OURS = "pressroom"
WARM_UP_ROWS = 1_000
ENGINES = {
    OURS: ("Pressroom", ("duckdb", "pyarrow")),
    "duckdb": ("DuckDB", ("duckdb", "pyarrow")),
    "polars": ("Polars", ("polars",)),
    "pandas": ("pandas", ("pandas", "pyarrow")),
}
"""By name, which is also that of the module `with_…`: title and packages."""
PEERS = tuple(engine for engine in ENGINES if engine != OURS)


def name_of(engine: str, form: str, cores: int) -> str:
    """The name of a contender."""
    return f"{engine}-{form}-{cores}"


def contenders(threads: int, peers: Sequence[str]) -> list[Contender]:
    """Each engine over each form with all cores, and over Arrow with one core too; Parquet is the curve's."""
    return [
        _contender(engine, form, cores)
        for engine in (OURS, *peers)
        for form in FORMS
        for cores in sorted({1, threads} if form == ARROW else {threads})
    ]


def _contender(engine: str, form: str, cores: int) -> Contender:
    title, packages = ENGINES[engine]

    def command(data: Path, folder: Path) -> list[str]:
        given = str(made_form(data, form))
        module = ["-m", "bench.crunch.engine", engine, form, str(cores), given, str(folder)]
        return [sys.executable, *module]

    return Contender(
        name_of(engine, form, cores),
        f"{title}, {FORMS[form]}, {cores} {'core' if cores == 1 else 'cores'}",
        ANSWERS,
        command,
        packages,
        phases=lambda folder: _read(folder, PHASES),
        told=lambda folder: _read(folder, TOLD),
        sizes=None if form == PARQUET else lambda rows: (rows // 10, rows),
        ours=engine == OURS,
    )


def _read(folder: Path, file: str) -> dict[str, float]:
    figures: dict[str, float] = json.loads((folder / file).read_text(encoding="utf-8"))
    return figures
