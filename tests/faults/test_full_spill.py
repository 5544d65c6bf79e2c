"""A disk that fills while rows are read and sorted: the job may be tried again, and nothing stays behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pressroom.errors import StorageFull
from pressroom.reports import Report
from pressroom.sources.source import Source
from tests.disks import mounted
from tests.integration.test_source import dataset, definition, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pressroom.definition import ReportDefinition

NUMBERS = "SELECT i AS a, md5(i::text) || md5((i + 1)::text) AS b FROM range(3000000) t(i)"
PYTHON = """\
import duckdb

def numbers(parameters):
    return duckdb.sql("FROM range(3000000) t(a) SELECT a, md5(a::text) || md5((a + 1)::text) AS b")
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB."""
    with mounted(tmp_path / "disk", "8m") as disk:
        yield disk


@pytest.mark.parametrize(
    "report",
    [
        definition(NUMBERS, order=["b"]),
        definition(data={"python": "numbers:numbers"}, order=["b"]),
    ],
    ids=["sort", "source"],
)
def test_a_spill_that_does_not_fit_is_a_full_disk(
    tmp_path: Path, small_disk: Path, report: ReportDefinition
) -> None:
    (tmp_path / "numbers.py").write_text(PYTHON)
    data = [dataset(tmp_path, "a\n1\n")] if report.data.sql else []
    opened = Source(
        Report(tmp_path, report), data, {}, threads=1, memory_limit_bytes=2**26, spill=small_disk / "spill"
    )
    with pytest.raises(StorageFull) as caught, opened:
        rows(opened)
    assert caught.value.retryable
    assert caught.value.hint
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []
