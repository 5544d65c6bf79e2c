"""The formulas that tell rows of groups from detail rows."""

from __future__ import annotations

import pytest

from pressroom.definition import TotalKind
from pressroom.plates.sheet_bands import Band, Cell
from pressroom.plates.sheet_guard import other_rows

HEADER = Band("group_header", 0, None, [[{"text": "Region: "}, {"group": 0}], [], []])
DETAIL = Band("detail", None, None, [[{"column": n}] for n in range(3)])
GRAND = Band("grand_total", None, TotalKind.SUM, [[{"text": "Grand total"}], [], [{"total": 0}]])


def subtotal(*cells: Cell) -> Band:
    return Band("subtotal", 0, TotalKind.SUM, list(cells))


@pytest.mark.parametrize(
    ("bands", "types", "formula"),
    [
        ([DETAIL, GRAND], ["text", "text", "integer"], None),
        (
            [HEADER, DETAIL],
            ["text", "text", "integer"],
            'AND(LEFT($A7,8)="Region: ",COUNTA($B7:$C7)=0)',
        ),
        (
            [Band("group_header", 0, None, [[{"text": ""}, {"group": 0}], [], []]), DETAIL],
            ["text", "text", "integer"],
            "COUNTA($B7:$C7)=0",
        ),
        (
            [HEADER, DETAIL, subtotal([{"text": "Total "}, {"group": 0}], [], [{"total": 0}])],
            ["text", "text", "integer"],
            'OR(AND(LEFT($A7,8)="Region: ",COUNTA($B7:$C7)=0),AND(LEFT($A7,6)="Total ",COUNTA($B7)=0))',
        ),
        (
            [DETAIL, subtotal([{"text": 'The "x" '}, {"group": 0}], [], [{"total": 0}])],
            ["text", "text", "integer"],
            'AND(LEFT($A7,8)="The ""x"" ",COUNTA($B7)=0)',
        ),
        (
            [DETAIL, subtotal([], [{"text": "Total "}, {"group": 0}], [{"total": 0}])],
            ["text", "date", "integer"],
            'AND(LEFT($B7,6)="Total ",COUNTA($A7)=0)',
        ),
        (
            [DETAIL, subtotal([{"total": 0}], [{"total": 1}], [{"total": 2}])],
            ["text", "decimal", "integer"],
            "_xlfn.ISFORMULA($B7)",
        ),
        (
            [Band("group_header", 0, None, [[{"text": "Region: "}, {"group": 0}]])],
            ["text"],
            'LEFT($A7,8)="Region: "',
        ),
    ],
)
def test_each_kind_of_band_is_told_by_what_it_writes(
    bands: list[Band], types: list[str], formula: str | None
) -> None:
    assert other_rows(bands, types, 7) == formula
