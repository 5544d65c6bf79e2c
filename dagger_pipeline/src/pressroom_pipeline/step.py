"""A step of the pipeline, which `dagger call` offers. Dagger's own decorator loses the types in mypy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dagger import function

Step = TypeVar("Step", bound=Callable[..., object])


def step(run: Step) -> Step:
    """Offer a method; while nothing that goes in has changed, the engine may answer from its cache."""
    function(run)
    return run


def fresh_step(run: Step) -> Step:
    """Offer a method that depends on the world outside: no earlier answer counts."""
    function(run, cache="never")  # type: ignore[call-overload] # its overloads forget the argument
    return run
