"""A disk that fills while the crunch writes its spool: told as what it is, and nothing stays behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

import rust_core
from tests.disks import mounted
from tests.unit.crunch_runs import crunch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAN = {
    "columns": [{"name": "a", "source": "a"}],
    "groups": [{"source": "a"}],
    "totals": [{"column": 0, "kind": "sum"}],
}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    with mounted(tmp_path / "disk", "1m") as disk:
        yield disk


# 8 bytes a row: all of them in the writer's buffer until the end, a little too many, and very many.
@pytest.mark.parametrize("rows", [1_000, 131_072, 3_000_000])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_spool_that_does_not_fit_is_a_full_disk(small_disk: Path, rows: int, threads: int) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2**20 - 4096 if rows == 1_000 else 0))
    relation = duckdb.sql(f"SELECT i AS a FROM range({rows}) t(i)")
    with pytest.raises(rust_core.DiskFull, match=r"spool\.arrow"):
        crunch(relation, PLAN, small_disk, threads)
    assert list(small_disk.iterdir()) == [ballast]
