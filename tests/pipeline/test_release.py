"""Publishing and releasing: what is pushed, with which secret, and what comes before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagger
import pytest

from tests.pipeline.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from pressroom_pipeline import PressroomPipeline

    from tests.pipeline.session import Session

REPOSITORY = "registry.example.com/team/pressroom"
STEPS = ["make lint", "make test", "make wheels", "make scan", "dockerBuild", "submit", "publish"]


def test_publish_pushes_one_image_under_every_tag(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline, password: dagger.Secret
) -> None:
    tags = ["0.1.0", "latest"]
    addresses = run(lambda: pipeline.publish(REPOSITORY, "press", password, tags))
    assert [address.split("@")[0] for address in addresses] == [f"{REPOSITORY}:{tag}" for tag in tags]
    assert [event.brief for event in session.events] == ["dockerBuild", "publish", "publish"]
    auth = session.events[-1].given("withRegistryAuth")[REPOSITORY]
    assert auth.argument("username") == "press"
    assert auth.argument("secret").argument("uri") == "env://REGISTRY_PASSWORD"


def test_publish_pushes_all_platforms_as_one(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline, password: dagger.Secret
) -> None:
    platforms = [dagger.Platform("linux/amd64"), dagger.Platform("linux/arm64")]
    run(lambda: pipeline.publish(REPOSITORY, "press", password, ["1"], platforms))
    pushed = session.events[-1]
    others = pushed.arguments["platformVariants"]
    assert pushed.to.history()[-2].argument("platform") == "linux/amd64"
    assert [node.argument("platform") for node in others] == ["linux/arm64"]


def test_the_password_is_in_no_query(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline, password: dagger.Secret
) -> None:
    run(lambda: pipeline.release(REPOSITORY, "press", password, ["1"]))
    assert session.bodies
    assert not [body for body in session.bodies if PASSWORD in body]


@pytest.mark.parametrize(
    ("repository", "tags", "message"),
    [
        (REPOSITORY, [], "tags: none is given"),
        (f"{REPOSITORY}:1", ["2"], "repository: .* has a tag"),
        (f"{REPOSITORY}@sha256:0", ["2"], "repository: .* has a tag"),
    ],
)
def test_publish_refuses_what_it_could_not_push(
    session: Session,
    run: Callable[..., Any],
    pipeline: PressroomPipeline,
    password: dagger.Secret,
    repository: str,
    tags: list[str],
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        run(lambda: pipeline.publish(repository, "press", password, tags))
    assert session.events == []


def test_a_registry_with_a_port_has_no_tag(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline, password: dagger.Secret
) -> None:
    (address,) = run(lambda: pipeline.publish("localhost:5000/pressroom", "press", password, ["1"]))
    assert address.startswith("localhost:5000/pressroom:1@")


def test_a_release_takes_every_step_in_order_and_pushes_last(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline, password: dagger.Secret
) -> None:
    run(lambda: pipeline.release(REPOSITORY, "press", password, ["1"]))
    done = [event.brief for event in session.events]
    assert [step for step in done if step in STEPS] == STEPS


@pytest.mark.parametrize("failing", STEPS[:-1])
def test_a_release_ends_at_the_first_step_that_fails(
    session: Session,
    run: Callable[..., Any],
    pipeline: PressroomPipeline,
    password: dagger.Secret,
    failing: str,
) -> None:
    session.fails = lambda event: event.brief == failing
    with pytest.raises(dagger.ExecError):
        run(lambda: pipeline.release(REPOSITORY, "press", password, ["1"]))
    done = [event.brief for event in session.events]
    assert [step for step in done if step in STEPS] == STEPS[: STEPS.index(failing)]
