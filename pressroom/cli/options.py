"""Options that several commands share, and what their values mean."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from pressroom.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

OUTPUTS = ("pdf", "xlsx")

Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="FILE",
        help="rows: CSV, Parquet, JSON lines, Arrow IPC or XLSX; the first is `dataset` in the SQL, each "
        "also has its own name (flights.csv is flights; NAME=FILE gives another)",
    ),
]
Parameters = Annotated[
    list[str] | None, typer.Option("-p", "--parameter", metavar="KEY=VALUE", help="a parameter of the report")
]
Format = Annotated[str, typer.Option("--format", metavar="pdf,xlsx", help="what to write")]


def parse_url(given: str) -> str:
    """An http or https address; raises `BadRequest` for anything else, before it is tried and tried again."""
    try:
        url = urlsplit(given)
        good = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        good = False
    if not good:
        raise BadRequest(f"--url {given}: not the address of a server", hint="--url http://127.0.0.1:8000")
    return given


Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="PRESSROOM_URL",
        help="the server's address",
        show_default=True,
        callback=parse_url,
    ),
]


def parse_parameters(given: Sequence[str] | None) -> dict[str, str]:
    """`KEY=VALUE` pairs; raises `BadRequest` for anything else and for a key given twice."""
    found: dict[str, str] = {}
    for pair in given or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise BadRequest(f"-p {pair}: not KEY=VALUE", hint="-p since=2013-06-01")
        if key in found:
            raise BadRequest(f"-p {key}: given twice")
        found[key] = value
    return found


def parse_outputs(given: str) -> tuple[str, ...]:
    """`pdf`, `xlsx` or both with a comma; raises `BadRequest`."""
    outputs = tuple(dict.fromkeys(part.strip().lower() for part in given.split(",") if part.strip()))
    if not outputs or (unknown := [o for o in outputs if o not in OUTPUTS]):
        raise BadRequest(
            f"--format {given}: {'nothing' if not outputs else unknown[0]!r} is no output",
            hint="--format pdf, --format xlsx or --format pdf,xlsx",
        )
    return outputs


def parse_stats(given: Path | None) -> Path | None:
    """A file that can be written once the report is made; raises `BadRequest` when its folder is missing."""
    if given is not None and not given.parent.is_dir():
        raise BadRequest(f"--stats {given}: no such folder", hint="make it first, or name another")
    if given is not None and given.is_dir():
        raise BadRequest(f"--stats {given}: a folder, not a file", hint="--stats stats.json")
    return given


def parse_data(given: Sequence[str] | None) -> dict[str, Path]:
    """Files by the names that the SQL knows them by, in order; raises `BadRequest` for one not there."""
    found: dict[str, Path] = {}
    for argument in given or ():
        name, path = _named(argument)
        if name in found:
            raise BadRequest(
                f"--data {argument}: two files are called {name!r}", hint="--data NAME=FILE names one"
            )
        if not path.exists():
            raise BadRequest(f"--data {path}: no such file")
        if not path.is_file():
            raise BadRequest(f"--data {path}: not a file")
        found[name] = path
    return found


def _named(argument: str) -> tuple[str, Path]:
    # It brings pydantic, which would double the time that `pressroom --help` takes.
    from pressroom.names import NAME_PATTERN

    name, equals, path = argument.partition("=")
    if equals and re.fullmatch(NAME_PATTERN, name) and not Path(argument).exists():
        return name, Path(path)
    stem = re.sub(r"[^a-z0-9]+", "_", Path(argument).name.split(".")[0].lower()).strip("_")
    return (stem if re.fullmatch(NAME_PATTERN, stem) else f"data_{stem}"[:63].rstrip("_")), Path(argument)
