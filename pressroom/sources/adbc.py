"""ADBC in the few calls that reading takes: connect, query, cancel; rows stay in Arrow all the way."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from adbc_driver_manager import AdbcConnection, AdbcDatabase, AdbcStatement, Error, NotSupportedError
from arro3.core import RecordBatchReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arro3.core import RecordBatch

__all__ = ["Connection", "Error"]


class Connection:
    """A connection in one transaction, which is never committed. Raises ADBC's `Error`."""

    def __init__(self, driver: str, uri: str) -> None:
        with contextlib.ExitStack() as stack:
            database = stack.enter_context(AdbcDatabase(driver=driver, uri=uri))
            self._connection: AdbcConnection = stack.enter_context(AdbcConnection(database))
            self._connection.set_autocommit(False)
            self._stack = stack.pop_all()

    def close(self) -> None:
        """Roll back and hang up."""
        with contextlib.suppress(Error):
            self._connection.rollback()
        with contextlib.suppress(Error):
            self._stack.close()

    def cancel(self) -> None:
        """Break off the statement that is running, where the driver can; may be called from any thread."""
        with contextlib.suppress(Error, NotSupportedError):
            self._connection.cancel()

    def run(self, sql: str, values: RecordBatch | None = None) -> None:
        """Run a statement whose rows nobody needs."""
        with self.query(sql, values) as rows:
            rows.read_all()

    @contextlib.contextmanager
    def query(self, sql: str, values: RecordBatch | None = None) -> Iterator[RecordBatchReader]:
        """The rows of a query, batch by batch; `values` binds one value per column, in order."""
        statement: Any = AdbcStatement(self._connection)
        try:
            statement.set_sql_query(sql)
            if values is not None:
                statement.bind(values)
            stream, _ = statement.execute_query()
            yield RecordBatchReader.from_stream(stream)
        finally:
            with contextlib.suppress(Error):
                statement.close()
