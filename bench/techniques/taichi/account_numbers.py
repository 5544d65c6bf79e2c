"""Account numbers checked, formatted and masked."""

from typing import Any

import numpy as np
import taichi as ti

from bench.techniques.columns import text, texts
from bench.techniques.taichi.start import started

BIG = 1 << 56
Offsets = ti.types.ndarray(ti.i32, 1)
Bytes = ti.types.ndarray(ti.u8, 1)


@ti.func
def value_of(letter):
    """What a letter or a digit stands for; 36 for a space, 99 for anything else."""
    value = 99
    if letter == 32:
        value = 36
    elif 48 <= letter < 58:
        value = letter - 48
    elif 65 <= letter < 91:
        value = letter - 55
    elif 97 <= letter < 123:
        value = letter - 87
    return value


@ti.func
def with_digit(rest, value):
    appended = rest * 10 + value
    if value > 9:
        appended = rest * 100 + value
    if appended > BIG:
        appended %= 97
    return appended


@ti.kernel
def check(rows: ti.i32, offsets: Offsets, data: Bytes, sizes: Bytes):
    for row in range(rows):
        size, good = 0, True
        # The first four letters are counted last.
        front = ti.Vector([0, 0, 0, 0])
        rest = ti.i64(0)
        at = offsets[row]
        while good and at < offsets[row + 1]:
            value = value_of(ti.cast(data[at], ti.i32))
            at += 1
            if value != 36:
                good = (
                    value < 36
                    and size < 34
                    and (size > 1 or value > 9)
                    and (size < 2 or size > 3 or value < 10)
                )
                for place in ti.static(range(4)):
                    if size == place:
                        front[place] = value
                if size > 3:
                    rest = with_digit(rest, value)
                size += 1
        for place in ti.static(range(4)):
            rest = with_digit(rest, front[place])
        sizes[row] = ti.cast(ti.select(good and size >= 15 and rest % 97 == 1, size, 0), ti.u8)


@ti.kernel
def put(
    rows: ti.i32,
    offsets: Offsets,
    data: Bytes,
    sizes: Bytes,
    formatted: Bytes,
    grouped: Offsets,
    masked: Bytes,
    hidden: Offsets,
):
    for row in range(rows):
        size, place, at = ti.cast(sizes[row], ti.i32), 0, offsets[row]
        while place < size:
            value = value_of(ti.cast(data[at], ti.i32))
            at += 1
            if value != 36:
                letter = ti.select(value < 10, value + 48, value + 55)
                long = grouped[row] + place + place // 4
                if place > 0 and place % 4 == 0:
                    formatted[long - 1] = ti.u8(32)
                formatted[long] = ti.cast(letter, ti.u8)
                masked[hidden[row] + place] = ti.cast(ti.select(place < size - 4, 42, letter), ti.u8)
                place += 1


def begins(sizes: Any) -> Any:
    """The offsets of texts of these sizes."""
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


def account_numbers(table: Any, threads: int) -> dict[str, Any]:
    """No strings: arrays of bytes. Lengths first, then each row knows where its texts go."""
    started(threads)
    offsets, data = texts(table, "text")
    rows = len(offsets) - 1
    sizes = np.empty(rows, np.uint8)
    check(rows, offsets, data, sizes)
    long = sizes.astype(np.int32)
    grouped, hidden = begins(long + np.maximum(long - 1, 0) // 4), begins(long)
    formatted, masked = np.empty(grouped[-1], np.uint8), np.empty(hidden[-1], np.uint8)
    put(rows, offsets, data, sizes, formatted, grouped, masked, hidden)
    return {
        "formatted": text(grouped, formatted, sizes),
        "masked": text(hidden, masked, sizes),
        "invalid": np.array([rows - np.count_nonzero(sizes)]),
    }
