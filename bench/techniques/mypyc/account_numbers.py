"""Account numbers checked, formatted and masked."""

from __future__ import annotations

from typing import Any

import numpy as np
from librt.strings import BytesWriter, read_i32_le, write_i32_le
from librt.vecs import vec
from mypy_extensions import i64, u8

from bench.techniques.columns import text


def tidied(data: bytes, begin: i64, end: i64, iban: vec[i64]) -> i64:
    """Put the values of the letters into `iban`; how many, or 0 where it can't be an IBAN."""
    size: i64 = 0
    at: i64 = begin
    while at < end:
        value: i64 = data[at]
        at += 1
        if value == 32:
            continue
        if 48 <= value < 58:
            value -= 48
        elif 65 <= value < 91:
            value -= 55
        elif 97 <= value < 123:
            value -= 87
        else:
            return 0
        if size == 34 or (size < 2 and value < 10) or (2 <= size < 4 and value > 9):
            return 0
        iban[size] = value
        size += 1
    return size if size >= 15 else 0


def right(iban: vec[i64], size: i64) -> bool:
    rest: i64 = 0
    place: i64 = 4
    while place < size + 4:
        value: i64 = iban[place if place < size else place - size]
        rest = rest * (100 if value > 9 else 10) + value
        if rest > 72057594037927936:
            rest %= 97
        place += 1
    return rest % 97 == 1


def printed(offsets: bytes, data: bytes, rows: i64) -> tuple[BytesWriter, ...]:
    formatted, masked, valid = BytesWriter(), BytesWriter(), BytesWriter()
    grouped, hidden = BytesWriter(), BytesWriter()
    iban = vec[i64]([0] * 34)
    write_i32_le(grouped, 0)
    write_i32_le(hidden, 0)
    row: i64 = 0
    while row < rows:
        begin, end = i64(read_i32_le(offsets, 4 * row)), i64(read_i32_le(offsets, 4 * row + 4))
        size: i64 = tidied(data, begin, end, iban)
        good: bool = size > 0 and right(iban, size)
        valid.append(u8(1) if good else u8(0))
        if good:
            place: i64 = 0
            while place < size:
                if place > 0 and place % 4 == 0:
                    formatted.append(32)
                letter: i64 = iban[place] + (48 if iban[place] < 10 else 55)
                formatted.append(u8(letter))
                masked.append(u8(42 if place < size - 4 else letter))
                place += 1
        write_i32_le(grouped, len(formatted))
        write_i32_le(hidden, len(masked))
        row += 1
    return formatted, grouped, masked, hidden, valid


def account_numbers(table: Any, _threads: int) -> dict[str, Any]:
    """Byte by byte into writers of bytes."""
    column = table["text"].chunk(0)
    _, offsets, data = column.buffers()
    columns = printed(offsets.to_pybytes()[4 * column.offset :], data.to_pybytes(), len(column))
    formatted, grouped, masked, hidden, valid = [each.getvalue() for each in columns]
    good = np.frombuffer(valid, np.uint8)
    return {
        "formatted": text(grouped, formatted, good),
        "masked": text(hidden, masked, good),
        "invalid": np.array([len(good) - np.count_nonzero(good)]),
    }
