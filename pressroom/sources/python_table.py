"""A Python function of a report as a table: loaded from its folder, run, its errors named by its line.

    def entries(parameters):
        yield arro3.core.RecordBatch...

It gets the job's parameters as a dict and returns anything that speaks Arrow's PyCapsule interface (a table
of pyarrow, Polars or arro3, a DuckDB relation), or yields batches of the same columns, read one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import duckdb
from arro3.core import RecordBatch, RecordBatchReader, Schema

from pressroom.errors import PressroomError, SourceFailed
from pressroom.report_code import load_function, place_of, said, shown
from pressroom.sources.column_names import named_once
from pressroom.sources.engine_errors import of_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pressroom.definition import ParameterValue, PythonTable
    from pressroom.sources.sandbox import Sandbox

_WANTED: Final = "return an Arrow table or stream, or yield Arrow batches"
_ALIKE: Final = "all batches have the columns of the first, which may hold no rows"


def add_python(
    sandbox: Sandbox, name: str, table: PythonTable, folder: Path, parameters: Mapping[str, ParameterValue]
) -> None:
    """Make what the function returns the sandbox's table `name`.

    Raises `SourceFailed` that names the file in `folder` and its line.
    """
    module, _, function = table.python.partition(":")
    path = folder / f"{module}.py"
    where = f"{shown(path)}: {function}"
    try:
        _add_all(sandbox, name, where, _streams(_load(path, function)(dict(parameters)), where))
    except PressroomError:
        raise
    # A user's code may raise anything, and leave too; every kind becomes one error.
    except (Exception, SystemExit) as error:
        raise _failed(path, function, error) from error


def _add_all(sandbox: Sandbox, name: str, where: str, streams: Iterator[RecordBatchReader]) -> None:
    known: Schema | None = None
    for reader in streams:
        sandbox.stop.check()
        if known is None:
            known = reader.schema
            named_once(where, known.names, SourceFailed)
            sandbox.add(name, reader)
        elif reader.schema.equals(known):
            sandbox.append(name, reader)
        else:
            raise SourceFailed(
                f"{where}: a batch has {_columns(reader.schema)} after one with {_columns(known)}",
                hint=_ALIKE,
            )
    if known is None:
        raise SourceFailed(f"{where}: yielded no batch", hint=_ALIKE)


def _load(path: Path, function: str) -> Callable[..., object]:
    if not path.is_file():
        raise SourceFailed(f"{shown(path)}: no such file", hint="it stands beside report.yaml")
    found = load_function(path, function)
    if found is None:
        raise SourceFailed(f"{shown(path)}:1: it defines no {function}(parameters)")
    return found


def _streams(returned: object, where: str) -> Iterator[RecordBatchReader]:
    if (one := _as_stream(returned)) is not None:
        yield one
        return
    if isinstance(returned, str | bytes | dict) or not hasattr(returned, "__iter__"):
        raise SourceFailed(f"{where}: returned {_kind(returned)}, which is no Arrow stream", hint=_WANTED)
    for batch in returned:
        if (one := _as_stream(batch)) is None:
            raise SourceFailed(f"{where}: gave {_kind(batch)} where a batch was expected", hint=_WANTED)
        yield one


def _as_stream(value: object) -> RecordBatchReader | None:
    """The stream of a value and nothing else: DuckDB would look into its own kinds of table."""
    if hasattr(value, "__arrow_c_stream__"):
        return RecordBatchReader.from_stream(value)
    if hasattr(value, "__arrow_c_array__"):
        batch = RecordBatch.from_arrow(value)
        return RecordBatchReader.from_batches(batch.schema, [batch])
    return None


def _kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _columns(schema: Schema) -> str:
    kinds = (str(kind).removeprefix("arro3.core.DataType<").removesuffix(">\n") for kind in schema.types)
    return ", ".join(f"{name} {kind}" for name, kind in zip(schema.names, kinds, strict=True))


def _failed(path: Path, function: str, error: Exception | SystemExit) -> SourceFailed:
    where = place_of(path, error)
    if isinstance(error, duckdb.Error):
        # A query of its own failed there, or what it returned failed while it was read.
        within = where if where != shown(path) else f"{where}: {function}"
        return SourceFailed(f"{within}: {of_stream(error)}")
    return SourceFailed(f"{where}: {said(error)}")
