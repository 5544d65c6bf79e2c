"""Workbooks for the judges: together they use every feature that a workbook can have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from tests.integration.workbook_samples import Workbook, build

HERE = Path(__file__).parent
FLIGHTS = HERE.parents[1] / "examples" / "flights"


@dataclass(frozen=True)
class Exhibit:
    """A report and its rows."""

    definition: str
    sql: str
    design: str | None = None
    rolled: bool = False
    """Whether the rows go on over several sheets."""

    def build(self, folder: Path, name: str = "out") -> Workbook:
        """Write the workbook."""
        path = folder.parent / f"{name}.xlsx"
        return build(folder, self.definition, self.sql, workbook=self.design, path=path)

    def source(self) -> list[dict[str, Any]]:
        """The rows as DuckDB has them."""
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            answer = connection.execute(self.sql)
            names = [column[0] for column in answer.description]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def columns(self) -> list[str | None]:
        """The field in each column; None where a running sum stands."""
        columns = yaml.safe_load(self.definition)["columns"]
        return [n for c in columns for n in ([c["field"], None] if c.get("running") else [c["field"]])]


SALES_SQL = """
SELECT 'region ' || (i // 80) AS region, 2020 + i // 40 AS year, 'city ' || (i // 20) AS city,
       i % 20 < 10 AS open, DATE '2024-01-01' + i::INTEGER AS day,
       CASE WHEN i % 7 = 0 THEN NULL ELSE 'seller ' || (i % 3) || ' & <co>' END AS seller,
       (i * 3.37 - 50)::DECIMAL(12, 2) AS amount, (i % 9 - 4)::INTEGER AS units, i / 7.0::DOUBLE AS rate,
       TIMESTAMP '2024-02-28 22:30:15' + INTERVAL (i * 47) MINUTE AS sold,
       TIME '06:00:00' + INTERVAL (i) MINUTE AS at,
       i % 3 = 0 AS paid
FROM range(160) t(i) ORDER BY i
"""
COLUMNS = """
  - {field: day, format: yyyy-mm-dd, total: [min, max], rules: [{when: ">= 2024-03-01", bold: true}]}
  - {field: seller, total: [count, distinct], link: "https://example.org/s/{value}?units={units}",
     rules: [{when: 'contains "er 1"', bold: true}, {when: empty, background: "#eeeeee"}]}
  - field: amount
    format: '#,##0.00 "€";[Red]-#,##0.00 "€"'
    total: [sum, avg, min, max, weighted_avg(units)]
    running: true
    show: data_bar
    rules:
      - {when: "> 100", color: "#9c0006", background: "#ffc7ce"}
      - {when: "between 10 and 20", italic: true}
  - {field: units, total: [sum, avg, first, last], show: color_scale, link: "mailto:{seller}@example.org"}
  - {field: rate, format: "0.0%", total: [avg, max, median, p90], show: icons, width: 14}
  - {field: sold, format: "d mmm yyyy hh:mm", align: center}
  - {field: at, format: "hh:mm"}
  - {field: paid, rules: [{when: "= true", color: "#006100"}]}
"""
VIEWS = """
crosstabs:
  - {name: monthly, title: "Year & city", rows: city, columns: year, value: amount, total: sum,
  format: "#,##0"}
  - {name: best, rows: region, columns: open, value: units, total: max}
tops: [{name: largest, by: amount, n: 5}, {name: least, by: rate, n: 3, ascending: true}]
charts:
  - {name: bars, kind: bar, x: city, y: {field: amount}}
  - {name: columns, kind: column, x: year, y: {field: units, total: count}, format: "0"}
  - {name: lines, title: "Line & line", kind: line, x: day, y: {field: amount}}
  - {name: areas, kind: area, x: day, y: {field: rate, total: avg}}
  - {name: pies, kind: pie, x: region, y: {field: amount, total: max}}
"""
GROUPED = f"""
name: grouped
title: "Sales & more"
description: "Every <sale>"
author: The bureau
parameters: {{since: {{type: date, default: 2024-01-01}}}}
data: {{sql: SELECT 1}}
columns: {COLUMNS.replace("running: true", "running: city")}
groups:
  - {{field: region, label: Region}}
  - {{field: year}}
  - {{field: city, label: ""}}
  - {{field: open, subtotals: false}}
{VIEWS}
xlsx:
  sheet: "Bob's sales & co"
  zebra: true
  contents: true
  names: true
  paper: A3
  landscape: false
  protect: {{password: secret, allow: [filter, sort, format_cells, format_columns, format_rows]}}
"""
TABLE = f"""
name: t1
title: A table
data: {{sql: SELECT 1}}
columns: {COLUMNS}
{VIEWS}
xlsx: {{sheet: "Ünï © 東京 1", table: true, zebra: true, paper: Letter}}
"""
FILTERED = """
name: filtered
title: Filtered
data: {sql: SELECT 1}
columns:
  - {field: day, filter: ">= 2024-02-01", total: max}
  - {field: seller, filter: 'contains "er 1"'}
  - {field: amount, total: sum, show: data_bar}
  - {field: units, filter: "between -3 and 3", total: avg}
xlsx: {sheet: "1st 'half' of 24", names: true, protect: {allow: [filter]}}
"""
DEEP = """
name: deep
title: Deep
data: {sql: SELECT 1}
columns: [{field: i, total: sum}, {field: v, total: avg, running: g15}]
groups: [GROUPS]
""".replace("GROUPS", ", ".join(f"{{field: g{level}}}" for level in range(16)))
DEEP_KEYS = ", ".join(f"(i // {2 * (16 - level)})::INTEGER AS g{level}" for level in range(16))
DEEP_SQL = f"""
SELECT i, i * 0.25 AS v, {DEEP_KEYS}
FROM range(70) t(i) ORDER BY i
"""
TEXTS = """
name: texts
title: '=1+1 & "<texts>"'
data: {sql: SELECT 1}
columns:
  - {field: v, label: "<Text> & 'more'"}
  - {field: twin, link: "https://example.org/{value}"}
  - {field: big}
  - {field: odd, total: [sum, max]}
groups: [{field: v2, label: "_x0041_"}]
xlsx: {zebra: true, sheet: "=1+1 'x' & y"}
"""
TEXTS_SQL = r"""
SELECT v, CASE WHEN NOT regexp_matches(v, '_x|[\x00-\x1f]|\x{FFFE}') THEN v END AS twin, v AS v2, big,
  odd FROM (VALUES
  ('=1+1', 12345678901234567890::HUGEINT, 'NaN'::DOUBLE), ('+1', -9007199254740993, 'Infinity'),
  ('@x', 999999999999999, 1.5), ('-2', 1000000000000000000, -0.0), ('_x0041_', 0, 1e300), ('_x005F_',
  NULL, 1e-300),
  (' both ', NULL, NULL), ('', 1, 2), ('a' || chr(1) || chr(27) || 'b', 1, 2),
  ('a' || chr(13) || chr(10) || 'b', 1, 2),
  (chr(9) || 'tab', 1, 2), (chr(65534) || chr(65535), 1, 2), ('é😀漢' || chr(8238) || 'x', 1, 2),
  ('<&>"''', 1, 2), (']]>', 1, 2), (repeat('x', 32766) || '😀', 1, 2), (repeat('漢', 40000), 1, 2),
  ('TRUE', 1, 2), ('1e5', 1, 2), ('#N/A', 1, 2), (NULL, 1, 2)) t(v, big, odd)
"""
DAYS = """
name: days
title: Days
time_zone: America/New_York
data: {sql: SELECT 1}
columns: [{field: day}, {field: at}, {field: zoned}, {field: clock}, {field: price, format: "0.0000"}]
"""
DAYS_SQL = """
SELECT day::DATE AS day, day AS at, day::TIMESTAMPTZ AS zoned, day::TIME AS clock,
  (i * 12345.0001)::DECIMAL(38, 4) AS price
FROM (SELECT i, unnest([TIMESTAMP '1899-12-31 23:59:59', '1900-01-01 00:00:00', '1900-02-28 12:00:00',
  '1900-03-01 00:00:01',
  '0002-01-01 00:00:00', '1970-01-01 00:00:00', '2024-03-10 06:59:59', '2024-03-10 07:00:00',
  '2024-11-03 05:30:00',
  '2024-11-03 06:30:00', '9999-12-31 04:59:59', NULL]) AS day FROM range(2) t(i))
"""
ROWS_LEFT = 76
ROLLED_DESIGN = f"""
from pressroom.plates.workbook_design import design as standard


def design(workbook, sheet, report):
    standard(workbook, sheet, report)
    # So low on the sheet that few rows fill it.
    sheet.header_row = 1_048_576 - {ROWS_LEFT}
    worksheet = sheet.worksheet
    worksheet.autofilter(sheet.header_row, *sheet.body()[1:])
    worksheet.repeat_rows(sheet.header_row)
    worksheet.freeze_panes(sheet.first_row, 0)
    worksheet.write_comment("A1", "a note")
    worksheet.insert_textbox(5, 5, "a box")
    worksheet.print_area(0, 0, sheet.first_row + len(sheet.bands) - 1, 3)
"""
# A table brings its own filter.
ROLLED_TABLE_DESIGN = ROLLED_DESIGN.replace("worksheet.autofilter", "(lambda *place: None)")
ROLLED = GROUPED.replace("name: grouped", "name: rolled").replace("Bob's", "Bob`s")
ROLLED_TABLE = TABLE.replace("name: t1", "name: rolled")
FLIGHTS_SQL = """
SELECT DATE '2013-01-01' + (i // 9)::INTEGER AS flight_date, date_trunc('month',
  DATE '2013-01-01' + (i // 9)::INTEGER)::DATE AS month,
    make_time(5 + i % 18, i % 60, 0) AS sched_dep, ['Delta', 'United'][1 + i // 200] AS carrier,
    ['EWR', 'JFK'][1 + i // 100 % 2] AS origin, 'DL ' || i AS flight,
    CASE WHEN i % 9 > 0 THEN 'N' || i END AS tailnum,
    'BOS' AS dest, 'Boston' AS destination, 187 AS distance, i % 300 AS air_time,
    (i % 250 - 20)::INTEGER AS dep_delay,
    CASE WHEN i % 50 > 0 THEN i % 250 - 30 END::INTEGER AS arr_delay
FROM range(400) t(i)
"""

EXHIBITS = {
    "grouped": Exhibit(GROUPED, SALES_SQL),
    "table": Exhibit(TABLE, SALES_SQL),
    "filtered": Exhibit(FILTERED, SALES_SQL),
    "designed": Exhibit(GROUPED, SALES_SQL, (HERE / "exhibit_design.py").read_text(encoding="utf-8")),
    "flights": Exhibit(
        (FLIGHTS / "report.yaml").read_text(encoding="utf-8"),
        FLIGHTS_SQL,
        (FLIGHTS / "workbook.py").read_text(encoding="utf-8"),
    ),
    "deep": Exhibit(DEEP, DEEP_SQL),
    "texts": Exhibit(TEXTS, TEXTS_SQL),
    "days": Exhibit(DAYS, DAYS_SQL),
    "no rows": Exhibit(GROUPED, f"SELECT * FROM ({SALES_SQL}) WHERE FALSE"),
    "one row": Exhibit(GROUPED, f"SELECT * FROM ({SALES_SQL}) LIMIT 1"),
    "table without rows": Exhibit(TABLE, f"SELECT * FROM ({SALES_SQL}) WHERE FALSE"),
    "rolled": Exhibit(ROLLED, SALES_SQL, ROLLED_DESIGN, rolled=True),
    "rolled table": Exhibit(ROLLED_TABLE, SALES_SQL, ROLLED_TABLE_DESIGN, rolled=True),
}
