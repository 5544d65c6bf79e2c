"""`Transform`: a named table that report.yaml has made of rows where SQL can't, one model per kind.

The core reads what `transform_plan` writes (`rust_core::transform::Plan`).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pressroom.errors import BadParameters, DefinitionError
from pressroom.names import NAME_PATTERN, FieldName, Name, Sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MAX_DECIMALS = 18
"""Digits after the point that payments may have."""
FieldNames = tuple[FieldName, ...]


def _day_or_parameter(value: dt.date | str) -> dt.date | str:
    if isinstance(value, dt.date) or re.fullmatch(rf"\${NAME_PATTERN}", value):
        return value
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise ValueError("a date (2024-01-31), or $name of a parameter of type date") from None


DayOrParameter = Annotated[dt.date | str, AfterValidator(_day_or_parameter)]
"""A date, or `$name` of a parameter of the report."""


class _Transform(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    field_keys: ClassVar[tuple[str, ...]] = ("order",)
    """Keys whose values name fields of the SQL."""

    name: Name = Field(description="the table's name, for the SQL of the report and of later transforms")
    sql: Sql = Field(description="one SELECT over the datasets, the sources and earlier transforms")
    order: FieldNames = Field(default=(), description="order of the rows within their partition")

    @property
    def parted_by(self) -> FieldNames:
        """Fields whose values make a partition."""
        return ()

    @property
    def sorted_by(self) -> FieldNames:
        """Fields that order the rows of a partition."""
        return self.order

    def fields(self) -> Iterator[tuple[str, str]]:
        """Each key that names a field of the SQL, and the field."""
        for key in self.field_keys:
            match getattr(self, key):
                case str() as field:
                    yield key, field
                case tuple() as fields:
                    yield from ((f"{key}.{i}", field) for i, field in enumerate(fields))

    def work(self, parameters: Mapping[str, object]) -> dict[str, Any]:
        """The kind's own keys, as the core knows them."""
        del parameters
        return self.model_dump(mode="json", exclude={"name", "kind", "sql", "order", "partition"})


class _Partitioned(_Transform):
    field_keys = ("partition", *_Transform.field_keys)
    partition: FieldNames = Field(default=(), description="rows with the same values here belong together")

    @property
    def parted_by(self) -> FieldNames:
        return self.partition


class RunningBalance(_Partitioned):
    """The balance after each row: `amount`, or `debit` less `credit`, added up."""

    field_keys = (*_Partitioned.field_keys, "amount", "debit", "credit", "opening")
    kind: Literal["running_balance"]
    amount: FieldName | None = None
    debit: FieldName | None = None
    credit: FieldName | None = None
    opening: FieldName | None = Field(
        default=None, description="its value in a partition's first row is the balance before that row"
    )

    @model_validator(mode="after")
    def _something_to_add(self) -> Self:
        if (self.amount is None) == (self.debit is None and self.credit is None):
            raise ValueError("running_balance needs amount, or debit and credit")
        return self


