"""docs/operations.md names settings, metrics, log events, errors and commands: each is one."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import typer.main

import pressroom.errors
from api.metrics import Metrics
from pressroom.cli.app import app
from pressroom.settings import Settings
from pressroom.store import Store
from tests.services import ROOT

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("api", "worker", "pressroom")
    for path in (ROOT / folder).rglob("*.py")
)


def named_first(heading: str, pattern: str) -> set[str]:
    """What stands as code in the first cells of the tables below a heading, where it looks like `pattern`."""
    section = re.split(r"^## ", GUIDE.partition(f"## {heading}\n")[2], flags=re.MULTILINE)[0]
    return set(re.findall(rf"^\| `({pattern})[`{{]", section, re.MULTILINE))


def test_every_setting_is_one() -> None:
    named = set(re.findall(r"PRESSROOM_[A-Z_]*[A-Z]", GUIDE))
    assert len(named) > 10
    assert {name.removeprefix("PRESSROOM_").lower() for name in named} <= set(Settings.model_fields)


def test_every_metric_is_one(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'jobs.db'}") as store:
        store.migrate()
        known = {family.name for family in Metrics(store).registry.collect()}
    named = named_first("What to watch", "pressroom_[a-z_]+")
    assert {name.removesuffix("_total") for name in named} == known


def test_every_log_event_is_one() -> None:
    events = named_first("What to watch", "[a-z]+ [^`]+")
    assert len(events) >= 5
    assert [event for event in events if f'"{event}' not in SOURCES] == []


def test_every_error_code_is_one() -> None:
    errors = (error for _, error in inspect.getmembers(pressroom.errors, inspect.isclass))
    named = named_first("When something is wrong", "[a-z_]+")
    assert len(named) >= 2
    assert named <= {getattr(error, "code", None) for error in errors}


def test_every_command_is_one() -> None:
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"`pressroom ([a-z]+)", GUIDE))
    assert named
    assert named <= commands
