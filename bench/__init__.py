"""Benchmarks: each contender in a process of its own, and docs/benchmarks.md made out of what they took."""
