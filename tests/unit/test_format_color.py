"""Colours of number formats for the rows that WeasyPrint draws; the core's own test has the same cases."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

import rust_core
from pressroom.plates.format_color import Color, format_color

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 128, 0)


@pytest.mark.parametrize(
    ("code", "value", "color"),
    [
        ("#,##0;[Red]-#,##0", 5, None),
        ("#,##0;[Red]-#,##0", -5, RED),
        ("#,##0;[Red]-#,##0", Decimal("-0.5"), RED),
        ("[Blue]0;[Red]-0;0;[Color 10]@", 1, BLUE),
        ("[Blue]0;[Red]-0;0;[Color 10]@", -1, RED),
        ("[Blue]0;[Red]-0;0;[Color 10]@", 0, None),
        ("[Blue]0;[Red]-0;0;[Color 10]@", "x", GREEN),
        ("[Blue]0;[Red]-0;0;[Color 10]@", None, None),
        ("[Red][>100]0;0", 101, RED),
        ("[Red][>100]0;0", 100, None),
        ("[Red][>100]0", 5, None),
        ("[Red]0", -1, RED),
        ("[Red]0", True, None),
        ("[Red]0", float("nan"), None),
        ("[Blue]yyyy-mm-dd", dt.date(2024, 1, 2), BLUE),
        ('0;"[Red]"-0', -1, None),
        ("0;\\[-0", -1, None),
        ("[Red]@", "x", RED),
        ("[RED]General", 1.5, RED),
        ("[$€-407] 0", 1, None),
    ],
)
def test_a_value_gets_the_colour_of_its_section(code: str, value: object, color: Color | None) -> None:
    assert format_color(code, value, rust_core.format_value) == color
