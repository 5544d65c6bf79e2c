"""The Summary sheet: native charts, crosstabs with totals, top-N lists; chart data on a sheet of its own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import xl_range, xl_range_abs

from pressroom.definition import TotalKind
from pressroom.errors import LimitExceeded
from pressroom.plates import sheet_styles as styles
from pressroom.plates.sheet_bands import LABELS, WHOLE
from pressroom.plates.sheet_facts import MAX_ROWS
from pressroom.plates.sheet_names import quoted
from pressroom.plates.sheet_values import chart_value, fits, write_value
from pressroom.plates.top_list import make_top_list
from pressroom.plates.workbook_top import write_top

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from pressroom.definition import Chart, Crosstab, Top
    from pressroom.plates.sheet_facts import ReportFacts
    from pressroom.plates.worksheet import Sheet

SUMMARY = "Summary"
CHART_DATA = "Chart data"
WIDEST_PX = 240
MAX_COLUMNS = 16_384
MAX_POINTS = 32_000
"""Points that Excel draws in one series."""
CHART_WIDTH, CHART_HEIGHT = 620, 320
"""Pixels."""
CHART_ROWS = 17
"""Rows of 20 pixels that a chart covers, with a gap."""
CHART_COLUMNS = 6
PALETTE = ("#1F3A5F", "#4C78A8", "#72A0C1", "#A3BFD9", "#F2A541", "#D96C4F", "#7A9E7E", "#8E6C8A")


def reserved_names(report: ReportFacts) -> tuple[str, ...]:
    """Names of the sheets that the summary takes."""
    definition = report.definition
    charts = (CHART_DATA,) if definition.charts else ()
    return (SUMMARY, *charts) if definition.crosstabs or definition.tops or definition.charts else ()


def add_summary(workbook: Workbook, sheet: Sheet, report: ReportFacts) -> None:
    """Add the Summary sheet when the report has crosstabs, top-N lists or charts."""
    definition = report.definition
    if not reserved_names(report):
        return
    worksheet = workbook.add_worksheet(SUMMARY)
    worksheet.hide_gridlines(2)
    worksheet.set_landscape()
    worksheet.set_paper(styles.PAPERS[definition.xlsx.paper])
    worksheet.fit_to_pages(1, 0)
    worksheet.set_footer("&R&9Page &P of &N")
    worksheet.set_column(0, 0, 24)
    worksheet.set_column(1, 255, 13)
    worksheet.set_row(0, 28)
    worksheet.write_string(0, 0, report.title, sheet.format(styles.TITLE))
    worksheet.write_string(1, 0, "Summary", sheet.format(styles.SUBTITLE))
    row = 3
    if not report.rows:
        worksheet.write_string(row, 0, "No rows", sheet.format(styles.SUBTITLE))
        return
    if definition.charts:
        row = _charts(workbook, worksheet, sheet, report, row)
    for crosstab in definition.crosstabs:
        row = _crosstab(worksheet, sheet, crosstab, report, row) + 2
    for top in definition.tops:
        row = _top(worksheet, sheet, top, report, row) + 2
    worksheet.autofit(WIDEST_PX)


def _title(name: str, title: str | None) -> str:
    text = title or name.replace("_", " ").capitalize()
    # XlsxWriter takes what begins like a formula for one.
    return f" {text}" if text.startswith("=") else text


def _charts(workbook: Workbook, worksheet: Worksheet, sheet: Sheet, report: ReportFacts, row: int) -> int:
    data = workbook.add_worksheet(CHART_DATA)
    data.hide_gridlines(2)
    # Charts read it and people seldom do: Unhide shows it.
    data.hide()
    for number, chart in enumerate(report.definition.charts):
        place = _chart_data(data, sheet, chart, report, 3 * number)
        drawn = _chart(workbook, chart, report, place)
        worksheet.insert_chart(
            row + CHART_ROWS * (number // 2),
            CHART_COLUMNS * (number % 2),
            drawn,
            {
                "x_offset": 4,
                "y_offset": 4,
                "object_position": 3,
                "description": _title(chart.name, chart.title),
            },
        )
    return row + CHART_ROWS * ((len(report.definition.charts) + 1) // 2)


def _chart_data(
    data: Worksheet, sheet: Sheet, chart: Chart, report: ReportFacts, left: int
) -> tuple[str, str, str]:
    """Write a chart's points in two columns; the references of its name, categories and values."""
    points = report.series(chart.name)
    if len(points) > MAX_POINTS:
        raise LimitExceeded(
            f"report.yaml: chart {chart.name!r} has {len(points):,} points, Excel draws {MAX_POINTS:,}",
            hint="chart a summary: a field with fewer values as x",
        )
    header = sheet.format(styles.HEADER)
    text = sheet.format(styles.DETAIL)
    value = sheet.format(styles.DETAIL | ({"num_format": chart.format} if chart.format else {}))
    longest = max((len(str(x)) for x, _ in points), default=0)
    data.set_column(left, left, min(max(longest, 12), 60))
    data.set_column(left + 1, left + 1, 18)
    data.write_string(0, left, _title(chart.name, chart.title), sheet.format(styles.SECTION))
    data.write_string(1, left, report.plan.heading_of(chart.x), header)
    data.write_string(
        1, left + 1, f"{report.plan.heading_of(chart.y.field)}, {LABELS[chart.y.total].lower()}", header
    )
    for row, (x, y) in enumerate(points, 2):
        date = styles.date_format(x)
        write_value(data, row, left, x, sheet.format(styles.DETAIL | date) if date else text)
        write_value(data, row, left + 1, y, value)
    last = max(2, len(points) + 1)
    name = quoted(CHART_DATA)
    return (
        f"={name}!{xl_range_abs(1, left + 1, 1, left + 1)}",
        f"={name}!{xl_range_abs(2, left, last, left)}",
        f"={name}!{xl_range_abs(2, left + 1, last, left + 1)}",
    )


