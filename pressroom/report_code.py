"""A report's own Python: a function of a file in its folder, and the line of that file where it failed."""

from __future__ import annotations

import traceback
import types
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def shown(path: Path) -> str:
    """A report's file as errors name it: clients read them too, and the server's folders are not theirs."""
    return f"{path.parent.name}/{path.name}"


def load_function(path: Path, name: str) -> Callable[..., object] | None:
    """Run the file at `path`; what it calls `name`, or `None` when that is no function."""
    module = types.ModuleType(path.stem)
    module.__file__ = str(path)
    exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 - a report's own code
    found = module.__dict__.get(name)
    return found if callable(found) else None


def place_of(path: Path, error: BaseException, *, line: int | None = None) -> str:
    """`folder/file.py:line` where `error` came from; `line` where its traceback never enters the file."""
    if isinstance(error, SyntaxError):
        line = error.lineno or 1
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == str(path):
            line = frame.lineno
    return f"{shown(path)}:{line}" if line else shown(path)


def said(error: BaseException) -> str:
    """The error's kind and what it says; of Python that can't be read, what is wrong with it."""
    return error.msg if isinstance(error, SyntaxError) else f"{type(error).__name__}: {error}"
