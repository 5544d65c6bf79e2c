"""Where rows come from: datasets, databases and Python functions, joined and ordered in DuckDB's sandbox."""
