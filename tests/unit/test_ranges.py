"""Range headers, as RFC 9110 §14 has them."""

from __future__ import annotations

import pytest

from api.problems import RangeNotSatisfiable
from api.ranges import byte_range


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=0-499", range(10)),
        ("bytes=2-4", range(2, 5)),
        ("Bytes= 9-", range(9, 10)),
        ("bytes=-1", range(9, 10)),
        ("bytes=-99", range(10)),
        (None, None),
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=4-2", None),
        ("bytes=0-1,3-4", None),
        ("pages=1-2", None),
        ("bytes=٣-٤", None),
        ("bytes=" + "9" * 40 + "-", None),
    ],
)
def test_a_header_gives_a_range_or_the_whole_file(header: str | None, wanted: range | None) -> None:
    assert byte_range(header, 10) == wanted


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-5", 0)]
)
def test_a_range_outside_the_file_is_not_satisfiable(header: str, size: int) -> None:
    with pytest.raises(RangeNotSatisfiable):
        byte_range(header, size)
