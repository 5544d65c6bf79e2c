"""The techniques: what they are called, what they need, and how a second thread gets to work."""

from __future__ import annotations

from dataclasses import dataclass

ALONE, TWO, HALVES = "1", "2", "halves"
"""How a trial works: on one thread, on two of the technique's own, or in two Python threads on half each."""


@dataclass(frozen=True, slots=True)
class Technique:
    """`name` is its folder; `ways` are those it can work in beside that on one thread."""

    name: str
    title: str
    packages: tuple[str, ...]
    ways: tuple[str, ...]


TECHNIQUES = {
    technique.name: technique
    for technique in (
        Technique("rust", "Rust", ("arro3-core", "pyarrow"), (TWO, HALVES)),
        Technique("python", "pure Python", ("pyarrow",), (HALVES,)),
        Technique("numpy", "NumPy", ("numpy",), (HALVES,)),
        Technique("numba", "Numba", ("numba", "numpy"), (HALVES,)),
        Technique("numba_parallel", "Numba (parallel)", ("numba", "numpy"), (TWO,)),
        Technique("mypyc", "mypyc", ("mypy", "setuptools"), (HALVES,)),
        Technique("cython_py", "Cython (.py)", ("cython", "setuptools"), (HALVES,)),
        Technique("cython_pyx", "Cython (.pyx, prange)", ("cython", "setuptools"), (TWO, HALVES)),
        Technique("cython_cpp", "Cython (C++ containers)", ("cython", "setuptools"), (HALVES,)),
        Technique("taichi", "Taichi", ("taichi",), (TWO,)),
        Technique("duckdb", "DuckDB", ("duckdb",), (TWO,)),
        Technique("polars", "Polars", ("polars",), (TWO,)),
        Technique("pandas", "pandas", ("pandas",), (HALVES,)),
    )
}
"""Ours first."""
OURS, BASE = "rust", "python"
