"""pandas: grouped columns, merges and string methods."""
