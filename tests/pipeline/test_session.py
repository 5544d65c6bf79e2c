"""The session refuses what the engine refuses: else the other tests here would prove little."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import dagger
import graphql
import httpx
import pytest
from dagger import dag

from tests.pipeline.schema import read
from tests.pipeline.session import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pipeline.session import Server, Session


def ask(engine: Server, query: str, token: str = TOKEN) -> httpx.Response:
    url = f"http://127.0.0.1:{engine.port}/query"
    return httpx.post(url, json={"query": query}, auth=(token, ""), timeout=20)


def errors(engine: Server, query: str) -> list[str]:
    return [error["message"] for error in ask(engine, query).json()["errors"]]


def test_the_schema_is_valid_and_has_all_that_the_client_selects() -> None:
    schema = read()
    assert graphql.validate_schema(schema) == []
    assert str(schema.type_map["Container"].fields["withExec"].args["args"].type) == "[String!]!"
    assert str(schema.type_map["Directory"].fields["dockerBuild"].args["buildArgs"].type) == "[BuildArg!]"
    fields = sum(len(kind.fields) for kind in schema.type_map.values() if graphql.is_object_type(kind))
    assert fields > 700


def test_a_right_query_is_answered(engine: Server, session: Session) -> None:
    query = '{ container { from(address: "debian") { withExec(args: ["make"]) { stdout } } } }'
    said = ask(engine, query).json()
    assert said == {"data": {"container": {"from": {"withExec": {"stdout": "stdout of withExec"}}}}}
    assert [event.command for event in session.events] == [["make"]]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ container { copy { id } } }", "Cannot query field 'copy' on type 'Container'"),
        (
            '{ container { withExec(args: ["make", 1]) { id } } }',
            "String cannot represent a non string value",
        ),
        ("{ container { withExec { id } } }", "of type '[String!]!' is required"),
        ("{ container { withExec(args: [], root: true) { id } } }", "Unknown argument 'root'"),
        ('{ container { withMountedCache(path: "/a", cache: "x", sharing: OPEN) { id } } }', "OPEN"),
        ('{ container { withDirectory(path: "/a", source: "Directory-9") { id } } }', "no object has the id"),
        ("{ container }", "must have a selection of subfields"),
        ("{ container {", "Syntax Error"),
    ],
    ids=["field", "type", "missing", "unknown", "enumeration", "id", "leaf", "syntax"],
)
def test_a_wrong_query_is_refused(engine: Server, session: Session, query: str, message: str) -> None:
    assert message in errors(engine, query)[0]
    assert session.events == []


def test_an_object_of_another_kind_is_refused(engine: Server) -> None:
    file = ask(engine, '{ file(name: "a", contents: "b") { id } }').json()["data"]["file"]["id"]
    query = f'{{ container {{ withDirectory(path: "/a", source: "{file}") {{ id }} }} }}'
    assert errors(engine, query) == [f"{file} is a File, not a Directory"]


def test_a_bad_token_is_refused(engine: Server, session: Session) -> None:
    assert ask(engine, "{ container { id } }", token="guess").status_code == 401
    assert session.bodies == []


def test_the_client_is_refused_with_a_bad_token(
    engine: Server, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGGER_SESSION_TOKEN", "guess")
    with pytest.raises(dagger.ClientConnectionError, match="unauthorized"):
        run(dag.container().id)


def test_the_client_is_told_which_command_failed(session: Session, run: Callable[..., Any]) -> None:
    session.fails = lambda event: event.command == ["false"]
    broken = dag.container().with_exec(["true"]).with_exec(["false"]).with_exec(["later"])
    with pytest.raises(dagger.ExecError) as caught:
        run(broken.sync)
    assert caught.value.command == ["false"]
    assert [event.command for event in session.events] == [["true"]]


def test_what_happened_once_does_not_happen_again(session: Session, run: Callable[..., Any]) -> None:
    built = dag.container().with_exec(["build"])

    async def twice() -> None:
        await built.stdout()
        await built.with_exec(["try"]).stdout()

    run(twice)
    assert [event.command for event in session.events] == [["build"], ["try"]]


def test_nothing_happens_until_it_is_asked_for(session: Session, run: Callable[..., Any]) -> None:
    run(functools.partial(dag.container().with_exec(["build"]).id))
    assert session.events == []
