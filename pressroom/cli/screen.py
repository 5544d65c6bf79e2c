"""Bars on a terminal, and nothing but results anywhere else."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def bar(words: str) -> Iterator[Callable[[str, float, float | None], None]]:
    """A progress bar on standard error while inside; call it with (words, done, total or `None`).

    When standard error is no terminal there is no bar at all.
    """
    if not sys.stderr.isatty():
        yield lambda _words, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with progress:
        task = progress.add_task(words, total=None)

        def move(words: str, done: float, total: float | None) -> None:
            progress.update(task, description=words, completed=done, total=total)

        yield move


def say(line: str) -> None:
    """A result, on standard output."""
    typer.echo(line)


def note(line: str) -> None:
    """Something worth knowing that is no result, on standard error."""
    typer.echo(line, err=True)


def table(heading: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Columns on standard output; plain text with tabs when that is no terminal, so that `cut` works."""
    if not sys.stdout.isatty():
        for row in rows:
            say("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    shown = Table(*heading, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*row)
    Console().print(shown)


def size(count: int) -> str:
    """Bytes for people."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{count} B"
