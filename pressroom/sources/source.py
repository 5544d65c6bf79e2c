"""The source: a job's datasets and a report's own become one ordered Arrow stream, in DuckDB's sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pressroom.definition import MAIN_DATASET, DatabaseTable
from pressroom.errors import BadRequest, DefinitionError
from pressroom.sources.database import Databases
from pressroom.sources.dataset_table import add_dataset
from pressroom.sources.engine_errors import of_query
from pressroom.sources.python_table import add_python
from pressroom.sources.query import OrderedRows, bind_query
from pressroom.sources.sandbox import Sandbox, quoted
from pressroom.sources.stop import Stop
from pressroom.sources.transformed_table import add_transformed
from rust_core import JobControl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    import duckdb

    from pressroom.definition import ParameterValue
    from pressroom.errors import PressroomError
    from pressroom.reports import Report
    from pressroom.sources.dataset import Dataset
    from rust_core._rust_core import ArrowStream


class Source:
    """A report's rows, ordered by its groups and then its order; a context manager that holds the sandbox.

    `threads` and `memory_limit_bytes` bound the SQL engine, which spills to the folder `spill` beyond that.
    `databases` are those that the installation lets reports read.
    """

    def __init__(
        self,
        report: Report,
        datasets: Sequence[Dataset],
        parameters: Mapping[str, ParameterValue],
        *,
        threads: int,
        memory_limit_bytes: int,
        spill: Path,
        databases: Databases | None = None,
    ) -> None:
        names = [dataset.name for dataset in datasets]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadRequest(f"more than one dataset is named {', '.join(twice)}")
        report.definition.data.check_datasets(names)
        self._report = report
        self._datasets = tuple(datasets)
        self._parameters = dict(parameters)
        self._databases = databases or Databases()
        self._threads = threads
        self._stop = Stop()
        self._sandbox = Sandbox(
            threads=threads,
            memory_limit_bytes=memory_limit_bytes,
            spill=spill,
            time_zone=report.definition.time_zone,
            stop=self._stop,
        )
        self._relation: duckdb.DuckDBPyRelation | None = None
        self._ordered: OrderedRows | None = None

    def __enter__(self) -> Self:
        """Read datasets, databases and Python sources, lock the sandbox, make the transforms, bind the SQL.

        Raises `BadData`, `SourceFailed`, `DatabaseRefused`, `QueryFailed`, `DefinitionError`, and what the
        machine's limits ask for.
        """
        data = self._report.definition.data
        try:
            readable = self._add_datasets()
            self._add_sources()
            self._sandbox.lock(readable)
            self._add_transforms()
            self._relation = bind_query(self._sandbox, data.query, self._parameters)
        except BaseException:
            self._sandbox.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the sandbox; a stream that is still read fails."""
        self._relation = self._ordered = None
        self._sandbox.close()

    @property
    def fields(self) -> list[str]:
        """Names of the SQL's columns, in its order."""
        return list(self._bound.columns)

    def stream(self) -> ArrowStream:
        """The ordered rows; each call of its `__arrow_c_stream__` runs the query."""
        definition = self._report.definition
        fields = [*(group.field for group in definition.groups), *definition.order]
        if unknown := [field for field in fields if field not in self.fields]:
            raise DefinitionError(
                f"report.yaml: unknown field {unknown[0]!r} to order by",
                hint=f"the SQL gives: {', '.join(self.fields)}",
            )
        self._ordered = OrderedRows(self._bound, list(dict.fromkeys(fields)), definition.data.query)
        return self._ordered

    def interrupt(self) -> None:
        """Stop whatever is read or sorted; may be called from any thread, and again."""
        self._stop.ask()
        self._sandbox.interrupt()

    def progress(self) -> float | None:
        """How much of the query that runs now is done, from 0 to 1, where DuckDB can tell.

        May be called from any thread. There is a query for each transform and one for the report's own SQL,
        which is half done when its rows are sorted.
        """
        return self._sandbox.progress()

    def failure(self, error: Exception) -> PressroomError:
        """What an error that came out of the stream (as text, through the core) means to a person."""
        return of_query(error) if self._ordered is None else self._ordered.failure(error)

    def _add_datasets(self) -> list[Path]:
        """Make the datasets tables; gives the files that must stay readable."""
        data, names = self._report.definition.data, [dataset.name for dataset in self._datasets]
        sheets = dict(data.sheets)
        main = data.first_is_main(names)
        if main and MAIN_DATASET in sheets:
            sheets.setdefault(names[0], sheets[MAIN_DATASET])
        files = [
            add_dataset(self._sandbox, dataset, sheet=sheets.get(dataset.name)) for dataset in self._datasets
        ]
        if main:
            self._sandbox.execute(f"CREATE VIEW {quoted(MAIN_DATASET)} AS FROM {quoted(names[0])}")
        return [file for file in files if file is not None]

    def _add_sources(self) -> None:
        with self._databases.opened(self._stop) as databases:
            for name, table in self._report.definition.data.tables.items():
                if isinstance(table, DatabaseTable):
                    databases.add(self._sandbox, name, table, self._parameters)
                else:
                    add_python(self._sandbox, name, table, self._report.folder, self._parameters)

    def _add_transforms(self) -> None:
        control = JobControl(self._threads)
        for number, transform in enumerate(self._report.definition.data.transforms):
            add_transformed(
                self._sandbox,
                transform,
                f"data.transforms.{number}",
                self._parameters,
                time_zone=self._report.definition.time_zone,
                control=control,
            )

    @property
    def _bound(self) -> duckdb.DuckDBPyRelation:
        if self._relation is None:
            raise RuntimeError("a Source is a context manager: enter it first")
        return self._relation
