"""DuckDB: SQL over the Arrow table, on its own threads."""
