"""The API of the Dagger engine as a GraphQL schema, read from the client that was generated from it.

dagger/client/gen.py is the API turned into Python: a class for each type, a method for each field, and in it
a list of `Arg(name, value, default)` and a call of `_select(field, …)`. Its syntax tree says all but one
thing: which results may be null.
"""

from __future__ import annotations

import ast
from functools import cache, partial
from pathlib import Path
from typing import TypeAlias

import dagger
import dagger.client.gen
from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
)

Named: TypeAlias = (
    GraphQLScalarType | GraphQLEnumType | GraphQLInputObjectType | GraphQLObjectType | GraphQLInterfaceType
)
OBJECT = "object"
"""The extension of an argument that says whose id it takes."""
PLAIN = {"str": GraphQLString, "int": GraphQLInt, "float": GraphQLFloat, "bool": GraphQLBoolean}


class Reader:
    """The classes of the generated client, by their syntax."""

    def __init__(self, source: str) -> None:
        self._classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
        self._types: dict[str, Named] = {}

    def schema(self) -> GraphQLSchema:
        """All types, with `Query` at the root."""
        interfaces = {cls.name[1:].removesuffix("Client"): cls for cls in self._classes if is_interface(cls)}
        for name, cls in interfaces.items():
            self._types[name] = GraphQLInterfaceType(name, partial(self._fields, cls))
        for cls in self._classes:
            match [base.id for base in cls.bases if isinstance(base, ast.Name)]:
                case ["Scalar"]:
                    self._types[cls.name] = GraphQLScalarType(cls.name)
                case ["Enum"]:
                    self._types[cls.name] = GraphQLEnumType(cls.name, {name: name for name in members(cls)})
                case ["Input"]:
                    self._types[cls.name] = GraphQLInputObjectType(cls.name, partial(self._inputs, cls))
                case ["Type" | "Root"] if not is_interface(cls):
                    self._types[cls.name] = self._object(cls, interfaces)
        root = self._types["Query"]
        assert isinstance(root, GraphQLObjectType)
        return GraphQLSchema(root, types=list(self._types.values()))

    def _inputs(self, cls: ast.ClassDef) -> dict[str, GraphQLInputField]:
        return {
            item.target.id: GraphQLInputField(self._taken(item.annotation, required=item.value is None))
            for item in cls.body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        }

    def _object(self, cls: ast.ClassDef, interfaces: dict[str, ast.ClassDef]) -> GraphQLObjectType:
        own = {method.name for method in functions(cls)}
        kept = [
            self._types[name]
            for name, promised in interfaces.items()
            if {method.name for method in functions(promised) if method.name[0] != "_"} <= own
        ]
        implemented = [kind for kind in kept if isinstance(kind, GraphQLInterfaceType)]
        return GraphQLObjectType(cls.name, partial(self._fields, cls), interfaces=implemented)

    def _fields(self, cls: ast.ClassDef) -> dict[str, GraphQLField]:
        owner = cls.name[1:].removesuffix("Client") if is_interface(cls) else cls.name
        return dict(filter(None, (self._field(owner, method) for method in functions(cls))))

    def _field(
        self, owner: str, method: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> tuple[str, GraphQLField] | None:
        selected = [call for call in calls(method, "_select") if isinstance(call.args[0], ast.Constant)]
        forced = calls(method, "execute_sync")
        if forced:
            name = str(ast.literal_eval(forced[0].args[1]))
            given = GraphQLNonNull(GraphQLID)
        elif selected:
            name = str(ast.literal_eval(selected[0].args[0]))
            assert method.returns is not None
            given = GraphQLNonNull(GraphQLID) if name == "id" else self._given(method.returns, owner)
        else:  # with_(callback) is Python's own
            return None
        hints = {arg.arg: arg.annotation for arg in [*method.args.args, *method.args.kwonlyargs]}
        arguments = {}
        for call in calls(method, "Arg"):
            value = call.args[1]
            parameter = value.orelse if isinstance(value, ast.IfExp) else value
            assert isinstance(parameter, ast.Name)
            hint = hints[parameter.id]
            assert hint is not None
            taken = self._taken(hint, required=len(call.args) == 2)
            kind = spelled(hint)[0]
            extensions = {OBJECT: owner if kind == "Self" else kind}
            arguments[str(ast.literal_eval(call.args[0]))] = GraphQLArgument(taken, extensions=extensions)
        return name, GraphQLField(given, arguments)

    def _given(self, hint: ast.expr, owner: str) -> GraphQLNonNull[Named]:
        name, is_list = spelled(hint)
        if name == "Self":
            name = owner
        kind = PLAIN.get(name) or self._types[name]
        return GraphQLNonNull(GraphQLList(GraphQLNonNull(kind)) if is_list else kind)

    def _taken(self, hint: ast.expr, *, required: bool) -> GraphQLNonNull[Named] | Named:
        name, is_list = spelled(hint)
        kind = PLAIN.get(name) or self._types.get(name, GraphQLID)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            kind = GraphQLID  # objects are handed over by their ids
        taken = GraphQLList(GraphQLNonNull(kind)) if is_list else kind
        return GraphQLNonNull(taken) if required else taken


def is_interface(cls: ast.ClassDef) -> bool:
    """Whether a class stands for an interface: `_NodeClient` for `Node`."""
    return cls.name.startswith("_") and cls.name.endswith("Client")


def functions(cls: ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The methods of a class."""
    return [item for item in cls.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]


def calls(method: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> list[ast.Call]:
    """Calls in a method of a function, or of something's method, of that name."""
    found = [node for node in ast.walk(method) if isinstance(node, ast.Call)]
    return [call for call in found if getattr(call.func, "attr", getattr(call.func, "id", "")) == name]


def members(cls: ast.ClassDef) -> list[str]:
    """The names of an enumeration, without those that are others' second names."""
    seen: dict[str, str] = {}
    for item in cls.body:
        if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
            seen.setdefault(str(ast.literal_eval(item.value)), item.targets[0].id)
    return list(seen.values())


def spelled(hint: ast.expr) -> tuple[str, bool]:
    """The type that an annotation names, without `| None`, and whether it is a list of that."""
    text = ast.unparse(hint).strip("'\"").removesuffix("| None").strip()
    inner = text.removeprefix("list[")
    return inner.removesuffix("]").strip("'\""), inner != text


@cache
def read() -> GraphQLSchema:
    """The API of the installed client."""
    return Reader(Path(dagger.client.gen.__file__).read_text(encoding="utf-8")).schema()
