"""`python -m bench.crunch`: measure, keep the results, make their section of docs/benchmarks.md."""

from __future__ import annotations

import sys

from bench.benchmark import Benchmark
from bench.crunch.contenders import PEERS, WARM_UP_ROWS, contenders
from bench.crunch.section import NAME, comparison, write_section

CRUNCH = Benchmark(
    NAME,
    __doc__,
    contenders,
    PEERS,
    quick_peers=PEERS,
    rows=10_000_000,
    quick_rows=20_000,
    curve=(100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000),
    warm_up_rows=WARM_UP_ROWS,
    peer_rows=None,
    section=write_section,
    comparison=comparison,
)

if __name__ == "__main__":
    sys.exit(CRUNCH.main())
