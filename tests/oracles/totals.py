"""The totals of a column in plain Python: exact by fractions, each float with the error that it may have."""

from __future__ import annotations

import math
import struct
import sys
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDE = Context(prec=100)
EPSILON = sys.float_info.epsilon
TINY = math.ulp(0.0)


@dataclass(frozen=True, slots=True)
class Near:
    """A float that may be wrong by `within`; by infinity where rounding decides what it is."""

    value: float
    within: float


def counts(value: Any) -> bool:
    """Nulls never count; NaN counts as null."""
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def key(value: Any) -> Any:
    """Two nulls are the same key, so are two NaN, and so are 0.0 and -0.0."""
    if not isinstance(value, float):
        return value
    # The NaN of `math` is one object, which Python's tuples, lists and sets find to be itself.
    return value + 0.0 if counts(value) else math.nan


def order(value: Any) -> tuple[bool, Any]:
    """Nulls last, text by code point, floats in the total order of IEEE 754."""
    if isinstance(value, float):
        (bits,) = struct.unpack("<q", struct.pack("<d", value))
        return False, bits if bits >= 0 else ~bits - 2**63
    return value is None, 0 if value is None else value


def unscaled(value: Decimal | int, scale: int) -> int:
    """1.25 is 125 at scale 2."""
    return int(Fraction(value) * 10**scale)


def scaled(value: Fraction, scale: int) -> Decimal:
    """The value with so many digits after the point, none of which may be lost."""
    number = value * 10**scale
    assert number.denominator == 1, (value, scale)
    return Decimal(number.numerator).scaleb(-scale, WIDE)


def running(values: Sequence[Any], scale: int | None) -> Iterator[Any]:
    """The sums so far, floats where there is no scale; a row without a value shows the sum before it."""
    so_far, size, beyond = Fraction(0), 0.0, 0.0
    for number, value in enumerate(values, 1):
        if counts(value) and math.isinf(value):
            beyond += value
        elif counts(value):
            so_far += Fraction(value)
            size += abs(float(value))
        if scale is not None:
            yield scaled(so_far, scale)
        else:
            yield Near(beyond, 0.0) if beyond != 0 else _compensated(float(so_far), size, number)


def total(kind: str, values: Sequence[Any], weights: Sequence[Any] | None = None) -> Any:
    """What a total of `kind` is; None when no value counts."""
    if weights is not None:
        return _weighted([pair for pair in zip(values, weights, strict=True) if all(map(counts, pair))])
    there = [value for value in values if counts(value)]
    if kind == "count":
        return len(there)
    if kind == "distinct":
        return len(set(map(key, there)))
    if not there:
        return None
    if kind in ("first", "last"):
        return there[0 if kind == "first" else -1]
    if kind in ("min", "max"):
        return (min if kind == "min" else max)(there, key=order)
    if kind in ("median", "p90"):
        return _between(sorted(there, key=order), Fraction(5 if kind == "median" else 9, 10))
    summed = _sum(there)
    if kind == "sum":
        return summed
    assert kind == "avg", kind
    if isinstance(summed, Near):
        mean = summed.value / len(there)
        return Near(mean, summed.within / len(there) + _ulp(mean))
    return _ratio(Fraction(summed) / len(there))


def _sum(there: Sequence[Any]) -> Any:
    """Exact for integers and decimals, compensated for floats."""
    if isinstance(there[0], float):
        if any(map(math.isinf, there)):
            return Near(sum(filter(math.isinf, there)), 0.0)
        return _compensated(math.fsum(there), math.fsum(map(abs, there)), len(there))
    if isinstance(there[0], int):
        return sum(there)
    scale = _scale(there[0])
    return scaled(Fraction(sum(unscaled(value, scale) for value in there), 10**scale), scale)


def _scale(value: Any) -> int:
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    assert isinstance(exponent, int)
    return -exponent


def _ulp(value: float) -> float:
    return math.ulp(value) if math.isfinite(value) else 0.0


def _compensated(value: float, size: float, number: int) -> Near:
    """Neumaier's sum: rounded about once, with an error of second order in the size of the summands."""
    return Near(value, 2 * math.ulp(value) + (number * EPSILON) ** 2 * size)


def _ratio(exact: Fraction) -> Near:
    """Right to 15 digits."""
    value = float(exact)
    return Near(value, abs(value) * 1e-15)


def _between(ordered: Sequence[Any], part: Fraction) -> Any:
    """`percentile_cont`: linear between the two ranks that stand around `part` of the way."""
    rank = part * (len(ordered) - 1)
    low, high = ordered[int(rank)], ordered[min(int(rank) + 1, len(ordered) - 1)]
    step = rank - int(rank)
    if not isinstance(low, float):
        return scaled(Fraction(low) + (Fraction(high) - Fraction(low)) * step, _scale(low) + 1)
    if step == 0 or low == high:
        return Near(low, 0.0)
    if math.isinf(low) or math.isinf(high):
        return Near(low + high, 0.0)
    value = float(Fraction(low) + (Fraction(high) - Fraction(low)) * step)
    return Near(value, 2 * EPSILON * max(abs(low), abs(high)) + TINY)


def _weighted(pairs: Sequence[tuple[Any, Any]]) -> Any:
    """`sum(value * weight) / sum(weight)`; None where the weights are nothing together."""
    if not any(weight for _, weight in pairs):
        return None
    floats = any(isinstance(number, float) for number in pairs[0])
    mixed = [(float(v), float(w)) for v, w in pairs]
    if floats and not all(math.isfinite(number) for pair in mixed for number in pair):
        products, weights = sum(v * w for v, w in mixed), sum(w for _, w in mixed)
        unsure = abs(weights) <= EPSILON * len(mixed) * sum(abs(w) for _, w in mixed if math.isfinite(w))
        return Near(0.0, math.inf) if unsure else Near(products / weights, 0.0)
    product = sum(Fraction(v) * Fraction(w) for v, w in pairs)
    weight = sum(Fraction(w) for _, w in pairs)
    if not floats:
        return _ratio(product / weight) if weight else None
    sizes = float(sum(abs(Fraction(v) * Fraction(w)) for v, w in pairs)), float(sum(abs(w) for _, w in pairs))
    # Each number is rounded when it is read, each product when it is made.
    of_product, of_weight = (4 * EPSILON * size + len(pairs) * TINY for size in sizes)
    if all(w == int(w) and abs(w) < 2**40 for _, w in pairs):
        if weight == 0:
            return None
    elif abs(weight) <= 2 * of_weight:
        return Near(0.0, math.inf)
    value = float(product / weight)
    return Near(value, 2 * (of_product + abs(value) * of_weight) / abs(float(weight)) + 2 * math.ulp(value))
