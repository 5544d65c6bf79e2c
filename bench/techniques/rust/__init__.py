"""Rust: Arrow in, Arrow out, the GIL released for the whole call; parts of the work on threads of its own."""
