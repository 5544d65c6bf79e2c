"""pandas: texts that come again as categories, decimals as floats, because it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bench.crunch.answers import Answers, extent, number, table
from bench.crunch.forms import ARROW, CSV, GROUPS, ORDER, TYPES

if TYPE_CHECKING:
    from pathlib import Path

AGAIN = ("customer", "city", "kind")
FIGURES = {
    "customers": ("customer", "nunique"),
    "quantities": ("quantity", "sum"),
    "product": ("product", "sum"),
    "sum": ("amount", "sum"),
    "average": ("amount", "mean"),
    "least": ("amount", "min"),
    "most": ("amount", "max"),
    "count": ("amount", "count"),
    "median": ("amount", "median"),
}
ARROW_TYPES = {
    "INTEGER": pa.int32(),
    "DATE": pa.date32(),
    "VARCHAR": pa.string(),
    "DECIMAL(12,2)": pa.float64(),
}


class Engine:
    """pandas works on one thread; Arrow reads files for it on all it has."""

    def __init__(self, threads: int, folder: Path) -> None:
        pa.set_cpu_count(threads)
        self._ledger = pd.DataFrame()

    def take(self, table: Any) -> None:
        """A frame, its repeated texts as categories."""
        self._ledger = _frame(table)

    def open(self, form: str, path: Path) -> None:
        """A frame of the whole file."""
        if form == CSV:
            types = {name: ARROW_TYPES[kind] for name, kind in TYPES.items()}
            options = pyarrow.csv.ConvertOptions(column_types=types)
            self._ledger = _frame(pyarrow.csv.read_csv(path, convert_options=options))
        else:
            self._ledger = _frame(pq.read_table(path))

    def answer(self, form: str) -> dict[str, Any]:
        """Group by group; rows from files also in the report's order."""
        ledger = self._ledger
        # Arrow in memory has the report's order already: its rows lack the running sums only.
        rows = ledger if form == ARROW else ledger.sort_values(ORDER.split(", "))
        running = rows.groupby(list(GROUPS), observed=True, sort=False)["amount"].cumsum()
        # All that tie with the last, so that their order decides.
        largest = ledger.nlargest(20, "amount", keep="all")
        ranked = largest.sort_values(["amount", *ORDER.split(", ")], ascending=[False, True, True, True])
        return {
            **self.totals(),
            "kinds": ledger.pivot_table(
                "amount", "city", "kind", "sum", margins=True, margins_name="", observed=True
            ),
            "largest": ranked["entry"].head(20),
            "days": ledger.groupby("booked")["amount"].sum(),
            "columns": {name: _extent(ledger[name]) for name in TYPES},
            "rows": rows.assign(running=running) if form != ARROW else running.to_frame("running"),
        }

    def totals(self) -> dict[str, Any]:
        """All rows, then each level's groups."""
        priced = self._ledger.assign(product=self._ledger["price"] * self._ledger["quantity"])
        return {
            "report": [priced[column].agg(kind) for column, kind in FIGURES.values()],
            "cities": _of(priced, ["city"]),
            "accounts": _of(priced, list(GROUPS)),
        }

    def written(self, found: dict[str, Any]) -> Answers:
        """The frames' rows."""
        report = dict(zip(FIGURES, found["report"], strict=True))
        kinds = found["kinds"].stack().dropna()
        running = found["rows"]["running"]
        return Answers(
            report=_figures(report),
            cities={str(city): _figures(row) for city, row in found["cities"].iterrows()},
            accounts=table([(*keys, *_figures(row)) for keys, row in found["accounts"].iterrows()], 2),
            kinds=table([(city or None, kind or None, value) for (city, kind), value in kinds.items()], 2),
            largest=found["largest"].tolist(),
            days=table([(day.date(), value) for day, value in found["days"].items()], 1),
            columns={name: extent(*values) for name, values in found["columns"].items()},
            running=[len(running), float(running.sum())],
        )


def _frame(table: Any) -> Any:
    schema = table.schema
    for place, name in enumerate(table.column_names):
        if name in AGAIN:
            schema = schema.set(place, pa.field(name, pa.dictionary(pa.int32(), pa.string())))
        elif pa.types.is_decimal(schema.field(place).type):
            schema = schema.set(place, pa.field(name, pa.float64()))
    frame = table.cast(schema).to_pandas(date_as_object=False, split_blocks=True)
    for name in AGAIN:
        # Ordered, so that the least and the most are those of the texts.
        ordered = frame[name].cat.reorder_categories(sorted(frame[name].cat.categories), ordered=True)
        frame[name] = ordered
    return frame


def _of(frame: Any, keys: list[str]) -> Any:
    return frame.groupby(keys, observed=True).agg(**FIGURES)


def _figures(row: Any) -> list[float]:
    """The figures in their order, the mean price from what was summed."""
    price = row["product"] / row["quantities"]
    return [
        number(price if name == "product" else row[name])
        for name in ("customers", "quantities", "product", *list(FIGURES)[3:])
    ]


def _extent(column: Any) -> tuple[int, Any, Any, int | None]:
    texts = TYPES[str(column.name)] == "VARCHAR"
    words = pd.Series(column.cat.categories) if texts and column.name in AGAIN else column
    chars = int(words.str.len().max()) if texts else None
    least, most = column.min(), column.max()
    if TYPES[str(column.name)] == "DATE":
        least, most = least.date(), most.date()
    return int(column.count()), least, most, chars
