"""Account numbers checked, formatted and masked."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from bench.techniques.kernel import Result

TIDY = str.maketrans(ascii_lowercase, ascii_uppercase, " ")
VALUES = {ord(letter): str(10 + i) for i, letter in enumerate(ascii_uppercase)}


def account_numbers(table: pa.Table, _threads: int) -> Result:
    """IBANs in groups of four and masked, both null where ISO 13616's check fails; how many failed."""
    formatted: list[str | None] = []
    masked: list[str | None] = []
    invalid = 0
    for text in table["text"].to_pylist():
        iban = text.translate(TIDY)
        size = len(iban)
        if (
            15 <= size <= 34
            and iban.isascii()
            and iban.isalnum()
            and iban[:2].isalpha()
            and iban[2:4].isdigit()
            and int((iban[4:] + iban[:4]).translate(VALUES)) % 97 == 1
        ):
            formatted.append(" ".join([iban[at : at + 4] for at in range(0, size, 4)]))
            masked.append("*" * (size - 4) + iban[-4:])
        else:
            formatted.append(None)
            masked.append(None)
            invalid += 1
    return {
        "formatted": pa.array(formatted, pa.string()),
        "masked": pa.array(masked, pa.string()),
        "invalid": pa.array([invalid], pa.int64()),
    }
