"""Numba, `@njit(nogil=True)`: loops over NumPy arrays, compiled at the first call."""
