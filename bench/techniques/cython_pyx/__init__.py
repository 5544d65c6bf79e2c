"""Cython's own syntax, `prange` over parts of the work on OpenMP's threads."""
