"""`python -m bench.pdf`: one ledger printed by Pressroom and by other makers of PDF, side by side."""
