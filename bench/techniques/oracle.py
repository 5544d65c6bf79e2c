"""What is right: the results of pure Python, whose own tests are worked out by hand; kept beside the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from bench.techniques.build import function, key
from bench.techniques.dataset import halves, load, made
from bench.techniques.technique import BASE

if TYPE_CHECKING:
    from pathlib import Path

    from bench.techniques.kernel import Result


def arrow(column: object) -> pa.Array:
    """A column of a result as one Arrow array; the many kinds of text that Arrow has are made one."""
    array = column if isinstance(column, (pa.Array, pa.ChunkedArray)) else pa.array(column)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(pa.string()) if array.type in {pa.large_string(), pa.string_view()} else array


def right(kernel: str, rows: int) -> Path:
    """The file of right results: of the whole work, then of each half; made when it is not there yet."""
    data = made(kernel, rows)
    path = data.with_name(f"{data.stem}-{key(BASE)}.right")
    if not path.is_file():
        table, computed = load(data), function(BASE, kernel)
        results = [computed(work, 1) for work in (table, *halves(table))]
        temporary = path.with_suffix(".tmp")
        with pa.ipc.new_file(temporary, _packed(results[0]).schema) as writer:
            for result in results:
                writer.write_batch(_packed(result))
        temporary.replace(path)
    return path


def load_right(path: Path) -> list[Result]:
    """The results in the file, in the order of `right`."""
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_file(file)
        batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
    return [{name: batch[name].values for name in batch.schema.names} for batch in batches]


def difference(found: Result, expected: Result) -> str | None:
    """What in a result is not as in another, or None: every value of every column is compared."""
    if list(found) != list(expected):
        return f"has the columns {list(found)}, not {list(expected)}"
    for name, column in expected.items():
        of = arrow(found[name])
        if not of.equals(column):
            pairs = enumerate(zip(of.to_pylist(), column.to_pylist(), strict=False))
            first = next((f"{at} is {a!r}, not {b!r}" for at, (a, b) in pairs if a != b), "length differs")
            return f"{name}, {of.type} instead of {column.type}: value {first}"
    return None


def _packed(result: Result) -> pa.RecordBatch:
    """Columns of different lengths as lists in one row."""
    columns = {name: arrow(column) for name, column in result.items()}
    return pa.record_batch(
        {name: pa.ListArray.from_arrays([0, len(column)], column) for name, column in columns.items()}
    )
