"""The whole press on this machine: broker, API, workers, reaper and dashboard as child processes."""

from pressroom.embedded.press import Press, run_press

__all__ = ["Press", "run_press"]
