"""A small report and what its crunch would give, for tests of the page's design."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pressroom.definition import ReportDefinition
from pressroom.plan import Plan, make_plan
from pressroom.plates.page import PageDesign
from pressroom.reports import Report

if TYPE_CHECKING:
    from pathlib import Path

    from pressroom.plates.cache import PlateCache

DEFINITION: dict[str, Any] = {
    "name": "sales",
    "title": "Sales by region",
    "description": "What was sold, where",
    "data": {"sql": "SELECT * FROM dataset"},
    "columns": [
        {"field": "day", "label": "Date", "format": "yyyy-mm-dd"},
        {"field": "article", "label": "Article"},
        {"field": "pieces", "label": "Pieces", "format": "#,##0", "total": ["sum", "avg"]},
        {"field": "amount", "label": "Amount", "format": "#,##0.00", "total": ["sum", "avg"]},
    ],
    "groups": [{"field": "region", "label": "Region", "bookmark": True}, {"field": "shop", "label": "Shop"}],
    "crosstabs": [{"name": "months", "rows": "region", "columns": "day", "value": "amount"}],
    "tops": [
        {"name": "best", "by": "amount", "n": 3},
        {"name": "shops", "of": "shop", "by": "amount", "n": 1},
    ],
    "charts": [{"name": "regions", "kind": "bar", "x": "region", "y": {"field": "amount"}}],
}
FIELDS = ["day", "article", "pieces", "amount", "region", "shop"]
NOON = dt.datetime(2026, 1, 2, 12, 0, tzinfo=dt.UTC)


def write_value(code: str, value: object) -> str:
    """Enough of number formats for the sample."""
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal) and "#,##0" in code:
        return f"{value:,.{2 if '.00' in code else 0}f}"
    return str(value)


class SampleCrunched:
    """The crunch of a few rows; `empty` has none."""

    def __init__(self, *, empty: bool = False) -> None:
        self.empty = empty
        self.rows = 0 if empty else 12_345

    def summary(self) -> dict[str, Any]:
        some: dict[str, Any] = {
            "nulls": 0,
            "distinct": 9,
            "min": None,
            "max": None,
            "max_chars": 10,
            "mean_chars": 8.0,
        }
        longest = [
            ["2026-01-01"],
            ["A remarkably long article name that wraps", "Lamp"],
            ["1,234"],
            ["1,234,567.89", "9.99"],
        ]
        kinds = ["date", "text", "integer", "decimal"]
        names = ["day", "article", "pieces", "amount"]
        totals = [4321, 12.5, Decimal("98765432.10"), Decimal("123.45")]
        days = [dt.date(2026, 1, 1), dt.date(2026, 2, 1)]
        return {
            "rows": self.rows,
            "columns": [
                {"name": n, "type": t, **some, "longest": [] if self.empty else texts}
                for n, t, texts in zip(names, kinds, longest, strict=True)
            ],
            "totals": [None] * 4 if self.empty else totals,
            "levels": [self.level(0 if self.empty else 2), self.level(0 if self.empty else 5)],
            "crosstabs": {
                "months": {
                    "row_keys": [] if self.empty else ["North", "<South>"],
                    "column_keys": [] if self.empty else days,
                    "cells": [] if self.empty else [[1, 2], [3, None]],
                    "row_totals": [] if self.empty else [3, 3],
                    "column_totals": [] if self.empty else [4, 2],
                    "total": None if self.empty else 6,
                }
            },
            "tops": {
                "best": {
                    "fields": ["region", "shop", *names],
                    "rows": [] if self.empty else [["North", "Oslo", days[0], "Lamp", 3, Decimal("99.50")]],
                    "others": None,
                    "total": None,
                },
                "shops": {
                    "fields": ["shop", "amount"],
                    "rows": [] if self.empty else [["<Oslo>", Decimal("60.00")]],
                    "others": None if self.empty else {"count": 1234, "values": [None, Decimal(20)]},
                    "total": None if self.empty else Decimal(80),
                },
            },
            "series": {"regions": [] if self.empty else [["North", Decimal(60)], ["South", Decimal(40)]]},
        }

    @staticmethod
    def level(groups: int) -> dict[str, Any]:
        values = [3, 4.5, Decimal("1.10"), Decimal("9.90")] if groups else [None] * 4
        longest, rows = ("Bergen", 100) if groups else ("", 0)
        return {
            "groups": groups,
            "lowest": values,
            "highest": values,
            "longest": longest,
            "most_rows": rows,
        }

    def groups(self, level: int, limit: int) -> list[dict[str, Any]]:
        if self.empty:
            return []
        keys = [["North", "South"], ["Oslo", "Bergen", "Rome", "Naples", "Bari"]][level]
        return [{"key": k, "first_row": 0, "rows": 100, "totals": [1, 2, 3, 4]} for k in keys][:limit]


def sample_plan(**changes: object) -> Plan:
    return make_plan(ReportDefinition.model_validate({**DEFINITION, **changes}), FIELDS)


def sample_design(
    folder: Path,
    template: str | None = None,
    *,
    empty: bool = False,
    cache: PlateCache | None = None,
    **changes: object,
) -> PageDesign:
    folder.mkdir(parents=True, exist_ok=True)
    if template is not None:
        (folder / "report.html").write_text(template, encoding="utf-8")
    plan = sample_plan(**changes)
    report = Report(folder, plan.definition)
    crunched = SampleCrunched(empty=empty)
    return PageDesign(
        report, plan, crunched, {"since": None}, cache, clock=lambda: NOON, format_value=write_value
    )
