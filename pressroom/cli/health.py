"""`health`: whether a part is well, for the container engine or a supervisor."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pressroom.cli.parts import become
from pressroom.cli.screen import say
from pressroom.errors import BadRequest, Unavailable

if TYPE_CHECKING:
    from pressroom.settings import Settings

FIRST_PROCESS = Path("/proc/1/cmdline")
ANSWER_SECONDS = 10
ROUND_SECONDS = 60
"""A reaper does a round every second; one that cleans up after thousands of jobs takes longer."""


class Part(StrEnum):
    """What can be asked."""

    API = "api"
    HEAVY = "heavy"
    FAST = "fast"
    REAPER = "reaper"
    FLOWER = "flower"


def health(
    part: Annotated[Part | None, typer.Argument(help="default: the one that this container runs")] = None,
) -> None:
    """Ask a part of this machine whether it is well; leaves with 1 and the reason when it is not.

    The API must be ready for jobs, a worker must answer over the broker, the reaper must do its rounds.

    Example:  pressroom health heavy
    """
    from pressroom.settings import Settings

    part = part or part_of(FIRST_PROCESS.read_bytes() if FIRST_PROCESS.exists() else b"")
    settings = Settings()
    match part:
        case Part.API:
            _ask(f"http://{_reachable(settings.host)}:{settings.port}/readyz")
        case Part.FLOWER:
            _ask(f"http://127.0.0.1:{settings.flower_port}/healthcheck")
        case Part.REAPER:
            _feel(settings)
        case Part.HEAVY | Part.FAST:
            become("worker.health", str(part))
    say(f"{part}: well")


def part_of(command_line: bytes) -> Part:
    """The part that a container's first process was told to run: `tini -- pressroom worker --queue fast`.

    Raises `BadRequest` when it is none that can be asked.
    """
    words = command_line.decode(errors="replace").rstrip("\0").split("\0")
    names = [Path(word).name for word in words]
    told = words[names.index("pressroom") + 1 :] if "pressroom" in names else []
    if told[:1] == ["worker"]:
        told = [word.removeprefix("--queue=") for word in told[1:] if word != "--queue"]
    elif told[:1] == ["up"]:
        # It starts its other parts again by itself.
        told = [Part.API]
    if told and told[0] in [str(part) for part in Part]:
        return Part(told[0])
    raise BadRequest("this is no container of a part that can be asked", hint="name it: pressroom health api")


def _ask(url: str) -> None:
    import httpx

    try:
        answer = httpx.get(url, timeout=ANSWER_SECONDS, trust_env=False)
    except httpx.TransportError as error:
        raise Unavailable(f"{url}: no answer ({type(error).__name__})") from None
    if answer.status_code != httpx.codes.OK:
        raise Unavailable(f"{url}: {answer.status_code} {answer.text[:500]}")


def _feel(settings: Settings) -> None:
    from pressroom.pulse import Pulse

    age = Pulse(settings.data_dir, Part.REAPER).age()
    if age is None:
        raise Unavailable("the reaper has done no round yet")
    if age > ROUND_SECONDS:
        raise Unavailable(f"the reaper's last round was {age:.0f} s ago")


def _reachable(host: str) -> str:
    """Where to reach from here what listens on `host`; every address includes loopback."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"


COMMANDS = (health,)
