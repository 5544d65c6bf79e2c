"""Account numbers checked, formatted and masked."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.techniques.kernel import Result

LETTERS = list(ascii_uppercase)
NUMBERS = [str(10 + place) for place in range(26)]


def account_numbers(table: pa.Table, _threads: int) -> Result:
    """Text expressions; the remainder in two steps of 128 bits."""
    tidy, iban, digits, begun = (pl.col(name) for name in ("tidy", "iban", "digits", "begun"))
    good, groups = pl.when(pl.col("rest") == 1), [iban.str.slice(at, 4) for at in range(0, 34, 4)]
    printed = (
        pl.from_arrow(table.select(["text"]))
        .lazy()
        .select(tidy=pl.col("text").str.replace_all(" ", "", literal=True))
        .select(
            iban=pl.when(tidy.str.contains("^[A-Za-z]{2}[0-9]{2}[A-Za-z0-9]{11,30}$")).then(
                tidy.str.to_uppercase()
            )
        )
        .with_columns(digits=(iban.str.slice(4) + iban.str.head(4)).str.replace_many(LETTERS, NUMBERS))
        # 128 bits hold 36 digits whatever they are; what remains of them goes before the rest.
        .with_columns(begun=digits.str.head(36).cast(pl.Int128) % 97)
        .with_columns(rest=(begun.cast(pl.String) + digits.str.slice(36)).cast(pl.Int128) % 97)
        .select(
            formatted=good.then(pl.concat_str(groups, separator=" ").str.strip_chars_end(" ")),
            masked=good.then(iban.str.tail(4).str.pad_start(iban.str.len_bytes(), "*")),
        )
        .collect()
    )
    return {
        "formatted": printed["formatted"].to_arrow(),
        "masked": printed["masked"].to_arrow(),
        "invalid": [printed["formatted"].null_count()],
    }
