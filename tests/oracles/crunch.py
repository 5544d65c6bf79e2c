"""Twin of `rust_core::crunch`: bands, running sums, crosstabs, top lists, series, statistics."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.oracles import Refused, Row
from tests.oracles.totals import WIDE, Near, counts, key, order, running, total, unscaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Shown = Callable[[Any], str]

Plan = dict[str, Any]
OPEN: Any = object()
"""In the place of a figure that the rules leave open: made of a sample of the rows, or of rounded floats."""
SAMPLE = 512
"""So many rows are a sample of themselves."""
MAX_DISTINCT = 65_536
LONGEST = 8


@dataclass(frozen=True, slots=True)
class Kind:
    """What a column holds: the name of it in the summary, and the digits after the point of a decimal."""

    name: str
    scale: int = 0


class Answer(NamedTuple):
    """What the core must answer, in its own words; `spool` holds the printed columns."""

    summary: dict[str, Any]
    groups: list[list[dict[str, Any]]]
    control: dict[str, tuple[int, int | None]]
    spool: dict[str, list[Any]]


def crunch(rows: Sequence[Row], kinds: Mapping[str, Kind], plan: Plan, shown: Shown) -> Answer:
    """`shown` is how a column without format shows a value; `Refused` tells row and field of a group that
    comes again."""
    fields = [group["source"] for group in plan["groups"]]
    _check_order(rows, fields)
    levels = [_groups(rows, fields[: level + 1], plan) for level in range(len(fields))]
    spool: dict[str, list[Any]] = {}
    printed: dict[str, Kind] = {}
    for column in plan["columns"]:
        name, source = column["name"], column["source"]
        if "running" in column:
            level = column["running"]["level"]
            runs = [list(rows)] if level is None else _runs(rows, fields[: level + 1])
            scale = None if kinds[source].name == "float" else kinds[source].scale
            spool[name] = [so_far for run in runs for so_far in running([r[source] for r in run], scale)]
            printed[name] = Kind("float") if scale is None else Kind("decimal", scale)
        else:
            spool[name] = [row[source] for row in rows]
            printed[name] = kinds[source]
    summary = {
        "rows": len(rows),
        "columns": [_statistics(name, printed[name], values, shown) for name, values in spool.items()],
        "totals": _totals(rows, plan),
        "levels": [_level(groups, len(plan["totals"]), shown) for groups in levels],
        "crosstabs": {c["name"]: _crosstab(rows, c) for c in plan["crosstabs"]},
        "tops": {top["name"]: _top(rows, plan, spool, top) for top in plan["tops"]},
        "series": {s["name"]: _series(rows, s) for s in plan["series"]},
    }
    control = {name: _control(printed[name], values) for name, values in spool.items()}
    return Answer(summary, levels, control, spool)


def _runs(rows: Sequence[Row], fields: Sequence[str]) -> Iterator[list[Row]]:
    for _, run in groupby(rows, key=lambda row: [key(row[field]) for field in fields]):
        yield list(run)


def _totals(rows: Sequence[Row], plan: Plan) -> list[Any]:
    sources = [column["source"] for column in plan["columns"]]
    return [
        total(
            asked["kind"],
            [row[sources[asked["column"]]] for row in rows],
            [row[asked["by"]] for row in rows] if asked.get("by") else None,
        )
        for asked in plan["totals"]
    ]


def _check_order(rows: Sequence[Row], fields: Sequence[str]) -> None:
    before: tuple[Any, ...] = ()
    closed = set()
    for number, row in enumerate(rows, 1):
        path = tuple(key(row[field]) for field in fields)
        for level, field in enumerate(fields, 1):
            if path[:level] != before[:level]:
                if path[:level] in closed:
                    raise Refused(number, field)
                closed.add(path[:level])
        before = path


def _groups(rows: Sequence[Row], fields: Sequence[str], plan: Plan) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = []
    first = 0
    for run in _runs(rows, fields):
        shown, totals = run[0][fields[-1]], _totals(run, plan)
        groups.append({"key": shown, "first_row": first, "rows": len(run), "totals": totals})
        first += len(run)
    return groups


def _level(groups: Sequence[dict[str, Any]], totals: int, shown: Shown) -> dict[str, Any]:
    columns = [[group["totals"][number] for group in groups] for number in range(totals)]
    return {
        "groups": len(groups),
        "lowest": [_end(min, column) for column in columns],
        "highest": [_end(max, column) for column in columns],
        "longest": max((shown(group["key"]) for group in groups), key=len, default=""),
        "most_rows": max((group["rows"] for group in groups), default=0),
    }


def _end(end: Callable[..., Any], figures: Sequence[Any]) -> Any:
    near = [figure for figure in figures if isinstance(figure, Near)]
    within = max((figure.within for figure in near if counts(figure.value)), default=0.0)
    values = [figure.value if isinstance(figure, Near) else figure for figure in figures]
    value = end(filter(counts, values), key=order, default=None)
    return Near(value, within) if near and value is not None else value


def _statistics(name: str, kind: Kind, values: Sequence[Any], shown: Shown) -> dict[str, Any]:
    out: dict[str, Any] = {"name": name, "type": kind.name, "nulls": sum(v is None for v in values)}
    out |= {"min": _end(min, values), "max": _end(max, values)}
    rounded = any(isinstance(value, Near) for value in values)
    distinct = len({key(value) for value in values if counts(value)})
    out["distinct"] = OPEN if rounded else distinct if distinct <= MAX_DISTINCT else None
    if rounded or (kind.name != "text" and len(values) > SAMPLE):
        return out | dict.fromkeys(("max_chars", "mean_chars", "longest"), OPEN)
    texts = [shown(value) for value in values if value is not None]
    longest = sorted(dict.fromkeys(texts), key=len, reverse=True)[:LONGEST]
    mean = sum(map(len, texts)) / len(texts) if texts else 0.0
    return out | {
        "max_chars": len(longest[0]) if longest else 0,
        "mean_chars": struct.unpack("f", struct.pack("f", mean))[0],
        "longest": longest,
    }


def _control(kind: Kind, values: Sequence[Any]) -> tuple[int, int | None]:
    there = [value for value in values if value is not None]
    exact = kind.name in ("integer", "decimal")
    return len(there), sum(unscaled(value, kind.scale) for value in there) if exact else None


def _keys(rows: Sequence[Row], field: str) -> dict[Any, Any]:
    """The different keys in their order; one NaN and one zero stand for all."""
    different = {key(row[field]): None for row in rows}
    return {one: one for one in sorted(different, key=order)}


def _crosstab(rows: Sequence[Row], asked: dict[str, Any]) -> dict[str, Any]:
    value, kind = asked["value"], asked["total"]
    heads, sides = _keys(rows, asked["columns"]), _keys(rows, asked["rows"])
    cells: dict[tuple[Any, Any], list[Any]] = {}
    of_side: dict[Any, list[Any]] = {side: [] for side in sides}
    of_head: dict[Any, list[Any]] = {head: [] for head in heads}
    for row in rows:
        side, head = key(row[asked["rows"]]), key(row[asked["columns"]])
        for place in (cells.setdefault((side, head), []), of_side[side], of_head[head]):
            place.append(row[value])
    return {
        "row_keys": list(sides.values()),
        "column_keys": list(heads.values()),
        "cells": [
            [total(kind, cells[side, head]) if (side, head) in cells else None for head in heads]
            for side in sides
        ],
        "row_totals": [total(kind, values) for values in of_side.values()],
        "column_totals": [total(kind, values) for values in of_head.values()],
        "total": total(kind, [row[value] for row in rows]),
    }


def _series(rows: Sequence[Row], asked: dict[str, Any]) -> list[list[Any]]:
    points: dict[Any, list[Any]] = {x: [] for x in _keys(rows, asked["x"])}
    for row in rows:
        points[key(row[asked["x"]])].append(row[asked["y"]])
    return [[x, total(asked["total"], points[k])] for k, x in _keys(rows, asked["x"]).items()]


def _top(
    rows: Sequence[Row], plan: Plan, spool: Mapping[str, list[Any]], asked: dict[str, Any]
) -> dict[str, Any]:
    groups = [group["source"] for group in plan["groups"]]
    ranked = [number for number, row in enumerate(rows) if counts(row[asked["by"]])]
    # Sorting keeps the order of ties, and -0.0 ties with 0.0.
    ranked.sort(key=lambda number: order(key(rows[number][asked["by"]])), reverse=not asked["ascending"])
    listed = ranked[: asked["n"]]
    left = [_left(rows, listed, plan, number) for number in range(len(plan["columns"]))]
    others = {"count": len(rows) - len(listed), "values": [*(None for _ in groups), *left]}
    return {
        "fields": [*groups, *spool],
        "rows": [
            [*(rows[number][group] for group in groups), *(column[number] for column in spool.values())]
            for number in listed
        ],
        "others": others if others["count"] else None,
        "total": None,
    }


def _left(rows: Sequence[Row], listed: Sequence[int], plan: Plan, column: int) -> Any:
    """What the listed rows leave of a column's sum, where the report has one; of floats it is rounded."""
    if not any(asked["column"] == column and asked["kind"] == "sum" for asked in plan["totals"]):
        return None
    source = plan["columns"][column]["source"]
    whole = total("sum", [row[source] for row in rows])
    part = total("sum", [rows[number][source] for number in listed])
    if isinstance(whole, Near):
        return OPEN
    if whole is None or part is None:
        return whole
    return WIDE.subtract(whole, part) if isinstance(whole, Decimal) else whole - part
