"""Designs that differ, by what they show."""

from __future__ import annotations

from dataclasses import replace

from tests.integration.page_designs import DEFINITION, GROUPS, ROWS, Design

PLAIN = """
@page { size: A4; margin: 20mm 15mm }
body { margin: 0; font: 9pt "DejaVu Sans" }
table.rows th, table.rows td { padding: 2pt 4pt }
"""
RULED = """
.header th { border-bottom: 1pt solid #223344; background: #dde6ee }
.detail td { border-bottom: .5pt solid #cccccc }
.subtotal td { border-top: 1pt solid #223344; font-weight: bold }
.total td { background: #223344; color: white; border-bottom: 3pt solid orange }
"""
ZEBRA = ".detail.even td { background: #eeeeff }"
FIXED = "table.rows { table-layout: fixed; width: 100% }"
COLLAPSED = "table.rows { border-collapse: collapse }"
NARROW = "table.rows { table-layout: fixed } col.col-article { width: 80pt }"
LOGO = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='60' height='20'>"
    "<rect width='60' height='20' fill='teal'/><circle cx='10' cy='10' r='8' fill='gold'/></svg>"
)
HEADS = """
@page {
  @top-left { content: "Sales, " string(region) }
  @top-right { content: url("LOGO") }
  @bottom-right { content: "Page " counter(page) " of " counter(pages) }
}
.group.level-0 .key .value { string-set: region content() }
""".replace("LOGO", LOGO)
BREAKING = DEFINITION + GROUPS.replace("label: Region", "label: Region, page_break: true")
RULES = f"""
name: proof
title: Sales by region
data: {{sql: SELECT * FROM dataset}}
columns:
  - {{field: day, label: Date, format: yyyy-mm-dd, rules: [{{when: "< 2024-01-20", italic: true}}]}}
  - field: article
    label: Article
    rules:
      - {{when: 'contains "chair"', bold: true, background: "#fff2cc"}}
      - {{when: empty, background: "#eeeeee"}}
  - field: pieces
    label: Pieces
    format: "#,##0;[Red]-#,##0"
    total: sum
    rules:
      - {{when: ">= 1000", color: "#006100", background: "#c6efce"}}
      - {{when: "< 0", color: "#0000ff", bold: true}}
      - {{when: ">= 500", bold: true, italic: true, color: "#888888"}}
  - {{field: amount, label: Amount, format: "#,##0.00", total: sum}}
{GROUPS}"""
ABOVE = "<h1>Sales</h1><p>What was sold, where, and for how much.</p>{{ table() }}<h2>Notes</h2>"


def columns(*columns: str, more: str = "") -> str:
    """A report.yaml with these columns."""
    head = "name: proof\ntitle: Sales\ndata: {sql: SELECT * FROM dataset}\ncolumns:\n"
    return head + "".join(f"  - {{{column}}}\n" for column in columns) + more


def texts(style: str, *words: str) -> Design:
    """A report that prints these texts in turn."""
    quoted = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
    return Design(
        style,
        definition=columns("field: n", "field: text", "field: value, total: sum"),
        rows=f"SELECT i AS n, [{quoted}][1 + i % {len(words)}] AS text, (i * 37 % 1000)::INT AS value "
        "FROM range(70) t(i) ORDER BY n",
    )


CUTTING = (
    PLAIN
    + """table.rows { table-layout: fixed } col.col-text { width: 83pt }
    table.rows td, table.rows th { overflow: hidden; white-space: nowrap; text-overflow: ellipsis }"""
)
TOO_LONG = (
    "A remarkably comfortable chair made of oak",
    "short",
    "office affluent finest of all the things",
    "AVATAR AVATAR AVATAR T. T.T.",
    "東京の売上東京の売上東京の売上東京の売上",
    "السعر 1,200 دينار مبيعات (2024) مبيعات",
    "abc שלום עולם שלום עולם שלום עולם def",
    "combined a\u0354a\u0354 e\u0301\u0301 o\u0302\u0301 o\u0302\u0301 e\u0301\u0301 and more",
)
CUT = texts(CUTTING, *TOO_LONG)


