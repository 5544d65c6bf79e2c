"""`python -m bench.pdf`: measure, keep the results, make their section of docs/benchmarks.md."""

from __future__ import annotations

import sys

from bench.benchmark import Benchmark
from bench.pdf.contenders import PEERS, WARM_UP_ROWS, contenders
from bench.pdf.section import NAME, comparison, write_section

PDF = Benchmark(
    NAME,
    __doc__,
    contenders,
    PEERS,
    quick_peers=("weasyprint",),
    rows=3_000,
    quick_rows=200,
    curve=(1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000),
    warm_up_rows=WARM_UP_ROWS,
    peer_rows=None,
    section=write_section,
    comparison=comparison,
)

if __name__ == "__main__":
    sys.exit(PDF.main())
