"""The session: the engine's HTTP on loopback, queries checked against the schema, objects that are history.

An object of the API is a `Node`: the field that gave it, that field's arguments, and the node before it.
Nothing happens until a field without an object is asked for (`sync`, `stdout`, `publish`); then everything
the node came from happens in order, once, and is noted as an `Event`. No container is ever started.
"""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import graphql
from graphql import GraphQLError

from tests.pipeline.schema import OBJECT, read

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = "token-of-this-session"
HAPPENS = {"withExec", "dockerBuild", "asService", "publish"}
RULES = [rule for rule in graphql.specified_rules if rule is not graphql.PossibleFragmentSpreadsRule]
"""The engine relaxes that one too."""


@dataclass(frozen=True, eq=False)
class Node:
    """An object of the API, by how it came about; a session makes one for all that came about alike."""

    kind: str
    before: Node | None
    field: str
    arguments: tuple[tuple[str, Any], ...]

    def history(self) -> list[Node]:
        """What it came from, the first first."""
        return [*(self.before.history() if self.before else []), self]

    def argument(self, name: str) -> Any:
        """What the field was given, or None."""
        return dict(self.arguments).get(name)


@dataclass(frozen=True)
class Event:
    """Something that the engine would do, and the object it would do it to."""

    name: str
    arguments: dict[str, Any]
    to: Node

    @property
    def command(self) -> list[str]:
        """The program and its arguments."""
        return list(self.arguments.get("args", ()))

    @property
    def brief(self) -> str:
        """It in a word or two: `make lint`, `submit`, `publish`."""
        match self.command:
            case ["make", "settle", *goals]:
                return " ".join(["make", *goals])
            case [program, *_] if self.name == "withExec":
                return program
        return self.name

    def given(self, name: str) -> dict[str, Node]:
        """The steps of that name that made the object, by their first argument."""
        return {str(node.arguments[0][1]): node for node in self.to.history() if node.field == name}


@dataclass
class Session:
    """A running session; `events` is what the engine would have done so far."""

    events: list[Event] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    fails: Callable[[Event], bool] = lambda _: False
    _nodes: dict[str, Node] = field(default_factory=dict)
    _made: dict[tuple[Any, ...], Node] = field(default_factory=dict)
    _ids: dict[Node, str] = field(default_factory=dict)
    _done: set[Node] = field(default_factory=set)

    def answer(self, body: str) -> dict[str, Any]:
        """The response to a request's JSON."""
        self.bodies.append(body)
        asked = json.loads(body)
        if "__schema" in asked["query"]:
            return introspected(asked["query"])
        try:
            document = graphql.parse(asked["query"])
        except GraphQLError as error:
            return {"errors": [error.formatted]}
        if wrong := graphql.validate(read(), document, RULES):
            return {"errors": [error.formatted for error in wrong]}
        done = graphql.execute_sync(
            read(),
            document,
            variable_values=asked.get("variables"),
            field_resolver=self._resolve,
            type_resolver=lambda node, *_: node.kind,
        )
        return dict(done.formatted)

    def objects(self, kind: str) -> list[Node]:
        """The objects of a kind whose ids the client knows."""
        return [node for node in self._nodes.values() if node.kind == kind]

    def _resolve(self, before: Node | None, info: graphql.GraphQLResolveInfo, **given: Any) -> Any:
        if info.field_name == "node" or info.field_name.endswith("FromID"):
            return self._node(given["id"], "Type")
        field = info.parent_type.fields[info.field_name]
        arguments = {
            name: self._objects(value, field.args[name].extensions[OBJECT])
            if graphql.get_named_type(field.args[name].type) is graphql.GraphQLID
            else frozen(value)
            for name, value in given.items()
        }
        result = graphql.get_named_type(field.type)
        if graphql.is_object_type(result) and not graphql.is_list_type(graphql.get_nullable_type(field.type)):
            way = (result.name, before, info.field_name, tuple(arguments.items()))
            return self._made.setdefault(way, Node(*way))
        assert before is not None
        if info.field_name == "id":
            return self._id(before)
        self._happen(before)
        if info.field_name in HAPPENS:
            self._note(Event(info.field_name, arguments, before))
        return self._leaf(before, info.field_name, arguments, result)

    def _leaf(
        self, before: Node, field: str, arguments: dict[str, Any], result: graphql.GraphQLNamedType
    ) -> Any:
        if result is graphql.GraphQLID:
            return self._id(before)
        if field == "publish":
            return f"{arguments['address']}@sha256:{'0' * 64}"
        return {"String": f"{field} of {before.field}", "Int": 0, "Boolean": True}[result.name]

    def _happen(self, node: Node) -> None:
        if node in self._done:
            return
        if node.before is not None:
            self._happen(node.before)
        for _, value in node.arguments:
            for argument in value if isinstance(value, tuple) else (value,):
                if isinstance(argument, Node):
                    self._happen(argument)
        if node.field in HAPPENS and node.before is not None:
            self._note(Event(node.field, dict(node.arguments), node.before))
        self._done.add(node)

    def _note(self, event: Event) -> None:
        if self.fails(event):
            command = event.command or [event.name]
            message = f"process {' '.join(command)!r} did not complete successfully: exit code: 1"
            told = {"_type": "EXEC_ERROR", "cmd": command, "exitCode": 1, "stdout": "", "stderr": ""}
            raise GraphQLError(message, extensions=told)
        self.events.append(event)

    def _objects(self, value: Any, kind: str) -> Any:
        if isinstance(value, list):
            return tuple(self._node(one, kind) for one in value)
        return self._node(value, kind)

    def _node(self, name: str, kind: str) -> Node:
        if name not in self._nodes:
            raise GraphQLError(f"no object has the id {name}")
        node = self._nodes[name]
        if kind not in ("Type", node.kind):
            raise GraphQLError(f"{name} is a {node.kind}, not a {kind}")
        return node

    def _id(self, node: Node) -> str:
        name = self._ids.setdefault(node, f"{node.kind}-{len(self._ids)}")
        self._nodes[name] = node
        return name


@cache
def introspected(query: str) -> dict[str, Any]:
    """What the client reads first, each time it connects."""
    return dict(graphql.graphql_sync(read(), query).formatted)


def frozen(value: Any) -> Any:
    """The same as hashable values."""
    if isinstance(value, list):
        return tuple(frozen(one) for one in value)
    return tuple(value.items()) if isinstance(value, dict) else value


class Server:
    """The session's HTTP server, on a port of its own."""

    def __init__(self, session: Session) -> None:
        lock = threading.Lock()
        wanted = "Basic " + base64.b64encode(f"{TOKEN}:".encode()).decode()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if self.headers.get("Authorization") != wanted or self.path != "/query":
                    return self._send(401, {"errors": [{"message": "unauthorized"}]})
                with lock:
                    return self._send(200, session.answer(body))

            def _send(self, status: int, answer: dict[str, Any]) -> None:
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Say nothing of each request."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
