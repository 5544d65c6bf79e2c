"""Account numbers checked, formatted and masked."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING

from bench.techniques.duckdb.session import opened

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

DIGITS = "iban[5:] || iban[:4]"
for number, letter in enumerate(ascii_uppercase, 10):
    DIGITS = f"replace({DIGITS}, '{letter}', '{number}')"
# A BIGINT holds 18 digits whatever they are; what remains of them goes before the next 16.
REST = "digits[:18]::BIGINT % 97"
for place in (19, 35, 51, 67):
    REST = f"({REST} || substr(digits, {place}, 16))::BIGINT % 97"
GROUPS = ", ".join(f"substr(iban, {place}, 4)" for place in range(1, 34, 4))
PRINTED = f"""
SELECT
    regexp_full_match(tidy, '[A-Za-z]{{2}}[0-9]{{2}}[A-Za-z0-9]{{11,30}}') AS formed,
    CASE WHEN formed THEN upper(tidy) END AS iban,
    {DIGITS} AS digits,
    {REST} = 1 AS good,
    CASE WHEN good THEN rtrim(concat_ws(' ', {GROUPS})) END AS formatted,
    CASE WHEN good THEN lpad(right(iban, 4), length(iban)::INTEGER, '*') END AS masked
FROM (SELECT replace(text, ' ', '') AS tidy FROM given)
"""


def account_numbers(table: pa.Table, threads: int) -> Result:
    """Text functions; the remainder in steps of 18 digits."""
    with opened(table, threads) as session:
        printed = session.sql(f"SELECT formatted, masked FROM ({PRINTED})").to_arrow_table()
    return {
        "formatted": printed["formatted"],
        "masked": printed["masked"],
        "invalid": [printed["formatted"].null_count],
    }
