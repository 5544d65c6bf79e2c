"""Only make knows the commands: what the pipeline asks it for exists, and is all that CI asks for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dagger import dag
from pressroom_pipeline import PressroomPipeline, image, pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pipeline.session import Session

ROOT = Path(__file__).parents[2]
DOCKERFILE, COMPOSE = ROOT / "Dockerfile", ROOT / "docker-compose.yml"
# They are the image's own part of the project.


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What make would do."""
    command = ["make", "--dry-run", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def goals(session: Session, run: Callable[..., Any]) -> list[str]:
    """All that a release asks make for."""
    steps = PressroomPipeline(source=dag.host().directory("/checkout"))
    secret = dag.secret("env://NONE")
    run(lambda: steps.release("registry.example.com/pressroom", "press", secret, ["1"]))
    return [goal for event in session.events if event.command[:1] == ["make"] for goal in event.command[1:]]


def test_every_target_that_the_pipeline_asks_for_is_one(goals: list[str]) -> None:
    assert {"settle", "lint", "test", "wheels", "scan"} == set(goals)
    for goal in goals:
        done = make(goal)
        assert done.returncode == 0, done.stderr


def test_a_target_that_is_none_is_noticed() -> None:
    done = make("press")
    assert done.returncode == 2
    assert "No rule to make target 'press'" in done.stderr


def test_the_pipeline_does_all_that_ci_does(goals: list[str]) -> None:
    asked = re.findall(r"^make (\S+)$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    assert asked
    assert set(asked) <= set(goals)


def test_every_target_that_the_pipeline_asks_for_is_explained_by_make_help(goals: list[str]) -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for goal in set(goals) - {"settle"}:
        assert f"\033[1m{goal} " in said


def test_the_images_are_those_of_the_dockerfile_and_of_compose() -> None:
    arguments = dict(re.findall(r"^ARG (\w+)=(\S+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE))
    assert arguments["BASE_IMAGE"] == pipeline.BASE_IMAGE
    assert arguments["RUST_IMAGE"] == pipeline.RUST_IMAGE
    compose = COMPOSE.read_text(encoding="utf-8")
    for name in (image.REDIS_IMAGE, image.POSTGRES_IMAGE):
        assert f"image: {name}\n" in compose


def test_the_user_of_the_image_is_the_dockerfiles() -> None:
    assert f"\nUSER {image.USER}\n" in DOCKERFILE.read_text(encoding="utf-8")


class Cache:
    """A folder of sources and a cache of what was built from them, beside this checkout's Makefile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "rust_core" / "lib.rs"
        self.source.parent.mkdir()
        for name in ("Cargo.toml", "Cargo.lock", "uv.lock", "pyproject.toml"):
            (folder / name).write_text("")
        (folder / "Makefile").write_text((ROOT / "Makefile").read_text(encoding="utf-8"))

    def settle(self, text: str) -> int:
        """The time that the source has after it was brought in, in nanoseconds."""
        self.source.write_text(text)
        cache = f"CARGO_TARGET_DIR={self.folder}/cache"
        subprocess.run(["make", "settle", cache], cwd=self.folder, check=True, capture_output=True)
        return self.source.stat().st_mtime_ns


def test_a_source_that_comes_back_is_newer_than_what_was_built_in_between(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    first, again = cache.settle("one"), cache.settle("one")
    other, back = cache.settle("two"), cache.settle("one")
    assert first == again < other < back
