"""The source: a job's datasets and a report's SQL become one ordered Arrow stream, in DuckDB's sandbox."""

from __future__ import annotations

import contextlib
import csv
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self, cast

import duckdb

from pressroom.csv_types import read_as_text, settle
from pressroom.errors import (
    BadData,
    BadRequest,
    DefinitionError,
    JobCancelled,
    LimitExceeded,
    PressroomError,
    QueryFailed,
    StorageFull,
)
from rust_core import CoreError, read_ipc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from pressroom.definition import ParameterValue, ReportDefinition
    from rust_core._rust_core import ArrowStream

Format = Literal["csv", "parquet", "json", "arrow"]
"""What a dataset's file may be: CSV, Parquet, JSON lines, Arrow IPC (file or stream)."""

MAX_COLUMNS: Final = 16_384
"""Columns of a worksheet (ECMA-376): a dataset with more can't be printed."""

_HEAD_BYTES: Final = 65_536
_CSV_LINE: Final = re.compile(r"CSV Error on Line: (\d+)")
_JSON_LINE: Final = re.compile(r"at byte \d+ in line (\d+)")
_DELIMITERS: Final = (",", ";", "\t", "|")
_EXTENSIONS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
_FORMAT_NAMES: Final[dict[Format, str]] = {
    "csv": "CSV",
    "parquet": "Parquet",
    "json": "JSON lines",
    "arrow": "Arrow IPC",
}
_OTHER_MAGIC: Final = (
    (b"PK\x03\x04", "a ZIP archive or an XLSX workbook"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A file of rows and the name that the SQL knows it by."""

    name: str
    path: Path
    format: str
    title: str | None = None
    """What its owner calls the file; the path's own name where there is no other."""

    @property
    def shown(self) -> str:
        """The file as errors name it."""
        return self.title or self.path.name


def detect_format(path: Path, name: str | None = None) -> Format:
    """Tell a file's format by its content; `name` is the name its owner gave it (default: the path's).

    Raises `BadData` for an empty file, for a format Pressroom does not read, and for a content that is not
    what the name's ending says.
    """
    shown = name or path.name
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(max(0, path.stat().st_size - 4))
            tail = file.read(4)
    except OSError as e:
        raise BadData(f"{shown}: can't be read: {e.strerror}") from None
    found = _by_content(shown, head, tail)
    said = _EXTENSIONS.get(Path(shown).suffix.lower())
    if said is not None and said != found:
        raise BadData(
            f"{shown}: is named as {_FORMAT_NAMES[said]}, but its content is {_FORMAT_NAMES[found]}",
            hint="rename it, or send the file that was meant",
        )
    return found


def _by_content(shown: str, head: bytes, tail: bytes) -> Format:
    if not head.strip():
        raise BadData(f"{shown}: is empty", hint="a dataset has at least a line of column names and a row")
    if head.startswith(b"PAR1"):
        if tail != b"PAR1":
            raise BadData(f"{shown}: a Parquet file that is cut short", hint="send it again")
        return "parquet"
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "arrow"
    for magic, what in _OTHER_MAGIC:
        if head.startswith(magic):
            raise BadData(
                f"{shown}: is {what}", hint="datasets are CSV in UTF-8, Parquet, JSON lines or Arrow IPC"
            )
    if b"\0" in head:
        raise BadData(f"{shown}: is binary, and no format that is known here")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return "json"
    if text.startswith(b"["):
        raise BadData(
            f"{shown}: is a JSON array", hint="JSON lines is one object per line, without the brackets"
        )
    return "csv"


class Source:
    """A report's rows, ordered by its groups and then its order; a context manager that holds the database.

    `threads` and `memory_limit_bytes` bound the SQL engine, which spills to the folder `spill` beyond that.
    """

    def __init__(
        self,
        definition: ReportDefinition,
        datasets: Sequence[Dataset],
        parameters: Mapping[str, ParameterValue],
        *,
        threads: int,
        memory_limit_bytes: int,
        spill: Path,
    ) -> None:
        if not datasets:
            raise BadRequest("a report needs at least one dataset")
        names = [dataset.name for dataset in datasets]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadRequest(f"more than one dataset is named {', '.join(twice)}")
        self._definition = definition
        self._datasets = tuple(datasets)
        self._parameters = dict(parameters)
        spill.mkdir(parents=True, exist_ok=True)
        self._connection = duckdb.connect(":memory:")
        for name, value in (
            ("memory_limit", _literal(f"{memory_limit_bytes}B")),
            ("temp_directory", _literal(str(spill))),
            ("threads", str(threads)) if threads > 0 else ("threads", "DEFAULT"),
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
            ("python_enable_replacements", "false"),
        ):
            self._connection.execute(f"SET {name} = {value}")
        try:
            self._connection.execute(f"SET TimeZone = {_literal(definition.time_zone or 'UTC')}")
        except duckdb.Error as e:
            self._connection.close()
            raise DefinitionError(f"report.yaml: time_zone: {_first_line(e)}") from None
        self._relation: duckdb.DuckDBPyRelation | None = None

    def __enter__(self) -> Self:
        """Read the datasets, lock the sandbox, bind the SQL.

        Raises `BadData`, `QueryFailed` and `DefinitionError`.
        """
        try:
            for dataset in self._datasets:
                self._add(dataset)
            if all(dataset.name != "dataset" for dataset in self._datasets):
                self._run(f"CREATE VIEW dataset AS FROM {_quoted(self._datasets[0].name)}")
            self._lock()
            self._relation = self._bind()
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database; a stream that is still read fails."""
        self._relation = None
        self._connection.close()

    @property
    def fields(self) -> list[str]:
        """Names of the SQL's columns, in its order."""
        return list(self._bound.columns)

    def stream(self) -> ArrowStream:
        """The ordered rows; each call of its `__arrow_c_stream__` runs the query."""
        definition = self._definition
        fields = [*(group.field for group in definition.groups), *definition.order]
        if unknown := [field for field in fields if field not in self.fields]:
            raise DefinitionError(
                f"report.yaml: unknown field {unknown[0]!r} to order by",
                hint=f"the SQL gives: {', '.join(self.fields)}",
            )
        relation = self._bound
        if fields:
            relation = relation.order(
                ", ".join(f"{_quoted(field)} ASC NULLS LAST" for field in dict.fromkeys(fields))
            )
        # A relation has `__arrow_c_stream__`; DuckDB's stubs leave it out.
        return cast("ArrowStream", relation)

    def interrupt(self) -> None:
        """Stop the query that is running; may be called from any thread."""
        # A job may be cancelled just when its source is closed.
        with contextlib.suppress(duckdb.ConnectionException):
            self._connection.interrupt()

    def progress(self) -> float | None:
        """How much of the running query is done, from 0 to 1, where DuckDB can tell."""
        percent = self._connection.query_progress()
        return percent / 100 if 0 <= percent <= 100 else None

    def failure(self, error: Exception) -> PressroomError:
        """What an error that came out of the stream (as text, through the core) means to a person."""
        return _query_failed(
            str(error).removeprefix("reading rows: ").removeprefix("C Data interface error: ")
        )

    @property
    def _bound(self) -> duckdb.DuckDBPyRelation:
        if self._relation is None:
            raise RuntimeError("a Source is a context manager: enter it first")
        return self._relation

    def _run(self, sql: str) -> None:
        try:
            self._connection.execute(sql)
        except duckdb.Error as e:
            raise _translated(e) or QueryFailed(_first_line(e)) from None

    def _add(self, dataset: Dataset) -> None:
        """Make the dataset a table (or, for Parquet, which DuckDB reads in place, a view)."""
        name, path = _quoted(dataset.name), _literal(str(dataset.path))
        match dataset.format:
            case "csv":
                self._read_csv(dataset)
            case "json":
                reader = f"read_json({path}, format='newline_delimited', auto_detect=true, sample_size=-1)"
                self._create(dataset, f"CREATE TABLE {name} AS FROM {reader}")
                self._unwrap_json(name)
            case "parquet":
                self._create(dataset, f"CREATE VIEW {name} AS FROM read_parquet({path})")
            case "arrow":
                try:
                    self._connection.register("arrow_ipc", read_ipc(str(dataset.path)))
                except CoreError as e:
                    raise BadData(f"{dataset.name}: {e}") from None
                self._create(dataset, f"CREATE TABLE {name} AS FROM arrow_ipc")
                self._connection.unregister("arrow_ipc")
            case other:
                raise BadRequest(
                    f"{dataset.name}: unknown format {other!r}; there are: {', '.join(_FORMAT_NAMES)}"
                )
        columns = self._connection.table(name).columns
        if len(columns) > MAX_COLUMNS:
            raise _too_wide(dataset, len(columns))
        if not columns:
            raise BadData(f"{dataset.shown}: has no columns")

    def _unwrap_json(self, name: str) -> None:
        """Turn fields that hold several types, which DuckDB keeps as JSON, into plain text without quotes."""
        table = self._connection.table(name)
        mixed = [c for c, kind in zip(table.columns, table.types, strict=True) if str(kind) == "JSON"]
        if mixed:
            texts = ", ".join(f"{_quoted(c)} ->> '$' AS {_quoted(c)}" for c in mixed)
            plain = f"SELECT * REPLACE ({texts}) FROM {name}"  # noqa: S608 - names are quoted
            self._run(f"CREATE OR REPLACE TABLE {name} AS {plain}")

    def _read_csv(self, dataset: Dataset) -> None:
        name = _quoted(dataset.name)
        delimiter, header = _header(dataset)
        if len(header) > MAX_COLUMNS:
            raise _too_wide(dataset, len(header))
        for i, column in enumerate(header, start=1):
            if not column.strip():
                raise BadData(f"{dataset.shown}:1: column {i} has no name")
        lower = [column.lower() for column in header]
        if twice := sorted({c for c in header if lower.count(c.lower()) > 1}):
            raise BadData(f"{dataset.shown}:1: more than one column is named {', '.join(twice)}")

        quote = _literal('"')
        fixed = (
            f"read_csv({_literal(str(dataset.path))}, delim={_literal(delimiter)}, quote={quote}, "
            f"escape={quote}, comment='', header=true, skip=0, strict_mode=true, null_padding=false, "
            # 01/02/2020 is a different day on each side of the Atlantic: only ISO dates are typed.
            "ignore_errors=false, dateformat='%Y-%m-%d',"
        )
        create = f"CREATE OR REPLACE TABLE {name} AS FROM {fixed} auto_detect=false,"
        try:
            # Sniffed from every row: after a sample DuckDB casts what does not fit, 1.5 to 2 and 007 to 7.
            sniffed = self._connection.sql(f"FROM {fixed} auto_detect=true, sample_size=-1)")
        except duckdb.Error as e:
            if failure := _translated(e):
                raise failure from None
            # Read as plain text, a broken line is named.
            texts = ", ".join(f"{_literal(column)}: 'VARCHAR'" for column in header)
            self._create(dataset, f"{create} columns={{{texts}}})")
            raise _bad_data(dataset, e) from None
        if [c.lower() for c in sniffed.columns] != lower:
            raise BadData(
                f"{dataset.shown}:1: the column names can't be told from the rows",
                hint="the first line is the column names, and every line has as many values",
            )
        kinds = {c: str(kind) for c, kind in zip(sniffed.columns, sniffed.types, strict=True)}
        settled = {_quoted(c): kind for c, kind in kinds.items() if read_as_text(kind)}
        typed = ", ".join(
            f"{_literal(c)}: '{'VARCHAR' if read_as_text(kind) else kind}'" for c, kind in kinds.items()
        )
        self._create(dataset, f"{create} columns={{{typed}}})")
        if not self._connection.table(name).limit(1).fetchall():
            raise BadData(f"{dataset.shown}: has column names but no rows")
        settle(self._connection, name, settled)

    def _create(self, dataset: Dataset, sql: str) -> None:
        try:
            self._connection.execute(sql)
        except duckdb.Error as e:
            raise _translated(e) or _bad_data(dataset, e) from None

    def _lock(self) -> None:
        """Shut the sandbox: from here on only the datasets' own files and the spill folder can be touched."""
        paths = ", ".join(_literal(str(dataset.path.resolve())) for dataset in self._datasets)
        self._run(f"SET allowed_paths = [{paths}]")
        self._run("SET enable_external_access = false")
        self._run("SET lock_configuration = true")

    def _bind(self) -> duckdb.DuckDBPyRelation:
        sql = self._definition.data.sql
        try:
            statements = duckdb.extract_statements(sql)
        except duckdb.Error as e:
            raise _query_failed(str(e)) from None
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise QueryFailed(
                f"report.yaml: data.sql: {_what(statements)}",
                hint="the SQL of a report is exactly one SELECT",
            )
        asked = statements[0].named_parameters
        if unknown := sorted(asked - self._parameters.keys()):
            raise DefinitionError(
                f"report.yaml: data.sql: ${unknown[0]} is no parameter of the report",
                hint=f"declared: {', '.join(sorted(self._parameters)) or 'none'}",
            )
        # A semicolon at the end is well meant; the relation puts the statement in brackets.
        tokens = duckdb.tokenize(sql)
        text = sql.encode()
        ends = [at for at, kind in tokens if kind == duckdb.token_type.operator and text[at : at + 1] == b";"]
        if ends:
            sql = text[: ends[0]].decode()
        bound = {name: value for name, value in self._parameters.items() if name in asked}
        try:
            relation = self._connection.sql(sql, params=bound or None)
        except duckdb.Error as e:
            raise _query_failed(str(e)) from None
        columns = [column.lower() for column in relation.columns]
        if twice := sorted({c for c in columns if columns.count(c) > 1}):
            raise QueryFailed(
                f"report.yaml: data.sql: gives more than one column named {', '.join(twice)}",
                hint="name each with AS",
            )
        return relation


def _header(dataset: Dataset) -> tuple[str, list[str]]:
    """The delimiter of a CSV file, and its column names: the one that cuts its first line into most."""
    try:
        # Bytes that are no UTF-8 are found when DuckDB reads the file; it names their line.
        with dataset.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            # A quoted name may hold a line break; no header needs more lines than this.
            lines = list(islice(file, 64))
    except OSError as e:
        raise BadData(f"{dataset.shown}: can't be read: {e.strerror}") from None
    best: tuple[str, list[str]] = (",", [])
    csv.field_size_limit(2**24)
    for delimiter in _DELIMITERS:
        header = next(csv.reader(lines, delimiter=delimiter), [])
        if len(header) > len(best[1]):
            best = (delimiter, header)
    return best


def _too_wide(dataset: Dataset, columns: int) -> LimitExceeded:
    return LimitExceeded(f"{dataset.shown}: has {columns:,} columns; at most {MAX_COLUMNS:,} are possible")


def _bad_data(dataset: Dataset, error: duckdb.Error) -> BadData:
    text = str(error)
    line: int | None = None
    if found := _CSV_LINE.search(text):
        line = int(found.group(1))
    elif found := _JSON_LINE.search(text):
        # DuckDB 2.0 counts the lines of JSON from 2.
        line = int(found.group(1)) - 1
    where = f"{dataset.shown}:{line}" if line else dataset.shown
    lines = [part.strip() for part in text.splitlines() if part.strip() and "Possible" not in part]
    # DuckDB says first where and what (`CSV Error on Line: 3`), then the line, then the reason.
    signs = ("Expected Number", "Error when conv", "nicode", "alformed", "quote", "Maximum line")
    reason = next((part for sign in signs for part in lines if sign in part), None) or _first_line(error)
    reason = re.sub(r'^[\w ]+ Error: | in file "[^"]*",| in line \d+', "", reason).replace(
        str(dataset.path), dataset.shown
    )
    return BadData(f"{where}: {reason.rstrip('.')}")


def _translated(error: duckdb.Error) -> PressroomError | None:
    """An error that is not the data's fault nor the SQL's."""
    return _not_theirs(str(error), type(error))


def _not_theirs(text: str, kind: type[Exception] | None = None) -> PressroomError | None:
    if kind is duckdb.InterruptException or text.startswith("INTERRUPT"):
        return JobCancelled("cancelled while the rows were read")
    if "No space left" in text or "failed to offload" in text.lower():
        return StorageFull(_first_line(text))
    if kind is duckdb.OutOfMemoryException or text.startswith("Out of Memory"):
        return LimitExceeded(
            _first_line(text), hint="raise PRESSROOM_MEMORY_LIMIT_BYTES, or select fewer columns"
        )
    return None


def _query_failed(text: str) -> PressroomError:
    """DuckDB's own words: what failed, at which line of the SQL, and what it proposes."""
    found = re.search(r"^LINE (\d+):", text, re.MULTILINE)
    where = f"data.sql line {found.group(1)}" if found else "data.sql"
    hints = [
        line.strip() for line in text.splitlines() if line.lower().startswith(("candidate", "did you mean"))
    ]
    return _not_theirs(text) or QueryFailed(
        f"report.yaml: {where}: {_first_line(text)}", hint=hints[0] if hints else None
    )


def _what(statements: Sequence[duckdb.Statement]) -> str:
    if not statements:
        return "holds no statement"
    if len(statements) > 1:
        return f"holds {len(statements)} statements"
    return f"is a statement of type {statements[0].type.name}"


def _first_line(error: object) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "unknown error")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
