"""Account numbers checked, formatted and masked."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.techniques.columns import text, texts

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

UPPER = np.arange(256, dtype=np.uint8)
UPPER[list(ascii_lowercase.encode())] -= 32
VALUE = np.full(256, 255, np.uint8)
VALUE[list((digits + ascii_uppercase).encode())] = range(36)


def begins(sizes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The offsets of texts of these sizes."""
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


def account_numbers(table: pa.Table, _threads: int) -> Result:
    """Those of one length are a matrix of bytes, checked and printed column by column."""
    offsets, data = texts(table, "text")
    data = data[: offsets[-1]]
    kept = data != ord(" ")
    tidy = UPPER[data[kept]]
    starts = begins(kept)[offsets]
    sizes = np.diff(starts)
    starts = starts[:-1]
    valid = np.zeros(len(sizes), bool)
    found = []
    for size in range(15, 35):
        rows = np.flatnonzero(sizes == size)
        if not len(rows):
            continue
        letters = tidy[starts[rows, None] + np.arange(size, dtype=np.int32)]
        values = VALUE[letters]
        good = (values < 36).all(axis=1) & (values[:, :2] > 9).all(axis=1) & (values[:, 2:4] < 10).all(axis=1)
        rest = np.zeros(len(rows), np.int64)
        for place, column in enumerate(np.roll(values, -4, axis=1).T, 1):
            rest *= np.where(column > 9, 100, 10)
            rest += column
            # Eight letters fit into an integer before it must be reduced.
            if place % 8 == 0 or place == size:
                rest %= 97
        good &= rest == 1
        valid[rows] = good
        found.append((size, rows[good], letters[good]))
    lengths = np.where(valid, sizes, 0)
    hidden, grouped = begins(lengths), begins(lengths + np.maximum(lengths - 1, 0) // 4)
    formatted, masked = np.full(grouped[-1], ord(" "), np.uint8), np.full(hidden[-1], ord("*"), np.uint8)
    for size, rows, letters in found:
        place = np.arange(size, dtype=np.int32)
        formatted[grouped[rows, None] + place + place // 4] = letters
        masked[hidden[rows, None] + place[-4:]] = letters[:, -4:]
    return {
        "formatted": text(grouped, formatted, valid),
        "masked": text(hidden, masked, valid),
        "invalid": np.array([len(valid) - np.count_nonzero(valid)]),
    }
