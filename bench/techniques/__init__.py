"""`python -m bench.techniques`: the same report arithmetic, written as well as each technique allows."""
