"""Every type of column that the crunch reads: values as Arrow stores them, and what they stand for."""

from __future__ import annotations

import datetime as dt
import math
import struct
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from arro3.core import Array, DataType
from hypothesis import strategies as st

from tests.oracles.crunch import Kind
from tests.oracles.totals import WIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DAY = dt.date(1970, 1, 1)
PARTS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
# Decimals have no more digits than this, so that sums of sums of them have room in 38.
DIGITS = 28


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type of Arrow.

    `values` are what it stores (days, ticks, mantissas ...), `build` makes an array of them, and `read` says
    what the crunch must take one for, in a report of this time zone.
    """

    name: str
    kind: Kind
    values: st.SearchStrategy[Any]
    build: Callable[[Sequence[Any]], Array]
    read: Callable[[Any, str | None], Any]

    @property
    def numeric(self) -> bool:
        return self.kind.name in ("integer", "decimal", "float")


def _cast(kind: DataType, through: DataType | None = None) -> Callable[[Sequence[Any]], Array]:
    if through is None:
        return lambda values: Array(values, kind)
    return lambda values: Array(values, through).cast(kind)


def _dictionary(index: str, values: DataType, through: DataType) -> Callable[[Sequence[Any]], Array]:
    return _cast(DataType.dictionary(getattr(DataType, index)(), values), through)


def _named(name: str, index: str | None) -> str:
    return f"dictionary({index},{name})" if index else name


def _integer(name: str, index: str | None = None) -> ColumnType:
    bits, signed = int(name.lstrip("uint")), not name.startswith("u")
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    kind = getattr(DataType, name)()
    build = _dictionary(index, kind, kind) if index else _cast(kind)
    values = st.integers(max(low, -5), 5) | st.integers(low, high) | st.sampled_from([low, high])
    return ColumnType(_named(name, index), Kind("integer"), values, build, lambda value, _: value)


def _float(name: str) -> ColumnType:
    width = int(name.removeprefix("float"))
    kind = getattr(DataType, name)()
    code = {16: "e", 32: "f", 64: "d"}[width]
    most = {16: 65504.0, 32: 2.0**127, 64: 2.0**500}[width]
    values = (
        st.floats(-most, most, width=width)  # type: ignore[arg-type]
        | st.integers(-40, 40).map(lambda quarters: quarters / 4)
        | st.sampled_from([0.0, -0.0, math.nan, -math.nan, math.inf, -math.inf])
    )

    def read(value: float, _: str | None) -> float:
        as_stored: float = struct.unpack(code, struct.pack(code, value))[0]
        return as_stored

    build = _cast(kind, DataType.float32() if width == 16 else None)
    return ColumnType(name, Kind("float"), values, build, read)


def _decimal(bits: int, precision: int, scale: int) -> ColumnType:
    """Values are mantissas; one of a negative scale stands for so many tens, hundreds ..."""
    kind = getattr(DataType, f"decimal{bits}")(precision, scale)
    most = 10 ** min(precision, DIGITS + min(scale, 0)) - 1

    def read(mantissa: int, _: str | None) -> Decimal:
        if scale < 0:
            return Decimal(mantissa * 10**-scale)
        return Decimal(mantissa).scaleb(-scale, WIDE)

    def build(mantissas: Sequence[int | None]) -> Array:
        texts = [None if m is None else format(read(m, None), "f") for m in mantissas]
        return Array(texts, DataType.string()).cast(DataType.decimal256(76, max(scale, 0))).cast(kind)

    values = st.integers(-500, 500) | st.integers(-most, most)
    name = f"decimal{bits}({precision},{scale})"
    return ColumnType(name, Kind("decimal", max(scale, 0)), values, build, read)


def _text(name: str, index: str | None = None) -> ColumnType:
    kind = getattr(DataType, name)()
    build = _dictionary(index, kind, DataType.string()) if index else _cast(kind)
    values = st.sampled_from(["", "a", "A", "ä", "東京", "𝒳", "a\0b"]) | st.text(max_size=20)
    return ColumnType(_named(name, index), Kind("text"), values, build, lambda value, _: value)


def _date(name: str) -> ColumnType:
    kind = getattr(DataType, name)()
    days = st.integers(-25_000, 25_000)
    if name == "date32":
        build = _cast(kind, DataType.int32())
        return ColumnType(name, Kind("date"), days, build, lambda day, _: DAY + dt.timedelta(day))
    ticks = st.builds(lambda day, rest: day * 86_400_000 + rest, days, st.sampled_from([0, 1, 86_399_999]))
    build = _cast(kind, DataType.int64())
    return ColumnType(
        name, Kind("date"), ticks, build, lambda tick, _: DAY + dt.timedelta(tick // 86_400_000)
    )


def _clock(unit: str) -> ColumnType:
    small = unit in ("s", "ms")
    kind = DataType.time32(unit) if small else DataType.time64(unit)  # type: ignore[arg-type]
    last = 86_400 * PARTS[unit] - 1
    values = st.integers(0, last) | st.sampled_from([0, last])

    def read(tick: int, _: str | None) -> dt.time:
        return (
            dt.datetime(1, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=tick * 10**6 // PARTS[unit])
        ).time()

    build = _cast(kind, DataType.int32() if small else DataType.int64())
    return ColumnType(f"time({unit})", Kind("time"), values, build, read)


def _timestamp(unit: str, own: str | None) -> ColumnType:
    kind = DataType.timestamp(unit, tz=own)  # type: ignore[arg-type]
    moments = st.integers(-(10**9), 2 * 10**9)
    values = st.builds(
        lambda second, part: second * PARTS[unit] + int(part * PARTS[unit]),
        # Around the hours that Berlin leaves out, and has twice, in 2013.
        moments | st.integers(1364691590, 1364691610) | st.integers(1382835590, 1382839210),
        st.sampled_from([0.0, 0.25, 0.9999999]),
    )

    def read(tick: int, zone: str | None) -> dt.datetime:
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(
            microseconds=tick * 10**6 // PARTS[unit]
        )
        place = (zone or own) if own else None
        if place and place[0] == "+":
            offset = dt.timedelta(hours=int(place[1:3]), minutes=int(place[4:]))
            moment = moment.astimezone(dt.timezone(offset))
        elif place:
            moment = moment.astimezone(ZoneInfo(place))
        return moment.replace(tzinfo=None, fold=0)

    build = _cast(kind, DataType.int64())
    return ColumnType(f"timestamp({unit},{own})", Kind("timestamp"), values, build, read)


TYPES = (
    ColumnType("bool", Kind("boolean"), st.booleans(), _cast(DataType.bool()), lambda value, _: value),
    *(_integer(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)),
    _integer("int32", "uint8"),
    *(_float(f"float{bits}") for bits in (16, 32, 64)),
    *(_decimal(128, *digits) for digits in ((4, 2), (18, 4), (38, 10), (38, 0), (9, -2))),
    *(_decimal(256, *digits) for digits in ((40, 3), (76, 20), (12, -3))),
    *map(_text, ("utf8", "large_utf8", "string_view")),
    *(_text(name, index) for name, index in (("utf8", "int8"), ("large_utf8", "uint16"))),
    *map(_date, ("date32", "date64")),
    *map(_clock, PARTS),
    *(_timestamp(unit, own) for unit in PARTS for own in (None, "UTC")),
    _timestamp("us", "Europe/Berlin"),
    _timestamp("ms", "+05:30"),
)
