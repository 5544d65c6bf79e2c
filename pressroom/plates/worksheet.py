"""`Sheet`: the worksheet that takes the rows, as a workbook design sees it.

A design works on a specimen: header, then one template row per band. Positions that are given to XlsxWriter
for this worksheet (conditional formats, filters, print areas) are those of the specimen, from `Sheet.body()`;
the Rust core stretches them over the true rows. Positions in formulas and charts are true ones, from
`report.range()`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from xlsxwriter.utility import xl_rowcol_to_cell

from pressroom.definition import Show, TotalKind
from pressroom.errors import TemplateFailed
from pressroom.plates import sheet_bands
from pressroom.plates.sheet_rules import add_looks
from pressroom.plates.sheet_styles import LINK, RIGHT, TYPE_FORMATS, Style, band_style
from rust_core import format_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from pressroom.plan import Plan
    from pressroom.plates.sheet_bands import Band
    from pressroom.rules import Rule

MIN_WIDTH, MAX_WIDTH = 6.0, 60.0
MAX_HEADER_ROW = 1_048_576
FILTER_BUTTON = 3.0
"""Characters that the filter's button takes in the header."""
ICON = 3
"""Characters that an icon takes in its cell."""
TABLE_STYLE = "Table Style Medium 2"
MEANS = (TotalKind.AVG, TotalKind.MEDIAN, TotalKind.P90, TotalKind.WEIGHTED_AVG)
"""Totals with more decimals than the values that they are made of."""
KINDS = ("header", "group_header", "detail", "subtotal", "grand_total")


class CellTaken(TemplateFailed):
    """A design wrote where the rows go, in this line of its workbook.py."""

    def __init__(self, message: str, *, line: int | None) -> None:
        super().__init__(
            message, hint="sheet.style() and sheet.width() shape the rows; own cells stand above or below"
        )
        self.line = line