def _chart(workbook: Workbook, chart: Chart, report: ReportFacts, place: tuple[str, str, str]) -> Any:  # noqa: ANN401 - one class per kind
    points = report.series(chart.name)
    drawn = workbook.add_chart({"type": chart.kind})
    series: dict[str, Any] = {
        "name": place[0],
        "categories": place[1],
        "values": place[2],
        "categories_data": [_category(x, chart) for x, _ in points],
        "values_data": [chart_value(y) for _, y in points],
    }
    if chart.kind == "pie":
        series["points"] = [
            {"fill": {"color": PALETTE[i % len(PALETTE)]}} for i in range(min(len(points), 64))
        ]
        series["data_labels"] = {"percentage": True, "font": {"color": "#FFFFFF", "bold": True}}
    elif chart.kind == "line":
        series["line"] = {"color": PALETTE[0], "width": 2}
    else:
        series |= {"fill": {"color": PALETTE[1]}, "gap": 60}
    drawn.add_series(series)
    font = {"name": styles.FONT, "size": 9, "color": styles.MUTED}
    drawn.set_title(
        {
            "name": _title(chart.name, chart.title),
            "name_font": {"name": styles.FONT, "size": 12, "color": styles.INK},
        }
    )
    if chart.kind == "pie":
        drawn.set_legend({"position": "right", "font": font})
    else:
        drawn.set_legend({"none": True})
        grid = {"visible": True, "line": {"color": styles.LINE, "width": 0.75}}
        values = {"num_font": font, "major_gridlines": grid, "line": {"none": True}}
        code = "#,##0" if chart.y.total in WHOLE else chart.format or report.plan.format_of(chart.y.field)
        if code:
            values["num_format"] = code
        if all(y is None or y >= 0 for _, y in points):
            # Bars are compared by their length, which must not start anywhere else.
            values["min"] = 0
        categories = {"num_font": font, "line": {"color": styles.LINE}, "label_position": "low"}
        days = bool(points) and type(points[0][0]) is dt.date
        if days:
            categories["num_format"] = "d mmm yy"
        if chart.kind == "bar":
            # XlsxWriter's y axis of a bar chart is its category axis, at the left; the first value on top.
            drawn.set_y_axis(categories | {"reverse": True, "major_gridlines": {"visible": False}})
            # Reversed, the value axis would stand on top.
            drawn.set_x_axis(values | {"label_position": "high"})
        else:
            if days:
                # A date axis spaces its labels; a category axis writes them over each other.
                categories["date_axis"] = True
            drawn.set_x_axis(categories)
            drawn.set_y_axis(values)
    drawn.set_size({"width": CHART_WIDTH, "height": CHART_HEIGHT})
    drawn.set_chartarea({"border": {"color": styles.LINE}})
    return drawn


