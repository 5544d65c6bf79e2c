"""Account numbers checked, formatted and masked."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from bench.techniques.kernel import Result

VALUES = {ord(letter): str(10 + place) for place, letter in enumerate(ascii_uppercase)}


def account_numbers(table: pa.Table, _threads: int) -> Result:
    """String methods on Arrow's memory; the remainder of numbers that long is Python's."""
    tidy = table["text"].to_pandas().str.replace(" ", "", regex=False)
    formed = tidy.str.fullmatch("[A-Za-z]{2}[0-9]{2}[A-Za-z0-9]{11,30}")
    iban = tidy[formed].str.upper()
    # Here vectorised methods end: as a list of Python's texts it is faster than as a Series of them.
    good = [text for text in iban.items() if int((text[1][4:] + text[1][:4]).translate(VALUES)) % 97 == 1]
    rows = [row for row, _ in good]
    formatted = [" ".join([text[at : at + 4] for at in range(0, len(text), 4)]) for _, text in good]
    masked = ["*" * (len(text) - 4) + text[-4:] for _, text in good]
    printed = pd.DataFrame({"formatted": formatted, "masked": masked}, rows, dtype="str").reindex(tidy.index)
    return {
        "formatted": pa.array(printed["formatted"], pa.string(), from_pandas=True),
        "masked": pa.array(printed["masked"], pa.string(), from_pandas=True),
        "invalid": [len(tidy) - len(good)],
    }
