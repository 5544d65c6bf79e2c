"""Pressroom: the report's definition, its sources and its core, as a job runs them."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rust_core
from bench.crunch.answers import Answers, extent, number, table
from bench.crunch.forms import ARROW, TYPES
from pressroom.plan import make_plan
from pressroom.reports import open_report
from pressroom.sources.dataset import Dataset
from pressroom.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pressroom.definition import ReportDefinition
    from rust_core._rust_core import ArrowStream

REPORT = Path(__file__).with_name("ledger")
TOTALS_ONLY: dict[str, Any] = {"crosstabs": (), "tops": (), "charts": ()}
MEMORY_BYTES = 1 << 30


class Engine:
    """The crunch of a report; it leaves the rows with their running sums in a spool on the disk."""

    def __init__(self, threads: int, folder: Path) -> None:
        self._report = open_report(str(REPORT), ())
        self._threads = threads
        self._folder = folder
        self._table: Any = None
        self._datasets: list[Dataset] = []

    def take(self, table: Any) -> None:
        """As it is."""
        self._table = table

    def open(self, form: str, path: Path) -> None:
        """A job's dataset; it is read while it is crunched."""
        self._datasets = [Dataset("ledger", path, form)]

    def answer(self, form: str) -> rust_core.Crunched:
        """One pass."""
        if form == ARROW:
            return self._crunched(self._table, list(TYPES), self._report.definition)
        source = Source(
            self._report,
            self._datasets,
            {},
            threads=self._threads,
            memory_limit_bytes=MEMORY_BYTES,
            spill=self._folder,
        )
        with source:
            return self._crunched(source.stream(), source.fields, self._report.definition)

    def totals(self) -> rust_core.Crunched:
        """A report of the columns that have totals."""
        asked = self._report.definition
        columns = [column.model_copy(update={"running": None}) for column in asked.columns if column.total]
        definition = asked.model_copy(update={"columns": tuple(columns), **TOTALS_ONLY})
        return self._crunched(self._table, list(TYPES), definition)

    def _crunched(
        self, rows: ArrowStream, fields: list[str], definition: ReportDefinition
    ) -> rust_core.Crunched:
        plan = make_plan(definition, fields)
        spool = self._folder / "spool.arrow"
        found = rust_core.crunch(rows, plan.to_json(), str(spool), rust_core.JobControl(self._threads))
        # Its map keeps the file; without a name it goes with the answer.
        spool.unlink()
        return found

    def written(self, found: rust_core.Crunched) -> Answers:
        """The summary, and all groups."""
        summary = found.summary()
        cities, accounts = (found.groups(level, found.rows) for level in range(2))
        starts = [city["first_row"] for city in cities]
        kinds, largest = summary["crosstabs"]["kinds"], summary["tops"]["largest"]
        entry = largest["fields"].index("entry")
        count, cents = found.control["running:amount"]
        return Answers(
            report=[number(value) for value in summary["totals"]],
            cities=table([(city["key"], *city["totals"]) for city in cities], 1),
            accounts=table(
                [
                    (cities[bisect_right(starts, g["first_row"]) - 1]["key"], g["key"], *g["totals"])
                    for g in accounts
                ],
                2,
            ),
            kinds=table(_crosstab(kinds), 2),
            largest=[row[entry] for row in largest["rows"]],
            days=table(summary["series"]["days"], 1),
            columns={
                column["name"]: extent(
                    found.rows - column["nulls"],
                    column["min"],
                    column["max"],
                    column["max_chars"] if column["type"] == "text" else None,
                )
                for column in summary["columns"]
                if column["name"] in TYPES
            },
            running=[count, (cents or 0) / 100],
        )


def _crosstab(crosstab: dict[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Its cells, and its totals on both sides under the empty key."""
    rows = zip(
        [*crosstab["row_keys"], None],
        [*crosstab["cells"], crosstab["column_totals"]],
        [*crosstab["row_totals"], crosstab["total"]],
        strict=True,
    )
    for row, cells, total in rows:
        for column, value in zip([*crosstab["column_keys"], None], [*cells, total], strict=True):
            if value is not None:
                yield row, column, value
