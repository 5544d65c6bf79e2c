"""Polars: expressions over a frame, on its own threads."""
