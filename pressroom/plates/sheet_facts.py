"""`ReportFacts`: what a workbook design knows of the report, true row counts and ranges included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import xl_col_to_name

from pressroom.errors import TemplateFailed
from pressroom.plates.sheet_names import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    import rust_core
    from pressroom.definition import ReportDefinition
    from pressroom.plan import Plan
    from pressroom.plates.worksheet import Sheet

MAX_ROWS = 1_048_576


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """The `report` of `design(workbook, sheet, report)`."""

    definition: ReportDefinition
    plan: Plan
    parameters: Mapping[str, object]
    summary: dict[str, Any]
    crunched: rust_core.Crunched

    @property
    def title(self) -> str:
        """The report's title."""
        return self.definition.title

    @property
    def rows(self) -> int:
        """Detail rows."""
        return int(self.summary["rows"])

    def groups(self, level: int = 0, limit: int = 10_000) -> list[dict[str, Any]]:
        """The first `limit` groups of a level: `key`, `first_row` (of the detail rows), `rows`, `totals`."""
        return self.crunched.groups(level, limit)

    def body_rows(self, sheet: Sheet) -> int:
        """True rows of the sheet between its header and its grand total, group rows included."""
        bands = [band for band in sheet.bands if band.level is not None]
        counts = [int(level["groups"]) for level in self.summary["levels"]]
        return max(1, self.rows + sum(counts[band.level] for band in bands if band.level is not None))

    def first_row(self, sheet: Sheet) -> int:
        """Row number, as Excel shows it, of the first row below the header."""
        return sheet.first_row + 1

    def last_row(self, sheet: Sheet) -> int:
        """Row number, as Excel shows it, of the last body row (of the first sheet, where rows go on)."""
        return min(sheet.first_row + self.body_rows(sheet), MAX_ROWS)

    def range(self, sheet: Sheet, field: str) -> str:
        """The true range of a column, for charts and formulas on any sheet: `'Sales'!$C$5:$C$90210`.

        Rows of groups stand in it too: `SUBTOTAL` leaves out the live totals among them (sum, avg, min, max,
        count), and no others.
        Raises `TemplateFailed` for a column that the sheet does not have.
        """
        column = xl_col_to_name(sheet.column(field), col_abs=True)
        return f"{quoted(sheet.name)}!{column}${self.first_row(sheet)}:{column}${self.last_row(sheet)}"

    def crosstab(self, name: str) -> dict[str, Any]:
        """A crosstab of the definition: keys, cells, totals."""
        found: dict[str, Any] = self._named("crosstabs", name)
        return found

    def top(self, name: str) -> dict[str, Any]:
        """A top-N list of the definition: `fields`, `rows`, `others` (`count`, `values`), `total` of keys."""
        found: dict[str, Any] = self._named("tops", name)
        return found

    def series(self, name: str) -> list[list[Any]]:
        """A chart's points `[x, y]`, in the order of x."""
        points: list[list[Any]] = self._named("series", name)
        return points

    def _named(self, kind: str, name: str) -> Any:  # noqa: ANN401 - a dictionary or a list, by kind
        known = self.summary[kind]
        if name not in known:
            raise TemplateFailed(
                f"the report has no {kind} named {name!r}", hint=f"it has: {', '.join(known) or 'none'}"
            )
        return known[name]
