"""`python -m bench.xlsx`: measure, keep the results, make their section of docs/benchmarks.md."""

from __future__ import annotations

import sys

from bench.benchmark import Benchmark
from bench.xlsx.contenders import PEERS, SHEET_ROWS, WARM_UP_ROWS, contenders
from bench.xlsx.section import NAME, comparison, write_section

XLSX = Benchmark(
    NAME,
    __doc__,
    contenders,
    PEERS,
    quick_peers=PEERS,
    rows=1_000_000,
    quick_rows=1_000,
    curve=(10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000),
    warm_up_rows=WARM_UP_ROWS,
    peer_rows=SHEET_ROWS,
    section=write_section,
    comparison=comparison,
)

if __name__ == "__main__":
    sys.exit(XLSX.main())
