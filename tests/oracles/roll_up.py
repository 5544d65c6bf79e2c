"""Twin of `rust_core::transform::roll_up`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tests.oracles import Refused, Row, exact, partitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def roll_up(
    rows: Sequence[Row],
    *,
    id: str,  # noqa: A002 - the key of report.yaml
    parent: str,
    values: Sequence[str] = (),
    orphans: str = "error",
    partition: Sequence[str] = (),
) -> Iterator[Row]:
    for run in partitions(rows, partition):
        ids = [row[id] for row in run]
        if None in ids or len(set(ids)) < len(ids):
            raise Refused("an id is missing or comes twice")
        if orphans == "error" and any(row[parent] not in (None, *ids) for row in run):
            raise Refused("a parent is not there")
        children: dict[Any, list[Row]] = {key: [] for key in [None, *ids]}
        for row in run:
            children[row[parent] if row[parent] in children else None].append(row)
        table: list[Row] = []

        def visit(row: Row, depth: int, children: dict[Any, list[Row]], table: list[Row]) -> None:
            node = {**row, "depth": depth, "position": len(table) + 1}
            table.append(node)
            for child in children[row[id]]:
                visit(child, depth + 1, children, table)
            below = table[node["position"] - 1 :]
            node["nodes"] = len(below)
            node["leaves"] = sum(not children[other[id]] for other in below)
            for value in values:
                own = [exact(other[value] or 0) for other in below]
                floats = any(isinstance(number, float) for number in own)
                node[f"total_{value}"] = math.fsum(own) if floats else sum(own)

        for root in children[None]:
            visit(root, 0, children, table)
        if len(table) < len(run):
            raise Refused("a cycle")
        yield from table
