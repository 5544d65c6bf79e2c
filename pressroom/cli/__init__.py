"""The command `pressroom`. Nothing heavy is imported before a command needs it: help must be instant."""

from pressroom.cli.app import main

__all__ = ["main"]