EXHIBITS: dict[str, Design] = {
    "plain": Design(PLAIN),
    "ruled, separate borders": Design(PLAIN + RULED + ZEBRA),
    "border spacing": Design(
        PLAIN + ZEBRA + "table.rows { border-spacing: 3pt 2pt } td, th { border: .75pt solid #889 }"
    ),
    "ruled, collapsed borders": Design(PLAIN + RULED + ZEBRA + COLLAPSED),
    "collapsed, as most are": Design(
        f"""{PLAIN} {COLLAPSED}
        td {{ border-bottom: 1px solid #ccc }} th {{ border-bottom: 2px solid #333 }}
        .subtotal td {{ border-top: 2px solid #999; border-bottom: 0 }}
        .total td {{ border-top: 2px solid #333 }} .group td {{ border-bottom: 0; padding-top: 8pt }}"""
    ),
    "collapsed, without groups": Design(
        f"""{PLAIN} {COLLAPSED} {ZEBRA}
        td {{ border-bottom: 1px solid #ccc }} thead {{ border-bottom: 2px solid #333 }}
        .total td {{ border: 2px solid #333 }}""",
        definition=DEFINITION,
    ),
    "a grid of collapsed borders": Design(
        PLAIN + COLLAPSED + "table.rows th, table.rows td { border: 1pt solid #556677 }"
    ),
    "wrapped cells": Design(PLAIN + RULED + NARROW),
    "wrapped cells, collapsed": Design(PLAIN + RULED + ZEBRA + COLLAPSED + NARROW),
    "cells at the top, in the middle, at the bottom": Design(
        f"""{PLAIN} {RULED} {NARROW}
        .detail td {{ vertical-align: middle }} .detail td.col-day {{ vertical-align: bottom }}
        .detail td.col-pieces {{ vertical-align: top }}"""
    ),
    "nowrap, narrow and centred": Design(
        f"""{PLAIN}
        table.rows {{ width: auto }} table.rows td {{ white-space: nowrap }}
        table.rows .col-pieces {{ text-align: center }} .col-article {{ text-align: right }}
        th {{ text-align: center }}"""
    ),
    "alignment of report.yaml": Design(
        PLAIN + ZEBRA,
        definition=columns(
            "field: day, format: yyyy-mm-dd, align: right",
            "field: article, align: center",
            'field: pieces, format: "#,##0", align: left, total: sum',
            'field: amount, format: "#,##0.00", align: right, total: sum',
            more=GROUPS,
        ),
    ),
    "stripes by place, without groups": Design(
        PLAIN + "tbody .detail:nth-child(even) { background: #eeeeff }", definition=DEFINITION
    ),
    "points below one another": Design(
        PLAIN,
        definition=columns('field: n, format: "0"', 'field: v, format: "#,##0.0??", total: sum'),
        rows="SELECT i AS n, (i * i / 7)::DOUBLE AS v FROM range(60) t(i)",
    ),
    "three levels, landscape": Design(
        f"""{PLAIN.replace("A4", "A4 landscape")} {RULED}
        .group td {{ font-weight: bold }} .group.level-1 td {{ padding-left: 12pt; color: #446 }}
        .group.level-2 .key {{ padding-left: 24pt; font-style: italic }} .level-0 {{ background: #ffe }}""",
        definition=DEFINITION
        + """
groups:
  - {field: region, page_break: true, bookmark: true}
  - {field: shop, bookmark: true}
  - {field: article, label: Article}
""",
        rows=ROWS.replace("shop, day", "shop, article, day"),
    ),
    "A3 with a large type": Design(
        PLAIN.replace("A4", "A3").replace("9pt", "14pt") + RULED + ".detail td { padding: 6pt 8pt }"
    ),
    "serif": Design(
        PLAIN.replace('"DejaVu Sans"', '"Noto Serif"') + RULED + ".total td { font-style: italic }"
    ),
    "condensed": Design(PLAIN + RULED + 'table.rows { font: 8.5pt "DejaVu Sans Condensed" }'),
    "Inter with features": Design(
        PLAIN.replace('"DejaVu Sans"', "Inter")
        + RULED
        + 'table.rows { font-feature-settings: "tnum", "ss01", "zero" }'
    ),
    "letter spacing": Design(
        f"""{PLAIN} {RULED} .header th {{ letter-spacing: .08em }}
        .detail td {{ letter-spacing: .3pt }} .group {{ letter-spacing: 1pt }}"""
    ),
    "names in a colour of their own": Design(PLAIN + ".group .name { color: #667; font-style: italic }"),
    "Chinese and Japanese": texts(
        PLAIN.replace('"DejaVu Sans"', '"WenQuanYi Micro Hei"') + "th, .total td { font-weight: normal }",
        "东京の売上",
        "北京",
        "销售报告 2024",
        "価格は 1,200 円",
        "Mixed 中文 text",
    ),
    "scripts that a font lacks": texts(
        PLAIN,
        *("Zürich", "Ἀθῆναι", "Москва", "東京", "हिन्दी", "ไทย", "→ 100 €", "ﬁnance", "Łódź", "naïve café"),
    ),
    "Arabic and Hebrew": texts(
        PLAIN + ".col-text { font-family: 'Noto Sans', 'Noto Sans Arabic', 'Noto Sans Hebrew' }",
        *("مرحبا بالعالم", "שלום עולם", "السعر 1,200 دينار", "abc שלום def", "مبيعات (2024)", "plain"),
    ),
    "long words": texts(
        PLAIN + "table.rows { table-layout: fixed } col.col-text { width: 90pt }",
        "Rindfleischetikettierungsüberwachungsaufgabenübertragung",
        "a-b-c d/e/f g",
        "https://example.org/some/long/path?x=1&y=2",
        "short",
    ),
    "marks of another font": texts(
        PLAIN,
        *(
            "a\u0354 b",
            "x\u0363y\u0301",
            "東\u0301 京",
            "\u0354 first",
            "a\u20dd",
            "e\u0301\u0354n",
            "東京 (a) 東",
        ),
    ),
    "long words with ligatures": texts(
        PLAIN + "table.rows { table-layout: fixed } col.col-text { width: 61.3pt }",
        *("office" * 9, "affiffiffiffiffiffiffiffiffiffiffi", "fififififififififififififififififififififi"),
        *("AVAVAVAVAVAVAVAVAVAVAVAVAVAVAVAVAV", "ofofofofofofofofoffifififfffffffffffffffff", "fluffy flier"),
    ),
    "long words with ligatures, Noto Serif": texts(
        PLAIN.replace('"DejaVu Sans"', '"Noto Serif"')
        + "table.rows { table-layout: fixed } col.col-text { width: 57.7pt }",
        *("office" * 9, "affiffiffiffiffiffiffiffiffiffiffi", "fififififififififififififififififififififi"),
        *("AVAVAVAVAVAVAVAVAVAVAVAVAVAVAVAVAV", "ofofofofofofofofoffifififfffffffffffffffff", "fluffy flier"),
    ),
    "soft hyphens": texts(
        PLAIN + "table.rows { table-layout: fixed } col.col-text { width: 70pt }",
        "Rind\u00adfleisch\u00adetikett\u00adierungs\u00adüber\u00adwachungs\u00adaufgaben",
        "a super\u00adman and in\u00adcom\u00adpre\u00adhen\u00adsi\u00adble things",
        "Überwachungsaufgabenüber\u00adtragung of inter\u00adnational goods",
        "in\u00adter\u00adna\u00adtio\u00adnal",
    ),
    "soft hyphens without room": texts(
        PLAIN + "table.rows { table-layout: fixed } col.col-text { width: 29.6pt }",
        "in\u00adcom\u00adpre\u00adhen\u00adsi\u00adble",
        "a com\u00ad com\u00adcom com",
        "com\u00adcom\u00adcom office",
    ),
    "ellipses": CUT,
    "ellipses on the right": replace(CUT, style=CUTTING + ".col-text { text-align: right }"),
    "ellipses in the middle, spaced": texts(
        CUTTING + ".col-text { text-align: center; letter-spacing: .4pt }", *TOO_LONG[:4]
    ),
    "ellipses under collapsed borders": replace(
        CUT, style=CUTTING + COLLAPSED + "td, th { border: 1pt solid #556677; background: #f4f4f4 }"
    ),
    "what is too long is cut off": replace(CUT, style=CUTTING.replace("ellipsis", "clip")),
    "what is too long stands out": replace(
        CUT,
        style=CUTTING.replace("hidden", "visible")
        + ".col-text { text-align: right } col.col-text { width: 170pt }",
    ),
    "ellipses of Inter": replace(CUT, style=CUTTING.replace('"DejaVu Sans"', "Inter")),
    "empty cells": Design(
        PLAIN + RULED + "td { border: .5pt solid #99a }",
        definition=columns(
            "field: a", "field: b, total: count", "field: c, total: [sum, max]", 'field: d, format: "0.0%"'
        ),
        rows="SELECT NULL::VARCHAR AS a, CASE WHEN i % 2 = 0 THEN 'x' END AS b, "
        "CASE WHEN i % 3 = 0 THEN i END AS c, NULL::DOUBLE AS d FROM range(90) t(i)",
    ),
    "running heads, a picture, page X of Y": Design(PLAIN + RULED + HEADS, definition=BREAKING),
    "running heads where groups start on any line": Design(PLAIN + RULED + HEADS),
    "running heads that grow": Design(
        PLAIN
        + """.group.level-0 .key .value { string-set: region content() }
        @page { margin: 50pt 40pt; @top-right { content: "Region " string(region) }
          @bottom-left { content: string(region) } }""",
        definition=BREAKING,
        rows=ROWS.replace("'West'", "'West of the mountains, where the longest of all names is'"),
    ),
    "starts in the middle of a page": Design(PLAIN + RULED + ZEBRA + HEADS, ABOVE, BREAKING),
    "colours of number formats": Design(
        PLAIN + ZEBRA,
        definition=columns(
            'field: n, format: "0;0"',
            'field: v, format: "#,##0.00;[Red]-#,##0.00;[Blue]\\"none\\"", total: [sum, min]',
            'field: w, format: "[Color 10][>=50]0.0;[Magenta][<10]0.0;0.0", total: avg',
        ),
        rows="SELECT i AS n, ((i - 20) * 12.5)::DECIMAL(12, 2) AS v, (i * 7 % 90)::DOUBLE AS w "
        "FROM range(60) t(i)",
    ),
    "rules": Design(PLAIN + RULED + ZEBRA + FIXED, definition=RULES),
    "rules over collapsed borders": Design(PLAIN + RULED + ZEBRA + COLLAPSED + FIXED, definition=RULES),
    "rules in wrapped cells": Design(PLAIN + RULED + NARROW + FIXED, definition=RULES),
    "one column": Design(
        PLAIN, definition=columns("field: n, total: sum"), rows="SELECT i AS n FROM range(70) t(i)"
    ),
    "no rows": Design(PLAIN + RULED, rows=ROWS.replace("ORDER BY", "WHERE false ORDER BY")),
    "a frame and a ground": Design(
        f"""{PLAIN} html {{ background: #f4f4f4 }} .detail td {{ background: rgba(0, 80, 160, .1) }}
        table.rows {{ background: #fdf6e3; border: 2pt solid #b58900; border-width: 0 2pt }}"""
    ),
    "generated content": Design(
        f"""{PLAIN} .detail td.col-amount::after {{ content: ' kr' }}
        .detail td.col-article::before {{ content: '» ' }}"""
    ),
    "running sums": Design(
        PLAIN + RULED,
        definition=columns(
            'field: day, format: "d mmm yyyy"',
            'field: amount, format: "#,##0.00", total: sum, running: shop',
            more=GROUPS,
        ),
    ),
}