class FifoLots(_Partitioned):
    """Sales matched with the lots that were bought before; the table has a row per match and per open lot."""

    field_keys = (*_Partitioned.field_keys, "quantity", "price", "fee", "date")
    kind: Literal["fifo_lots"]
    quantity: FieldName = Field(description="bought where positive, sold where negative")
    price: FieldName = Field(description="the price of one")
    fee: FieldName | None = Field(default=None, description="raises costs, lowers proceeds")
    date: FieldName | None = Field(default=None, description="gives the days that a lot was held")
    method: Literal["fifo", "lifo", "average"] = "fifo"
    short: Literal["error", "zero_cost", "open"] = Field(
        default="error", description="what a sale without lots is"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.method == "average" and self.short == "open":
            raise ValueError(
                "an average cost has no open short positions: say short: error or short: zero_cost"
            )
        return self


class Aging(_Partitioned):
    """What is open at a day and how long it has been due; payments settle the oldest items first."""

    field_keys = (*_Partitioned.field_keys, "due", "amount")
    kind: Literal["aging"]
    as_of: DayOrParameter = Field(description="a date, or $parameter")
    due: FieldName
    amount: FieldName = Field(description="an item where positive, a payment where negative")
    buckets: Annotated[tuple[int, ...], Field(min_length=1, max_length=100)] = Field(
        default=(0, 30, 60, 90), description="the last day overdue of each bucket; one more takes the rest"
    )
    labels: tuple[str, ...] | None = Field(default=None, description="a name for each bucket")
    unapplied: str = Field(default="unapplied", description="the bucket of what payments have left")
    allocate: bool = Field(default=True, description="payments settle the oldest items of their partition")

    @property
    def sorted_by(self) -> FieldNames:
        """The oldest item first."""
        return (self.due, *self.order)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if any(a >= b for a, b in pairwise(self.buckets)):
            raise ValueError(f"buckets: the days must rise: {list(self.buckets)}")
        if self.labels is not None and len(self.labels) != len(self.buckets) + 1:
            raise ValueError(
                f"labels: {len(self.buckets)} days make {len(self.buckets) + 1} buckets, "
                f"and there are {len(self.labels)} labels"
            )
        return self

    def work(self, parameters: Mapping[str, object]) -> dict[str, Any]:
        """See `_Transform.work`."""
        return {
            **super().work(parameters),
            "as_of": _day(self.as_of, parameters).isoformat(),
            "labels": self.labels or _bucket_names(self.buckets),
        }


class Amortise(_Transform):
    """The payments of loans: a loan per row of the SQL, a payment per row of the table."""

    field_keys = (*_Transform.field_keys, "principal", "rate", "term", "start")
    kind: Literal["amortise"]
    principal: FieldName
    rate: FieldName = Field(description="interest of a year: 0.05 is five per cent")
    term: FieldName = Field(description="number of payments")
    start: FieldName = Field(description="the first payment is due one period after this day")
    period: Literal["monthly", "quarterly", "yearly"] = "monthly"
    method: Literal["annuity", "linear", "bullet"] = "annuity"
    decimals: Annotated[int, Field(ge=0, le=MAX_DECIMALS)] = Field(
        default=2, description="digits after the point that payments are rounded to"
    )
    rounding: Literal["half_even", "half_up"] = "half_even"

    def work(self, parameters: Mapping[str, object]) -> dict[str, Any]:
        """See `_Transform.work`."""
        work = super().work(parameters)
        work["payments_a_year"] = {"monthly": 12, "quarterly": 4, "yearly": 1}[work.pop("period")]
        return work


class RollUp(_Partitioned):
    """Totals of everything below each row of a tree, of any depth."""

    field_keys = (*_Partitioned.field_keys, "id", "parent", "values")
    kind: Literal["roll_up"]
    id: FieldName
    parent: FieldName = Field(description="the id of the row above; none at a root")
    values: Annotated[FieldNames, Field(max_length=1_000)] = ()
    orphans: Literal["error", "root"] = Field(
        default="error", description="what a row is whose parent is not there"
    )


class Reconcile(_Transform):
    """Two ledgers matched one to one, by key, amount and date."""

    field_keys = (*_Transform.field_keys, "key", "side", "date", "amount")
    kind: Literal["reconcile"]
    key: Annotated[FieldNames, Field(min_length=1)] = Field(description="fields that matched rows share")
    side: FieldName = Field(description="the field that tells the ledgers apart")
    sides: tuple[str, str] = Field(default=("left", "right"), description="its values: left, right")
    date: FieldName
    amount: FieldName
    amount_tolerance: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] = Decimal(0)
    date_tolerance: Annotated[int, Field(ge=0, le=36_500)] = Field(default=0, description="days")

    @property
    def parted_by(self) -> FieldNames:
        """Only rows of one key match."""
        return self.key

    @property
    def sorted_by(self) -> FieldNames:
        """By date and amount."""
        return (self.date, self.amount, *self.order)

    @model_validator(mode="after")
    def _two_sides(self) -> Self:
        if self.sides[0] == self.sides[1]:
            raise ValueError(f"sides: left and right are both {self.sides[0]!r}")
        if self.side in self.key:
            raise ValueError(f"key: {self.side!r} tells the ledgers apart, so no rows of both share it")
        return self

    def work(self, parameters: Mapping[str, object]) -> dict[str, Any]:
        """See `_Transform.work`."""
        work = super().work(parameters)
        del work["key"]
        return {**work, "amount_tolerance": f"{self.amount_tolerance:f}"}


Transform = Annotated[
    RunningBalance | FifoLots | Aging | Amortise | RollUp | Reconcile, Field(discriminator="kind")
]


def transform_plan(transform: Transform, parameters: Mapping[str, object], time_zone: str | None) -> str:
    """The JSON that `rust_core.transform` reads; a change here is a change of `transform/plan.rs`.

    Raises `BadParameters` when a parameter that the transform needs has no date.
    """
    return json.dumps(
        {
            "name": transform.name,
            "partition": transform.parted_by,
            "time_zone": time_zone,
            "kind": {transform.kind: transform.work(parameters)},
        }
    )


def row_order(transform: Transform, key: str, fields: Sequence[str]) -> list[str]:
    """The fields that order the transform's rows, after a look that all it names are among `fields`.

    `key` is the transform's place in report.yaml. Raises `DefinitionError`.
    """
    for place, field in transform.fields():
        if field not in fields:
            raise DefinitionError(
                f"report.yaml: {key}.{place}: unknown field {field!r}",
                hint=f"its SQL gives: {', '.join(fields)}",
            )
    return list(dict.fromkeys((*transform.parted_by, *transform.sorted_by)))


def _day(day: dt.date | str, parameters: Mapping[str, object]) -> dt.date:
    if isinstance(day, dt.date):
        return day
    value = parameters.get(day.removeprefix("$"))
    if isinstance(value, dt.datetime):
        return value.date()
    if not isinstance(value, dt.date):
        raise BadParameters(
            f"parameter {day.removeprefix('$')!r}: the report needs a date, and there is {value!r}"
        )
    return value


def _bucket_names(buckets: Sequence[int]) -> list[str]:
    """`not due, 1-30, 31-60, over 60` of 0, 30, 60."""
    names = ["not due" if buckets[0] == 0 else f"up to {buckets[0]}"]
    for before, last in pairwise(buckets):
        first, to = before + 1, "-" if before >= 0 else " to "
        names.append(str(last) if first == last else f"{first}{to}{last}")
    return [*names, f"over {buckets[-1]}"]
