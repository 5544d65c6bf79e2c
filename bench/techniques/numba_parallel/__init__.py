"""Numba, `@njit(parallel=True)`: `prange` over parts of the work."""
