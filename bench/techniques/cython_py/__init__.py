"""Cython in Python's syntax (pure mode): the file also runs uncompiled, far slower."""
