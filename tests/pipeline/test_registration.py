"""The module as the engine meets it: it registers its functions, then is called by names and ids."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagger
import pytest
from dagger import dag
from pressroom_pipeline import PressroomPipeline
from pressroom_pipeline.source import UNREAD

from tests.pipeline.conftest import connected, serving
from tests.pipeline.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pipeline.session import Node

FOLDER = Path(__file__).parents[2] / "dagger_pipeline"
FUNCTIONS = ["lint", "test", "wheels", "scan", "image", "smoke", "publish", "release"]
MODULE: Any = vars(PressroomPipeline)["__dagger_module__"]


@pytest.fixture(scope="module")
def offered() -> dict[str, Node]:
    """The functions that the module registers, each the end of its description; `""` is the constructor.

    Once: the client keeps descriptions of types, with their ids in a session that is gone.
    """
    session = Session()
    with serving(session), pytest.MonkeyPatch.context() as patch:
        # The engine names the main object in the environment, before dagger is imported.
        patch.setattr(MODULE, "_main_name", "PressroomPipeline")
        patch.setattr(MODULE, "_main", MODULE.get_object("PressroomPipeline"))
        connected(MODULE._typedefs)
    return {str(node.history()[0].argument("name")): node for node in session.objects("Function")}


def said(function: Node, step: str) -> list[Node]:
    return [node for node in function.history() if node.field == step]


def test_every_function_is_offered_with_help(offered: dict[str, Node]) -> None:
    assert sorted(offered) == sorted(["", *FUNCTIONS])
    for name in FUNCTIONS:
        (described,) = said(offered[name], "withDescription")
        assert len(described.argument("description")) > 20


def test_every_argument_is_explained(offered: dict[str, Node]) -> None:
    explained = {
        (name, str(argument.argument("name"))): argument.argument("description")
        for name, function in offered.items()
        for argument in said(function, "withArg")
    }
    assert {
        ("publish", "password"),
        ("", "source"),
        ("", "rust_image"),
        ("scan", "accept_unreachable"),
    } <= set(explained)
    assert [argument for argument, text in explained.items() if not text] == []


def test_the_checkout_comes_by_itself_without_what_is_no_source(offered: dict[str, Node]) -> None:
    source = next(node for node in said(offered[""], "withArg") if node.argument("name") == "source")
    assert source.argument("defaultPath") == "/"
    assert list(source.argument("ignore")) == UNREAD
    assert {".git", ".venv", "target", "out"} <= set(UNREAD)


def test_what_depends_on_the_world_outside_is_never_answered_from_the_cache(offered: dict[str, Node]) -> None:
    fresh = [name for name, node in offered.items() if said(node, "withCachePolicy")]
    assert sorted(fresh) == ["publish", "release", "scan"]
    for name in fresh:
        (policy,) = said(offered[name], "withCachePolicy")
        assert policy.argument("policy") == "Never"


def test_a_function_called_as_the_engine_calls_it_runs(session: Session, run: Callable[..., Any]) -> None:
    async def call() -> Any:
        state = {"source": await dag.host().directory("/checkout").id(), "rust_image": "rust:1"}
        folder = await MODULE.get_result("PressroomPipeline", state, "scan", {"accept_unreachable": True})
        return await dag.load_directory_from_id(dagger.DirectoryID(folder)).sync()

    run(call)
    assert session.events[-1].command == ["make", "settle", "scan", "OFFLINE=1"]
    assert set(session.events[-1].given("from")) == {"rust:1"}


def calls() -> list[list[str]]:
    """Every call that the module's README shows, in words after the module's name."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    return [line.split() for line in re.findall(r"dagger call -m dagger_pipeline ([^`\n]+)", text)]


def test_the_readme_calls_every_function_with_arguments_that_it_has(offered: dict[str, Node]) -> None:
    options = {
        name: {f"--{argument.argument('name').replace('_', '-')}" for argument in said(function, "withArg")}
        for name, function in offered.items()
    }
    called = []
    for words in calls():
        at = next((n for n, word in enumerate(words) if word in FUNCTIONS), None)
        if at is None:
            assert words == ["STEP", "--help"]
            continue
        called.append(words[at])
        own = words[at:] if "export" not in words else words[at : words.index("export")]
        assert {word for word in words[:at] if word.startswith("--")} <= options[""]
        assert {word for word in own if word.startswith("--")} <= options[words[at]]
    assert set(called) == set(FUNCTIONS)


def test_the_module_says_which_engine_it_is_for() -> None:
    config = json.loads((FOLDER / "dagger.json").read_text(encoding="utf-8"))
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert config["engineVersion"] == f"v{version('dagger-io')}"
    assert project["dependencies"] == [f"dagger-io=={version('dagger-io')}"]
    assert project["name"] == config["name"]
    locked = tomllib.loads((FOLDER / "uv.lock").read_text(encoding="utf-8"))["package"]
    (client,) = [package["version"] for package in locked if package["name"] == "dagger-io"]
    assert config["engineVersion"] == f"v{client}"
