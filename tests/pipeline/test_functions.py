"""Every function of the pipeline in the session: what would run, in what, with which caches and secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagger
import pytest
from dagger import dag
from pressroom_pipeline import PressroomPipeline
from pressroom_pipeline.pipeline import BASE_IMAGE, RUST_IMAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pipeline.session import Event, Session


def made(session: Session) -> list[list[str]]:
    """What make was asked for, in order."""
    return [event.command[1:] for event in session.events if event.command[:1] == ["make"]]


def the_make(session: Session) -> Event:
    (event,) = [event for event in session.events if event.command[:1] == ["make"]]
    return event


def test_lint_is_makes(session: Session, run: Callable[..., Any], pipeline: PressroomPipeline) -> None:
    assert run(pipeline.lint) == "stdout of withExec"
    assert made(session) == [["settle", "lint"]]
    assert not the_make(session).arguments.get("insecureRootCapabilities")


def test_test_is_makes_with_the_right_to_mount_disks_and_no_service(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline
) -> None:
    run(pipeline.test)
    assert made(session) == [["settle", "test"]]
    assert the_make(session).arguments["insecureRootCapabilities"] is True
    assert the_make(session).given("withServiceBinding") == {}


def test_make_runs_in_rust_on_debian_with_the_source(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline
) -> None:
    run(pipeline.lint)
    event = the_make(session)
    assert set(event.given("from")) == {RUST_IMAGE}
    source = event.given("withDirectory")["/src"].argument("source")
    assert [node.field for node in source.history()] == ["host", "directory"]
    assert event.given("withWorkdir").keys() == {"/src"}
    commands = [event.command for event in session.events]
    assert commands[:2] == [["rm", "-f", "/etc/apt/apt.conf.d/docker-clean"], ["apt-get", "update", "-qq"]]
    assert {"git", "make", "python3", "python3-venv"} <= set(commands[2])
    assert commands[3:] == [["rustup", "component", "add", "clippy", "rustfmt"], ["make", "settle", "lint"]]


def test_make_has_the_caches_of_cargo_uv_and_apt(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline
) -> None:
    run(pipeline.lint)
    event = the_make(session)
    caches = event.given("withMountedCache")
    assert caches.keys() == {
        "/usr/local/cargo/registry",
        "/usr/local/cargo/git",
        "/var/cache/target",
        "/var/cache/uv",
        "/var/cache/pressroom",
        "/var/cache/apt",
        "/var/lib/apt/lists",
    }
    volumes = {path: node.argument("cache").argument("key") for path, node in caches.items()}
    assert len(set(volumes.values())) == len(volumes)
    locked = {path for path, node in caches.items() if node.argument("sharing") == "LOCKED"}
    assert {"/var/cache/target", "/var/cache/apt", "/var/lib/apt/lists"} <= locked
    environment = {name: node.argument("value") for name, node in event.given("withEnvVariable").items()}
    assert environment["CARGO_TARGET_DIR"] == "/var/cache/target"
    assert environment["HOME"] == "/root"


def test_the_caches_of_apt_are_there_before_apt(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline
) -> None:
    run(pipeline.lint)
    update = next(event for event in session.events if event.command[:1] == ["apt-get"])
    assert update.given("withMountedCache").keys() == {"/var/cache/apt", "/var/lib/apt/lists"}


def test_what_is_installed_does_not_depend_on_the_source(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline
) -> None:
    run(pipeline.lint)
    for event in session.events[:-1]:
        assert event.given("withDirectory") == {}


def test_wheels_are_a_folder_of_wheels(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline
) -> None:
    run(pipeline.wheels().sync)
    assert made(session) == [["settle", "wheels"]]
    *_, folder, wheels = session.objects("Directory")[-1].history()
    assert (folder.field, folder.argument("path")) == ("directory", "/src/out/wheels")
    assert (wheels.field, wheels.argument("include")) == ("filter", ("*.whl",))


@pytest.mark.parametrize(("accept", "goals"), [(False, ["scan"]), (True, ["scan", "OFFLINE=1"])])
def test_scan_takes_no_answer_for_one_only_when_told(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline, accept: bool, goals: list[str]
) -> None:
    run(pipeline.scan(accept).sync)
    assert made(session) == [["settle", *goals]]
    assert "SCANNED_AT" in the_make(session).given("withEnvVariable")


def test_the_image_is_the_dockerfiles(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline
) -> None:
    run(pipeline.image(dagger.Platform("linux/arm64"), "wheel").sync)
    (event,) = session.events
    assert event.name == "dockerBuild"
    assert event.arguments["buildArgs"] == (
        (("name", "BASE_IMAGE"), ("value", BASE_IMAGE)),
        (("name", "RUST_IMAGE"), ("value", RUST_IMAGE)),
        (("name", "REVISION"), ("value", "unknown")),
    )
    assert (event.arguments["platform"], event.arguments["target"]) == ("linux/arm64", "wheel")
    assert event.to.argument("path") == "/checkout"


def test_the_image_stands_on_what_the_caller_says(session: Session, run: Callable[..., Any]) -> None:
    mirror = {"rust_image": "mirror.example.com/rust:1", "base_image": "mirror.example.com/python:3"}
    pipeline = PressroomPipeline(source=dag.host().directory("/checkout"), revision="0123abc", **mirror)
    run(pipeline.image().sync)
    run(pipeline.lint)
    given = [dict(pair)["value"] for pair in session.events[0].arguments["buildArgs"]]
    assert given == ["mirror.example.com/python:3", "mirror.example.com/rust:1", "0123abc"]
    assert set(session.events[-1].given("from")) == {"mirror.example.com/rust:1"}


def test_smoke_prints_from_a_press_beside_redis_and_postgres(
    session: Session, run: Callable[..., Any], pipeline: PressroomPipeline
) -> None:
    run(pipeline.smoke().sync)
    assert [event.brief for event in session.events] == [
        "dockerBuild",
        "asService",
        "asService",
        "asService",
        "submit",
    ]
    press = session.events[3]
    assert press.command == ["up"]
    assert press.arguments["useEntrypoint"] is True
    bound = {name: node.argument("service") for name, node in press.given("withServiceBinding").items()}
    images = {name: next(iter(made_from(service))) for name, service in bound.items()}
    assert images == {"redis": "redis:7.2-bookworm", "postgres": "postgres:17-bookworm"}
    environment = {name: node.argument("value") for name, node in press.given("withEnvVariable").items()}
    assert environment["PRESSROOM_REDIS_URL"] == "redis://redis/0"
    assert environment["PRESSROOM_DATABASE_URL"] == "postgresql+psycopg://pressroom@postgres/pressroom"
    client = session.events[4]
    assert client.given("withServiceBinding").keys() == {"press"}
    assert client.command[:2] == ["submit", "hello"]
    assert client.arguments["useEntrypoint"] is True


def made_from(service: Any) -> list[str]:
    return [node.argument("address") for node in service.history() if node.field == "from"]
