"""The sandbox: one DuckDB of bounded memory, filled with named tables and then locked."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final, Protocol

import duckdb

from pressroom.errors import DefinitionError, QueryFailed
from pressroom.sources.engine_errors import first_line, of_machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pressroom.sources.stop import Stop

_STREAM: Final = "arrow_stream"


class ArrowStream(Protocol):
    """Anything that speaks the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The stream, once."""


class Sandbox:
    """DuckDB in memory, spilling to the folder `spill` beyond `memory_limit_bytes`; 0 threads: all cores.

    What comes from outside is added before `lock`; after it, SQL sees that, what was made of it, the files
    named there and nothing else.
    """

    def __init__(
        self, *, threads: int, memory_limit_bytes: int, spill: Path, time_zone: str | None, stop: Stop
    ) -> None:
        spill.mkdir(parents=True, exist_ok=True)
        self.connection = duckdb.connect(":memory:")
        self.stop = stop
        self.spill = spill
        self.memory_limit_bytes = memory_limit_bytes
        for name, value in (
            ("memory_limit", literal(f"{memory_limit_bytes}B")),
            # A folder of its own: its SQL can read the files there, and beside it lie the job's others.
            ("temp_directory", literal(str(spill / "sql"))),
            ("threads", str(threads)) if threads > 0 else ("threads", "DEFAULT"),
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
            ("python_enable_replacements", "false"),
            ("allow_persistent_secrets", "false"),
            # Kept for `progress`, not shown.
            ("enable_progress_bar", "true"),
            ("enable_progress_bar_print", "false"),
        ):
            self.connection.execute(f"SET {name} = {value}")
        try:
            self.connection.execute(f"SET TimeZone = {literal(time_zone or 'UTC')}")
        except duckdb.Error as e:
            self.close()
            raise DefinitionError(f"report.yaml: time_zone: {first_line(e)}") from None

    def close(self) -> None:
        """Forget everything; a stream that is still read fails."""
        self.connection.close()

    def execute(self, sql: str) -> None:
        """Run a statement of ours.

        Raises a `PressroomError` when it is the machine's fault or was cancelled; otherwise DuckDB's error,
        for the caller to say whose it is.
        """
        with self.stop.reaches(self.interrupt):
            try:
                self.connection.execute(sql)
            except duckdb.Error as e:
                if failure := of_machine(e):
                    raise failure from None
                raise

    def add(self, name: str, stream: ArrowStream) -> None:
        """Make `stream` the table `name`: batch by batch, spilled when it is larger than memory."""
        with self._registered(stream):
            self.execute(f"CREATE TABLE {quoted(name)} AS FROM {_STREAM}")

    def append(self, name: str, stream: ArrowStream) -> None:
        """Add the rows of `stream`, whose columns are the table's, to the table `name`."""
        with self._registered(stream):
            self.execute(f"INSERT INTO {quoted(name)} FROM {_STREAM}")

    def columns(self, name: str) -> dict[str, str]:
        """The types of a table's columns by their names, in order."""
        table = self.connection.table(quoted(name))
        return {c: str(kind) for c, kind in zip(table.columns, table.types, strict=True)}

    def lock(self, readable: Sequence[Path]) -> None:
        """Shut the sandbox: from here on only the files `readable` and its own spill can be touched."""
        paths = ", ".join(literal(str(path.resolve())) for path in readable)
        try:
            self.execute(f"SET allowed_paths = [{paths}]")
            self.execute("SET enable_external_access = false")
            self.execute("SET lock_configuration = true")
        except duckdb.Error as e:
            raise QueryFailed(first_line(e)) from None

    def interrupt(self) -> None:
        """Stop the query that is running; may be called from any thread."""
        # A job may be cancelled just when its source is closed.
        with contextlib.suppress(duckdb.ConnectionException):
            self.connection.interrupt()

    def progress(self) -> float | None:
        """How much of the running query is done, from 0 to 1, where DuckDB can tell.

        May be called from any thread.
        """
        # A job may be looked at just when its source is closed.
        with contextlib.suppress(duckdb.ConnectionException):
            percent = self.connection.query_progress()
            return percent / 100 if 0 <= percent <= 100 else None
        return None

    @contextlib.contextmanager
    def _registered(self, stream: ArrowStream) -> Iterator[None]:
        self.connection.register(_STREAM, stream)
        try:
            yield
        finally:
            self.connection.unregister(_STREAM)


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
