"""Statistics of texts, whether a column's values are numbered to its end or stop being so half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.unit.crunch_runs import crunch

if TYPE_CHECKING:
    from pathlib import Path

# 200,000 rows: batches of 122,880 and the rest, so that what closes a book may come with either.
COLUMNS = {
    # Few, to the end; ä and 東 are longer in bytes than in characters.
    "few": "['b', 'äää', '東京都庁', NULL, '', 'zz'][1 + i % 6]",
    # More than 65,536, soon and late.
    "soon": "'row ' || i * 7919 % 200003",
    "late": "CASE WHEN i < 122880 THEN 'same ' || i % 100 ELSE 'other ' || i END",
    # Few, but of more than 16 MiB.
    "long": "repeat(chr(200 + (i % 11)::INTEGER), (i % 4000)::INTEGER)",
    # The least, the most and the longest come before the book closes, and then again.
    "ends": "CASE i WHEN 0 THEN '!' WHEN 1 THEN '~~~~ of the longest' WHEN 199999 THEN '!' ELSE 'k' || i END",
}


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", COLUMNS)
def test_a_columns_statistics_are_those_of_all_its_texts(tmp_path: Path, name: str, threads: int) -> None:
    connection = duckdb.connect()
    rows = connection.sql(f"SELECT {COLUMNS[name]} AS t FROM range(200000) r(i)")
    # Printed twice, and once as it is not plain text: each has statistics of its own.
    columns = [{"name": f"t{number}", "source": "t"} for number in range(2)]
    columns.append({"name": "marked", "source": "t", "format": '"<"@">"'})
    found = crunch(rows, {"columns": columns}, tmp_path, threads).summary()["columns"]
    nulls, least, most, chars, mean, distinct, bytes_ = (
        connection.execute(
            "SELECT count(*) - count(t), min(t), max(t), max(length(t)), avg(length(t)), count(DISTINCT t),"
            " (SELECT sum(strlen(t)) FROM (SELECT DISTINCT t FROM rows)) FROM rows"
        ).fetchone()
        or ()
    )
    assert found[0] | {"name": ""} == found[1] | {"name": ""}
    for column in found:
        assert (column["nulls"], column["min"], column["max"]) == (nulls, least, most)
        assert column["distinct"] == (distinct if distinct <= 65_536 and bytes_ <= 16 << 20 else None)
    plain = found[0]
    assert plain["max_chars"] == chars
    assert plain["mean_chars"] == pytest.approx(mean, rel=1e-6)
    longest = connection.execute(
        "SELECT t FROM (SELECT t, min(i) AS first FROM (SELECT row_number() OVER () AS i, t FROM rows)"
        " WHERE t IS NOT NULL GROUP BY t) ORDER BY length(t) DESC, first LIMIT 8"
    ).fetchall()
    assert plain["longest"] == [text for (text,) in longest]
