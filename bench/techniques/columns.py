"""Columns of an Arrow table as each technique takes them, without a copy where it can do without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS: dict[str, Literal["i", "q"]] = {"int32": "i", "int64": "q"}


def plain(table: pa.Table, *names: str) -> Iterator[list[int]]:
    """Integer columns as lists, for techniques that know only Python's integers."""
    for name in names:
        column = table[name].chunk(0)
        view = memoryview(column.buffers()[1]).cast(FORMATS[str(column.type)])
        yield view[column.offset : column.offset + len(column)].tolist()


def numbers(table: pa.Table, *names: str) -> Iterator[np.ndarray[Any, Any]]:
    """Integer columns as NumPy views of Arrow's memory, which can't be written to."""
    for name in names:
        yield table[name].chunk(0).to_numpy(zero_copy_only=True)


def texts(table: pa.Table, name: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A column of texts as views of its offsets (one more than rows) and of its bytes."""
    column = table[name].chunk(0)
    _, offsets, data = column.buffers()
    whole = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    return whole, np.frombuffer(data, np.uint8)


def text(
    offsets: np.ndarray[Any, Any] | bytes, data: np.ndarray[Any, Any] | bytes, valid: np.ndarray[Any, Any]
) -> pa.StringArray:
    """Texts out of offsets and bytes; those where `valid` is zero are null."""
    bitmap = pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.StringArray.from_buffers(len(valid), pa.py_buffer(offsets), pa.py_buffer(data), bitmap)


def raw(table: pa.Table, *names: str) -> Iterator[bytes]:
    """Integer columns as bytes, little endian."""
    for name in names:
        column = table[name].chunk(0)
        width = column.type.bit_width // 8
        yield bytes(memoryview(column.buffers()[1])[column.offset * width :][: len(column) * width])