def _category(x: Any, chart: Chart) -> str | float | None:  # noqa: ANN401 - whatever a series holds
    """A category for the chart's cache. A legend has no number format: a pie's days are texts."""
    return chart_value(x.isoformat() if chart.kind == "pie" and isinstance(x, dt.date) else x)


def _crosstab(worksheet: Worksheet, sheet: Sheet, crosstab: Crosstab, report: ReportFacts, row: int) -> int:
    """Write a crosstab; the row after it."""
    table = report.crosstab(crosstab.name)
    columns, rows = table["column_keys"], table["row_keys"]
    if len(columns) + 2 > MAX_COLUMNS or len(rows) + row + 3 > MAX_ROWS:
        raise LimitExceeded(
            f"report.yaml: crosstab {crosstab.name!r} has {len(rows):,} rows and {len(columns):,} columns: "
            f"a worksheet has {MAX_ROWS:,} and {MAX_COLUMNS:,}",
            hint="cross fields with fewer values",
        )
    code = "#,##0" if crosstab.total in WHOLE else crosstab.format or report.plan.format_of(crosstab.value)
    number = {"num_format": code} if code else {}
    right = len(columns) + 1
    worksheet.write_string(row, 0, _title(crosstab.name, crosstab.title), sheet.format(styles.SECTION))
    worksheet.set_row(row, 22)
    head = styles.HEADER
    worksheet.write_string(row + 1, 0, report.plan.heading_of(crosstab.rows), sheet.format(head))
    for column, key in enumerate(columns, 1):
        write_value(
            worksheet, row + 1, column, key, sheet.format(head | {"align": "right"} | styles.date_format(key))
        )
    worksheet.write_string(row + 1, right, LABELS[crosstab.total], sheet.format(head | {"align": "right"}))
    first = row + 2
    last = first + len(rows) - 1
    total_style = styles.SUBTOTAL | number
    sums = crosstab.total in (TotalKind.SUM, TotalKind.COUNT)

    def total(at: int, column: int, value: Any, cells: str, style: styles.Style) -> None:  # noqa: ANN401 - any total
        if sums and value is not None and fits(value):
            worksheet.write_formula(at, column, f"=SUM({cells})", sheet.format(style), value)
        else:
            write_value(worksheet, at, column, value, sheet.format(style))

    for at, (key, cells, row_total) in enumerate(
        zip(rows, table["cells"], table["row_totals"], strict=True), first
    ):
        write_value(
            worksheet, at, 0, key, sheet.format(styles.DETAIL | {"align": "left"} | styles.date_format(key))
        )
        for column, value in enumerate(cells, 1):
            write_value(worksheet, at, column, value, sheet.format(styles.DETAIL | number))
        total(at, right, row_total, xl_range(at, 1, at, right - 1), styles.DETAIL | {"bold": True} | number)
    at = last + 1
    worksheet.write_string(at, 0, LABELS[crosstab.total], sheet.format(styles.SUBTOTAL))
    for column, value in enumerate(table["column_totals"], 1):
        total(at, column, value, xl_range(first, column, last, column), total_style)
    total(at, right, table["total"], xl_range(first, 1, last, right - 1), total_style)
    return at + 1


def _top(worksheet: Worksheet, sheet: Sheet, top: Top, report: ReportFacts, row: int) -> int:
    """Write a top-N list; the row after it."""
    table = make_top_list(top, report.plan, report.top(top.name))
    kind = "Lowest" if top.ascending else "Top"
    ranked_by = table.columns[1].heading if top.of else report.plan.heading_of(top.by)
    title = top.title or f"{_title(top.name, None)}: {kind.lower()} {top.n} by {ranked_by.lower()}"
    worksheet.write_string(row, 0, title, sheet.format(styles.SECTION))
    worksheet.set_row(row, 22)
    write_top(worksheet, sheet, table, report, row + 1)
    return row + 2 + len(table.rows) + (table.others is not None)
