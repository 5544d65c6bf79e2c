"""`render` and `check`: here and now, without a queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pressroom.cli.options import (
    Data,
    Format,
    Parameters,
    parse_data,
    parse_outputs,
    parse_parameters,
    parse_stats,
)
from pressroom.cli.screen import note, say, size
from pressroom.errors import BadRequest

ReportArgument = Annotated[str, typer.Argument(help="a report's folder, or the name of an installed one")]


def render(
    report: ReportArgument,
    data: Data = None,
    parameter: Parameters = None,
    output_format: Format = "pdf,xlsx",
    out: Annotated[Path, typer.Option(help="folder for the files")] = Path(),
    stats: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="write figures of the run, as JSON", callback=parse_stats),
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="0: one per core")] = 0,
) -> None:
    """Build a report's files here and now.

    Example:  pressroom render examples/flights --data flights.csv -p origin=JFK --out out
    """
    outputs, files, given = parse_outputs(output_format), parse_data(data), parse_parameters(parameter)
    from pressroom.cli.rendering import render_files, write_stats
    from pressroom.settings import Settings

    rendered = render_files(report, files, given, outputs, out, settings=Settings(), threads=threads)
    if stats is not None:
        write_stats(rendered, stats)
    for warning in rendered.built.warnings:
        note(f"warning: {warning}")
    for file in rendered.built.files:
        holds = f"{file.pages:,} pages" if file.pages is not None else f"{file.sheets:,} sheets"
        say(f"{out / file.name}  {file.rows:,} rows, {holds}, {size(file.bytes)}, {file.seconds:.2f} s")


def check(
    report: ReportArgument,
    data: Annotated[
        list[str] | None, typer.Option("--data", metavar="FILE", help="rows to try it with; see render")
    ] = None,
    parameter: Parameters = None,
    proof: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="leave both drawings of the proof here, as PDF and side by side"),
    ] = None,
) -> None:
    """Check a report: its definition, and, with data, its SQL, its designs and their plates.

    The page plate is proved: some of the rows are drawn by WeasyPrint alone and by the plate.

    Example:  pressroom check examples/flights --data flights.csv --proof out/proof
    """
    files, given = parse_data(data or []), parse_parameters(parameter)
    if proof is not None and not files:
        raise BadRequest("--proof needs rows to draw", hint="--data FILE")
    from pressroom.cli.checking import check_report
    from pressroom.settings import Settings

    for line in check_report(report, files, given, settings=Settings(), proof=proof):
        say(line)


COMMANDS = (render, check)