class Sheet:
    """The `sheet` of `design(workbook, sheet, report)`."""

    def __init__(self, workbook: Workbook, worksheet: Worksheet, plan: Plan, summary: dict[str, Any]) -> None:
        self.workbook = workbook
        self.worksheet = worksheet
        self.name: str = worksheet.get_name()
        self.header_row = 3
        """Row of the column headings, from 0; what stands above is the design's own."""
        self.row_heights: dict[str, float] = {"header": 30, "group_header": 20, "grand_total": 20}
        """Heights in points by kind of band; others have Excel's default."""
        self.plan = plan
        columns = {column.name: column.definition for column in plan.columns if not column.made}
        self.rules: dict[str, tuple[Rule, ...]] = {f: c.rules for f, c in columns.items() if c.rules}
        """Rules by field; a design may change them, and the next five."""
        self.shows: dict[str, Show | str] = {f: c.show for f, c in columns.items() if c.show}
        self.links: dict[str, str] = {f: c.link for f, c in columns.items() if c.link}
        self.filters: dict[str, str] = {f: c.filter for f, c in columns.items() if c.filter}
        self.zebra: bool = plan.definition.xlsx.zebra
        self.table = f"{plan.definition.name}_rows" if plan.definition.xlsx.table else ""
        """Name of the Excel table over the rows; empty for none."""
        self._columns = summary["columns"]
        self._totals = summary["totals"]
        self._levels = summary["levels"]
        self._styles: list[tuple[str, int | None, str | None, Style]] = []
        self._widths: dict[int, float] = {}
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    @property
    def bands(self) -> list[Band]:
        """The template rows, from top to bottom."""
        return sheet_bands.bands(self.plan, filtered=bool(self.filters))

    @property
    def first_row(self) -> int:
        """The first template row, from 0, right below the headings."""
        return self.header_row + 1

    def column(self, field: str) -> int:
        """Number of a column, from 0; raises `TemplateFailed` with the names there are."""
        names = [column.name for column in self.plan.columns]
        if field not in names:
            raise TemplateFailed(f"the sheet has no column {field!r}", hint=f"it has: {', '.join(names)}")
        return names.index(field)

    @property
    def types(self) -> list[str]:
        """What each column holds: `integer`, `decimal`, `float`, `date`, `text`, …."""
        return [column["type"] for column in self._columns]

    def stats(self, field: str) -> dict[str, Any]:
        """What the crunch found in a column: `type`, `nulls`, `min`, `max`, …."""
        found: dict[str, Any] = self._columns[self.column(field)]
        return found

    def shown(self, field: str) -> Show | None:
        """What draws a column's numbers; a design may have said it as report.yaml does.

        Raises `TemplateFailed` for what is no way to show numbers.
        """
        if (show := self.shows.get(field)) is None:
            return None
        try:
            return Show.model_validate(show)
        except ValidationError as error:
            why = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise TemplateFailed(f"column {field!r} can't show {show!r}: {why}") from None

    def style(
        self, kind: str, field: str | None = None, *, level: int | None = None, **properties: object
    ) -> None:
        """Add XlsxWriter format properties to a kind of band, or to one column or group level of it.

        Kinds: header, group_header, detail, subtotal, grand_total. Later calls win.
        """
        if kind not in KINDS:
            raise TemplateFailed(f"no kind of band is named {kind!r}", hint=f"kinds: {', '.join(KINDS)}")
        if field is not None:
            self.column(field)
        self._styles.append((kind, level, field, dict(properties)))

    def width(self, field: str, characters: float) -> None:
        """Set a column's width instead of fitting it to its values."""
        self._widths[self.column(field)] = characters

    def body(self, first: str | None = None, last: str | None = None) -> tuple[int, int, int, int]:
        """The body's place in the specimen: `(first row, first column, last row, last column)`.

        Give it to `worksheet.conditional_format(*sheet.body("delay"), {...})` and the like. Without names
        it is as wide as the sheet; with one name it is that column.
        """
        left = 0 if first is None else self.column(first)
        right = left if last is None else self.column(last)
        if first is None:
            right = len(self.plan.columns) - 1
        rows = sum(band.kind != "grand_total" for band in self.bands)
        return self.first_row, left, self.first_row + rows - 1, right

    def format(self, properties: Style) -> Format:
        """A format of these properties, made once however often it is asked for."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format(properties)
        return self._formats[key]

    def cell_style(
        self, kind: str, column: int, level: int | None = None, total: TotalKind | None = None
    ) -> Style:
        """The properties of one cell of a band, the design's own included."""
        plan_column = self.plan.columns[column]
        given = plan_column.definition.align
        stats = self._columns[column]
        align = given or (
            "right" if stats["type"] in RIGHT else "center" if stats["type"] == "boolean" else None
        )
        style = dict(band_style(kind, level))
        if align and kind != "group_header":
            style["align"] = align
        elif column > 0 and kind != "group_header":
            # Text would touch the number at the right of the column before it.
            style |= {"align": "left", "indent": 1}
        if kind not in ("header", "group_header"):
            code = self.total_format(column, total)
            if code and code.casefold() != "general":
                style["num_format"] = code
        if kind == "detail" and plan_column.name in self.links:
            style |= LINK
        for wanted, of_level, field, properties in self._styles:
            fits = wanted == kind and of_level in (None, level) and field in (None, plan_column.name)
            if fits:
                style |= properties
        return style

    def fitted_width(self, column: int) -> float:
        """Characters that show the column's longest value, its totals and its heading's longest word."""
        if column in self._widths:
            return self._widths[column]
        plan_column = self.plan.columns[column]
        if plan_column.definition.width is not None:
            return plan_column.definition.width
        stats = self._columns[column]
        longest = max(int(stats["max_chars"]), *(len(text) for text in stats["longest"]), 1)
        # Totals and labels are bold, which is wider.
        totals = [len(text) for text in self._total_texts(column)]
        longest = max(longest, *(round(1.1 * length) for length in [*totals, self._label_length(column)]))
        if (show := self.shown(plan_column.name)) and show.kind == "icons":
            longest += ICON
        words = max(len(word) for word in plan_column.heading.split() or [""])
        wide = max(longest + 1.5, words + FILTER_BUTTON, (len(plan_column.heading) + FILTER_BUTTON) / 2)
        return min(max(wide, MIN_WIDTH), MAX_WIDTH)

    def _total_texts(self, column: int) -> Iterator[str]:
        """The totals of a column that take most room: the report's, and the ends of each level's."""
        for index, total in enumerate(self.plan.totals):
            if total.column != column or total.kind in sheet_bands.WHOLE:
                continue
            code = self.total_format(column, total.kind)
            values = [self._totals[index]]
            values += [level[end][index] for level in self._levels for end in ("lowest", "highest")]
            yield from (format_value(code, value) for value in values if value is not None)

    def _label_length(self, column: int) -> int:
        """Characters of the longest label in a column, unless an empty cell at its right gives it room."""
        longest = 0
        for band in self.bands:
            cell, beside = band.cells[column], band.cells[column + 1 : column + 2]
            if band.kind == "group_header" or not cell or beside == [[]]:
                continue
            parts = [part for part in cell if isinstance(part, dict)]
            text = sum(len(part.get("text", "")) for part in parts)
            keys = sum(len(self._levels[part["group"]]["longest"]) for part in parts if "group" in part)
            longest = max(longest, text + keys if text else 0)
        return longest

    def total_format(self, column: int, kind: TotalKind | None) -> str:
        """The number format of a column's total: its own, two decimals for means of a column without one."""
        code = self.plan.columns[column].format or TYPE_FORMATS.get(self.types[column], "")
        if kind in sheet_bands.WHOLE:
            return "#,##0"
        if kind in MEANS and not code and self.types[column] in ("integer", "decimal", "float"):
            return "#,##0.00"
        return code

    def place(self) -> None:
        """Write headings, template rows and widths; called once, after the design.

        Raises `TemplateFailed` for cells that the design wrote where the template rows stand.
        """
        self._check_rows()
        heights = self.row_heights
        if self.table:
            first, left, last, right = self.body()
            heads = [{"header": column.heading} for column in self.plan.columns]
            look = {"name": self.table, "columns": heads, "style": TABLE_STYLE}
            self.worksheet.add_table(first - 1, left, last, right, look)
        for column, plan_column in enumerate(self.plan.columns):
            self._set_column(column)
            style = self.format(self.cell_style("header", column))
            self.worksheet.write_string(self.header_row, column, plan_column.heading, style)
        if self.header_row not in self.worksheet.row_info:
            self.worksheet.set_row(self.header_row, heights.get("header"))
        for row, band in enumerate(self.bands, self.first_row):
            if (height := heights.get(band.kind)) is not None:
                self.worksheet.set_row(row, height)
            for column, cell in enumerate(band.cells):
                style = self.cell_style(band.kind, column, band.level, band.total)
                if any(isinstance(part, dict) and "text" in part for part in cell):
                    # A label stands at the left, whatever its column holds.
                    style = style | {"align": "left"}
                self.worksheet.write_blank(row, column, None, self.format(style))
        add_looks(self)

    def _set_column(self, column: int) -> None:
        """The fitted width; what the design said with `set_column` stays."""
        given = self.worksheet.col_info.get(column)
        if given is None:
            self.worksheet.set_column(column, column, self.fitted_width(column))
        elif given.width is None:
            options = {"hidden": given.hidden, "level": given.level, "collapsed": given.collapsed}
            self.worksheet.set_column(column, column, self.fitted_width(column), given.column_format, options)

    def _check_rows(self) -> None:
        """The core fills the template rows with the report's: what else stands there would be lost."""
        header: object = self.header_row
        if not isinstance(header, int) or not 0 <= header < MAX_HEADER_ROW:
            raise TemplateFailed(f"sheet.header_row is {self.header_row!r}: it counts the rows above from 0")
        # A table of the design's own writes its headings itself.
        top = self.first_row if self.worksheet.tables else self.header_row
        for row in range(top, self.first_row + len(self.bands)):
            written = self.worksheet.table.get(row, {})
            for column in written:
                cell = xl_rowcol_to_cell(row, column)
                raise CellTaken(
                    f"the design wrote cell {cell} of sheet {self.name!r}, where the "
                    f"{'headings' if row == self.header_row else 'rows'} go",
                    line=getattr(written, "lines", {}).get(column),
                )
