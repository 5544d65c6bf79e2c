"""The commands, and the one place where an error becomes a line on standard error and an exit status."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from pressroom.cli import health, local, parts, remote
from pressroom.errors import (
    BadParameters,
    BadRequest,
    DefinitionError,
    PressroomError,
    QueryFailed,
    UnknownReport,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, FAILED, BAD_USE = 0, 1, 2
BAD_USE_ERRORS = (BadParameters, BadRequest, DefinitionError, QueryFailed, UnknownReport)
BAD_USE_CODES = frozenset(
    {error.code for error in BAD_USE_ERRORS} | {"invalid_request", "bad_template", "unreplayable_css"}
)
"""The same when a server says so."""

app = typer.Typer(
    name="pressroom",
    help="Massive PDF and XLSX reports from a job queue.",
    epilog="Try:  pressroom render examples/flights --data flights.csv --out out",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def pressroom(
    debug: bool = typer.Option(False, "--debug", help="show tracebacks; may stand anywhere"),
) -> None:
    """Massive PDF and XLSX reports from a job queue."""


for commands in (local.COMMANDS, remote.COMMANDS, parts.COMMANDS, health.COMMANDS):
    for command in commands:
        app.command()(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; leaves with 0 done, 2 bad use or bad definition, 1 anything else."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index("--") if "--" in given else len(given)
    debug = "--debug" in given[:end]
    given = [a for i, a in enumerate(given) if i >= end or a != "--debug"]
    sys.exit(run(given, debug=debug))


def run(arguments: Sequence[str], *, debug: bool) -> int:
    """Exit status of a command line."""
    try:
        status = app(list(arguments), prog_name="pressroom", standalone_mode=False)
    except PressroomError as error:
        return fail(error.message, error.hint, BAD_USE if bad_use(error) else FAILED, debug=debug)
    except typer.TyperException as error:
        return fail(error.format_message(), _help_hint(error), error.exit_code, debug=debug)
    except typer.Abort:
        return fail("stopped", None, FAILED, debug=debug)
    except BrokenPipeError:
        return FAILED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return fail(f"{where}{error.strerror or error}", None, FAILED, debug=debug)
    except Exception as error:  # noqa: BLE001 - the last door; --debug opens it
        if (fault := _bad_setting(error)) is not None:
            return fail(fault, "see the environment", BAD_USE, debug=debug)
        words = f"{type(error).__name__}: {error}"
        return fail(f"unexpected {words}", "--debug shows where; please report it", FAILED, debug=debug)
    if not isinstance(status, int):
        return DONE
    # Typer says 130 for Ctrl-C; anything that is not bad use is 1.
    return status if status in (DONE, FAILED, BAD_USE) else FAILED


def bad_use(error: PressroomError) -> bool:
    """Whether the caller has to change the call or the definition."""
    return isinstance(error, BAD_USE_ERRORS) or error.code in BAD_USE_CODES


def fail(message: str, hint: str | None, status: int, *, debug: bool) -> int:
    """One line and a hint; the traceback only on request."""
    if debug:
        import traceback

        traceback.print_exc()
    line = " ".join(message.split())
    typer.echo(f"error: {line}", err=True)
    if hint:
        typer.echo(f"hint: {hint}", err=True)
    return status


def _bad_setting(error: Exception) -> str | None:
    """The environment variable that an installation's settings were refused for."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError) or error.title != "Settings":
        return None
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "a setting"
    return f"PRESSROOM_{name.removeprefix('PRESSROOM_').upper()}: {first['msg']}"


def _help_hint(error: typer.TyperException) -> str | None:
    context = getattr(error, "ctx", None)
    return f"{context.command_path} --help" if context is not None else "pressroom --help"
