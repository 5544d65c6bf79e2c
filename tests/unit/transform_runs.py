"""Running a transform in the core, and comparing its table with the oracle's."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
from arro3.core import RecordBatchReader, Table
from pydantic import TypeAdapter

import rust_core
from pressroom.transforms import Transform, row_order, transform_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rust_core._rust_core import ArrowStream
    from tests.oracles import Row

THREADS = (1, 2, 4)


def parse(kind: str, **keys: Any) -> Transform:
    """The model of a transform of this kind, as report.yaml gives it."""
    model: Transform = TypeAdapter(Transform).validate_python(
        {"name": "made", "kind": kind, "sql": "SELECT 1", **keys}
    )
    return model


def ordered(transform: Transform, types: Mapping[str, str], rows: Sequence[Row]) -> duckdb.DuckDBPyRelation:
    """The rows as DuckDB gives them to the core."""
    connection = duckdb.connect()
    columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    connection.execute(f"CREATE TABLE t ({columns})")
    if rows:
        marks = ", ".join("?" for _ in types)
        values = [[row[name] for name in types] for row in rows]
        connection.executemany(f"INSERT INTO t VALUES ({marks})", values)
    fields = row_order(transform, "data.transforms.0", list(types))
    # The row's own number decides between equal rows: the oracle must see the same order.
    by = ", ".join([*(f'"{field}" ASC NULLS LAST' for field in fields), "rowid"])
    return connection.sql(f"SELECT * FROM t ORDER BY {by}")


def as_rows(relation: duckdb.DuckDBPyRelation) -> list[Row]:
    return [dict(zip(relation.columns, values, strict=True)) for values in relation.fetchall()]


def read(path: Path) -> list[Row]:
    connection = duckdb.connect()
    connection.register("table_of", rust_core.read_ipc(str(path)))
    return as_rows(connection.sql("FROM table_of"))


def cut(relation: duckdb.DuckDBPyRelation, size: int | None) -> Table:
    """The relation's rows in batches of at most `size` rows."""
    reader = RecordBatchReader.from_stream(relation)
    batches = [
        batch.slice(start, min(size or batch.num_rows, batch.num_rows - start))
        for batch in reader
        for start in range(0, batch.num_rows, size or batch.num_rows)
    ]
    return Table.from_batches(batches, schema=reader.schema)


def run(
    transform: Transform,
    rows: ArrowStream,
    path: Path,
    *,
    threads: int = 1,
    control: rust_core.JobControl | None = None,
) -> int:
    plan = transform_plan(transform, {}, None)
    return rust_core.transform(rows, plan, str(path), control or rust_core.JobControl(threads))


def made(transform: Transform, relation: duckdb.DuckDBPyRelation, size: int | None = None) -> list[Row]:
    """The table, after a look that it is the same, byte for byte, for any number of threads."""
    # Read once: what DuckDB leaves in the place of a null differs from run to run.
    rows = cut(relation, size)
    with TemporaryDirectory() as folder:
        tables = []
        for threads in THREADS:
            path = Path(folder, f"{threads}.arrow")
            count = run(transform, rows, path, threads=threads)
            tables.append((count, path.read_bytes()))
        assert tables[0] == tables[1] == tables[2]
        table = read(path)
    assert count == len(table)
    return table


def alike(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float) and theirs is not None:
        return math.isclose(ours, float(theirs), rel_tol=1e-12, abs_tol=1e-9)
    if isinstance(theirs, Fraction):
        return ours is not None and Fraction(ours) == theirs
    return bool(ours == theirs)


def assert_alike(ours: Sequence[Row], theirs: Sequence[Row]) -> None:
    assert len(ours) == len(theirs), (ours, theirs)
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        assert set(one) == set(other)
        for field, value in one.items():
            assert alike(value, other[field]), (number, field, value, other[field])
