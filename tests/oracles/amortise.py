"""Twin of `rust_core::transform::amortise`."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import TYPE_CHECKING

from tests.oracles import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def amortise(
    rows: Sequence[Row],
    *,
    principal: str,
    rate: str,
    term: str,
    start: str,
    payments_a_year: int = 12,
    method: str = "annuity",
    decimals: int = 2,
    rounding: str = "half_even",
) -> Iterator[Row]:
    def cents(amount: Decimal) -> Decimal:
        rule = ROUND_HALF_EVEN if rounding == "half_even" else ROUND_HALF_UP
        return amount.quantize(Decimal(1).scaleb(-decimals), rounding=rule)

    for row in rows:
        kept = {field: value for field, value in row.items() if field not in (principal, rate, term, start)}
        balance, term_of = cents(Decimal(row[principal])), row[term]
        with localcontext(Context(prec=90)):
            i = Decimal(row[rate]) / payments_a_year
            if method == "linear" or (method == "annuity" and not i):
                level = cents(balance / term_of)
            elif method == "annuity":
                level = cents(balance * i / (1 - (1 + i) ** -term_of))
            for number in range(1, term_of + 1):
                interest = cents(balance * i)
                if number == term_of:
                    part = balance
                elif method == "annuity":
                    part = min(max(level - interest, Decimal(0)), balance)
                else:
                    part = min(level, balance) if method == "linear" else cents(Decimal(0))
                balance -= part
                yield {
                    **kept,
                    "number": number,
                    "due": later(row[start], number * 12 // payments_a_year),
                    "payment": interest + part,
                    "interest": interest,
                    "principal": part,
                    "balance": balance,
                }


def later(day: dt.date, months: int) -> dt.date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
