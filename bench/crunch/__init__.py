"""Crunching a ledger: Pressroom's core beside DuckDB, Polars and pandas, asked for the same results."""
