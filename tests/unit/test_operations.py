"""docs/operations.md is read in a hurry: what it names is there under that name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pressroom.errors import PressroomError
from pressroom.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("api", "pressroom", "worker")
    for path in sorted((ROOT / folder).rglob("*.py"))
)


def table(head: str) -> list[str]:
    """The first words in backticks of each row of the table with this head."""
    (rows,) = re.findall(rf"^\| {head} \|.*\n\|[-|:]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    return re.findall(r"^\| `([^`]+)`", rows, re.MULTILINE)


def codes() -> set[str]:
    def below(kind: type[PressroomError]) -> set[str]:
        return {kind.code}.union(*map(below, kind.__subclasses__()))

    return below(PressroomError)


def test_every_setting_is_one() -> None:
    named = {name.partition("__")[0] for name in re.findall(r"\bPRESSROOM_\w+", TEXT)}
    assert "PRESSROOM_DATA_DIR" in named
    assert named - {f"PRESSROOM_{name.upper()}" for name in Settings.model_fields} == set()


@pytest.mark.parametrize("event", table("event"))
def test_every_event_is_logged(event: str) -> None:
    assert re.search(rf'log\.\w+\("{re.escape(event)}', SOURCE)


@pytest.mark.parametrize("metric", table("metric"))
def test_every_metric_is_told(metric: str) -> None:
    name, *labels = re.findall(r"\w+", metric)
    # The client adds it to what counts.
    (found,) = re.findall(rf'"{name.removesuffix("_total")}",.*?\)\n', SOURCE, re.DOTALL)
    assert [label for label in labels if f'"{label}"' not in found] == []


@pytest.mark.parametrize("code", ["storage_full", "worker_lost", "deadline_passed"])
def test_every_code_is_an_errors(code: str) -> None:
    assert f"| `{code}`" in TEXT
    assert code in codes()


def test_every_service_is_composes() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    named = set(re.findall(r"docker-compose exec (?:-T )?([\w-]+)", TEXT))
    for stopped in re.findall(r"docker-compose stop (.+)", TEXT):
        named |= set(stopped.split())
    assert {"api", "postgres", "reaper", "worker-heavy"} <= named <= set(services)


def test_the_line_that_makes_passwords_is_the_examples() -> None:
    (line,) = re.findall(r"^\(umask.+$", TEXT, re.MULTILINE)
    assert f"#   {line}\n" in (ROOT / ".env.example").read_text(encoding="utf-8")
