"""Taichi with a number of threads: it has one for the whole process, so another number starts it anew."""

from __future__ import annotations

from functools import lru_cache

import taichi as ti


@lru_cache(maxsize=1)
def started(threads: int) -> None:
    ti.init(
        arch=ti.cpu, cpu_max_num_threads=threads, default_ip=ti.i64, offline_cache=False, log_level=ti.ERROR
    )
