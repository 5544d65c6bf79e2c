"""`python -m bench.xlsx`: one ledger written by Pressroom and by other writers of XLSX, side by side."""
