"""NumPy: whole columns at a time."""
