"""A workbook.py that asks XlsxWriter for everything it can do around the rows."""

import struct
import zlib
from io import BytesIO

from xlsxwriter import Workbook

from pressroom.plates.sheet_facts import ReportFacts
from pressroom.plates.workbook_design import design as standard
from pressroom.plates.worksheet import Sheet


def picture() -> BytesIO:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + b"\x1f\x3a\x5f" * 8 for _ in range(8))))
    return BytesIO(b"\x89PNG\r\n\x1a\n" + head + pixels + chunk(b"IEND", b""))


def design(workbook: Workbook, sheet: Sheet, report: ReportFacts) -> None:
    """Above the rows, on them, below them, and beside them."""
    standard(workbook, sheet, report)
    ws = sheet.worksheet
    bold, red = (
        workbook.add_format({"bold": True}),
        workbook.add_format({"font_color": "red", "num_format": "0.0"}),
    )
    sheet.style("detail", "amount", bold=True, border=1, pattern=4, fg_color="#FFEEEE", rotation=0)
    sheet.style("subtotal", level=0, top=6, diag_type=1, diag_border=1)
    sheet.width("seller", 33)
    sheet.row_heights["detail"] = 18.5
    last = sheet.first_row + len(sheet.bands)

    ws.write_comment("A1", "A note of Bob's", {"author": "Bob", "visible": True})
    ws.insert_image(
        "E1", "logo.png", {"image_data": picture(), "description": "a <logo>", "url": "https://example.org"}
    )
    ws.write_url("C1", "https://example.org/?a=1&b=2", string="a link")
    ws.write_url("C2", "internal:'Sales notes'!A1", string="notes", tip="to the notes")
    ws.write_rich_string("D1", "plain ", bold, "bold ", red, "red", bold)
    ws.write_formula("D2", f"=SUBTOTAL(4,{report.range(sheet, 'day')})", red, 45451)
    ws.merge_range(last + 1, 0, last + 1, 3, "end of report", bold)
    ws.write_comment(last + 1, 0, "The last note")
    ws.write_array_formula("C3:C3", "{=SUM(LEN({1,22}))}", None, 3)
    ws.write_dynamic_array_formula("E3:E3", "=SUM(LEN({1,22}))", None, 3)
    ws.write_boolean(last + 3, 2, True)
    ws.insert_textbox(last + 4, 1, "a box <&>", {"fill": {"color": "#FFF2CC"}, "url": "https://example.org"})
    ws.insert_image(last + 12, 1, "below.png", {"image_data": picture(), "object_position": 1})
    ws.insert_checkbox(last + 5, 0, True)
    ws.add_sparkline(last + 6, 0, {"range": report.range(sheet, "units"), "markers": True})
    ws.insert_button(last + 7, 3, {"caption": "Press"})

    ws.conditional_format(*sheet.body("amount"), {"type": "top", "value": 3, "format": bold})
    ws.conditional_format(*sheet.body("amount"), {"type": "average", "criteria": "above", "format": red})
    ws.conditional_format(*sheet.body("day"), {"type": "time_period", "criteria": "yesterday", "format": red})
    ws.conditional_format(*sheet.body("seller"), {"type": "duplicate", "format": red})
    ws.conditional_format(*sheet.body("seller"), {"type": "blanks", "format": red})
    ws.conditional_format(
        *sheet.body("units"), {"type": "icon_set", "icon_style": "5_quarters", "reverse_icons": True}
    )
    ws.conditional_format(*sheet.body("rate"), {"type": "data_bar", "bar_only": True, "data_bar_2010": True})
    ws.data_validation(
        *sheet.body("units"), {"validate": "integer", "criteria": "between", "minimum": -9, "maximum": 9}
    )
    ws.data_validation(
        *sheet.body("seller"), {"validate": "list", "source": ["a", "b & c"], "input_title": "Who?"}
    )
    ws.data_validation("F1", {"validate": "custom", "value": "=AND(F1>0,F1<9)", "error_message": "no"})

    ws.set_header("&L&G&C&A &D&R&F", {"image_left": "head.png", "image_data_left": picture()})
    ws.set_footer("&LPage &P of &N&Rx && y")
    ws.set_column(
        len(sheet.plan.columns) + 1, len(sheet.plan.columns) + 3, 9, None, {"level": 1, "hidden": True}
    )
    ws.set_h_pagebreaks([2])
    ws.set_v_pagebreaks([5])
    ws.print_area(0, 0, last - 1, len(sheet.plan.columns) - 1)
    ws.set_zoom(85)
    ws.set_tab_color("#C2410C")
    ws.set_background(picture())
    ws.center_horizontally()
    ws.set_selection(sheet.first_row, 1, sheet.first_row, 1)
    ws.ignore_errors({"formula_differs": "A1:XFD1048576"})
    ws.unprotect_range("F1:F2", "inputs", "pass")
    ws.protect("own", {"objects": True, "insert_rows": True})

    notes = workbook.add_worksheet("Sales notes")
    notes.add_table(
        "A1:B3",
        {"name": "Notes", "data": [["a", 1], ["b", 2]], "columns": [{"header": "k"}, {"header": "v"}]},
    )
    notes.write("A6", "kind")
    notes.write_column("A7", ["x", "y", "x"])
    notes.autofilter("A6:A9")
    notes.filter_column("A", "x == x")
    notes.set_row(7, options={"hidden": True})
    notes.right_to_left()
    notes.write_formula("D1", f"=SUBTOTAL(5,{report.range(sheet, 'day')})+0.5", red, 45292.5)
    chart = workbook.add_chart({"type": "scatter"})
    chart.add_series(
        {
            "categories": "=" + report.range(sheet, "units"),
            "values": "=" + report.range(sheet, "amount"),
            "trendline": {"type": "linear"},
        }
    )
    notes.insert_chart("F2", chart)
    line = workbook.add_chart({"type": "column"})
    line.add_series({"values": "='Sales notes'!$B$2:$B$3", "values_data": [1, 2]})
    other = workbook.add_chart({"type": "line"})
    other.add_series({"values": "='Sales notes'!$B$2:$B$3", "values_data": [1, 2], "y2_axis": True})
    line.combine(other)
    workbook.add_chartsheet("A chart").set_chart(line)
    workbook.add_worksheet("Very hidden").very_hidden()
    workbook.define_name("Amounts", "=" + report.range(sheet, "amount"))
    workbook.define_name("'Sales notes'!Local", "='Sales notes'!$A$1")
    workbook.set_custom_property("Checked by", "Eve & co")
    workbook.set_custom_property("Checked", True)
    workbook.set_calc_mode("auto")
