"""report.yaml: what it may say, and that each fault is named with file, line and key."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from pressroom.definition import ReportDefinition, TotalKind, load_definition
from pressroom.errors import DefinitionError
from pressroom.plan import make_plan
from pressroom.transforms import Transform, transform_plan

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
name: sales
title: Sales – Umsätze – 売上
data: {sql: SELECT * FROM dataset}
columns:
  - {field: item}
  - {field: amount, label: Amount, format: "#,##0.00", total: [sum, "weighted_avg(weight)"], running: region}
groups:
  - {field: region, page_break: true}
order: [item]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "report.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def fault(folder: Path, text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        load_definition(write(folder, text))
    return str(caught.value).replace(str(folder), "")


def test_a_good_definition_is_read_with_its_short_forms(tmp_path: Path) -> None:
    definition = load_definition(write(tmp_path, GOOD))
    assert definition.title == "Sales – Umsätze – 売上"
    assert definition.columns[0].heading == "Item"
    assert [(t.kind, t.by) for t in definition.columns[1].total] == [
        (TotalKind.SUM, None),
        (TotalKind.WEIGHTED_AVG, "weight"),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("title:", "headline:"), "/report.yaml:2: headline: unknown key"),
        (("label: Amount", "tag: Amount"), "/report.yaml:6: columns.1.tag: unknown key"),
        (("page_break: true", "page_break: 7"), "/report.yaml:8: groups.0.page_break: "),
        (("total: [sum,", "total: [summ,"), "/report.yaml:6: columns.1.total.0.kind: "),
        (("running: region", "running: place"), "columns.amount.running: 'place' is no group"),
        (("running: region", 'rank: ""'), "columns.amount.rank: '' is no group; true is for all rows"),
        (("name: sales", "name: ../sales"), "/report.yaml:1: name: String should match pattern"),
        (("weighted_avg(weight)", "weighted_avg"), "weighted_avg needs the field of its weights"),
        (("- {field: item}", "- {field: amount}"), "columns name amount more than once"),
        (
            (
                "order: [item]",
                "crosstabs: [{name: c, rows: item, columns: region, value: amount, total: weighted_avg}]",
            ),
            "/report.yaml:9: crosstabs.0.total: weighted_avg is for columns",
        ),
        (
            ("order: [item]", "tops: [{name: t, by: amount, total: count}]"),
            "/report.yaml:9: tops.0: total is for the totals of a field's values: say which field with of",
        ),
        (
            ("order: [item]", "tops: [{name: t, by: amount, format: '0'}]"),
            "/report.yaml:9: tops.0: format is for the totals of a field's values",
        ),
        (
            ("order: [item]", "tops: [{name: t, by: amount, label: x}]"),
            "/report.yaml:9: tops.0: label is for the totals of a field's values",
        ),
        (
            ("order: [item]", "tops: [{name: t, of: item, by: amount, total: weighted_avg}]"),
            "/report.yaml:9: tops.0.total: weighted_avg is for columns",
        ),
        (("order: [item]", "tops: [{name: t, by: amount, others: ''}]"), "/report.yaml:9: tops.0.others"),
        (("columns:", "columns: ["), "/report.yaml:5: not YAML"),
        (("{field: item}", "{field: item, show: stars}"), "/report.yaml:5: columns.0.show.kind: "),
        (
            ("{field: item}", "{field: item, rules: [{when: 'over 9', bold: true}]}"),
            "/report.yaml:5: columns.0.rules.0: 'over 9' is no condition",
        ),
        (
            ("{field: item}", "{field: item, link: 'javascript:{item}'}"),
            "/report.yaml:5: columns.0.link: 'javascript:{item}': a link starts with",
        ),
        (("order: [item]", "xlsx: {table: true}"), "xlsx.table: an Excel table holds rows of one kind"),
        (
            ("order: [item]", "xlsx: {protect: {allow: [edit]}}"),
            "/report.yaml:9: xlsx.protect.allow.0: ",
        ),
        (("order: [item]", "xlsx: {paper: A5}"), "/report.yaml:9: xlsx.paper: "),
    ],
)
def test_each_fault_names_file_line_and_key(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    assert message in fault(tmp_path, GOOD.replace(*change))


def test_every_fault_is_listed_not_only_the_first(tmp_path: Path) -> None:
    text = GOOD.replace("title:", "headline:").replace("label:", "tag:")
    with pytest.raises(DefinitionError) as caught:
        load_definition(write(tmp_path, text))
    assert {d.pointer for d in caught.value.errors} == {"/headline", "/title", "/columns/1/tag"}
    assert "(and 2 more)" in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "just words", "1"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    assert "report.yaml:1: a report.yaml is a mapping" in fault(tmp_path, text)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.yaml"
    path.write_bytes(b"name: \xe9")
    with pytest.raises(DefinitionError, match="not UTF-8 at byte 6"):
        load_definition(path)


def test_a_missing_definition_says_what_a_report_is(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no such file") as caught:
        load_definition(tmp_path / "report.yaml")
    assert caught.value.hint == "a report is a folder with a report.yaml"


def test_the_published_schema_lists_every_key() -> None:
    properties = ReportDefinition.model_json_schema()["properties"]
    assert {"name", "title", "parameters", "data", "columns", "groups", "order", "crosstabs", "tops"} <= set(
        properties
    )


def test_the_published_schema_lists_every_kind_of_transform() -> None:
    schema = ReportDefinition.model_json_schema()
    kinds = schema["$defs"]["Data"]["properties"]["transforms"]["items"]["discriminator"]["mapping"]
    assert set(kinds) == {"running_balance", "fifo_lots", "aging", "amortise", "roll_up", "reconcile"}
    for kind, place in kinds.items():
        keys = schema["$defs"][place.rsplit("/", 1)[1]]["properties"]
        assert {"name", "kind", "sql", "order"} <= set(keys)
        assert keys["kind"]["const"] == kind


TRANSFORMED = """\
name: gains
title: Gains
parameters: {day: {type: string}}
data:
  sql: SELECT * FROM lots
  transforms:
    - {name: lots, kind: fifo_lots, sql: SELECT 1, quantity: q, price: p}
    - {name: due, kind: aging, sql: SELECT 1, due: d, amount: a, as_of: 2024-01-31}
    - {name: ledger, kind: running_balance, sql: SELECT 1, amount: a}
    - {name: checked, kind: reconcile, sql: SELECT 1, key: [k], side: s, date: d, amount: a}
columns: [{field: gain}]
"""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("price: p", "prize: p"), "/report.yaml:7: data.transforms.0.prize: unknown key (and 1 more)"),
        (("price: p", "price: p, method: hifo"), "/report.yaml:7: data.transforms.0.method: Input should be"),
        (
            ("price: p", "price: p, method: average, short: open"),
            "/report.yaml:7: data.transforms.0: an average cost has no open short positions",
        ),
        (("kind: fifo_lots", "kind: hifo_lots"), "/report.yaml:7: data.transforms.0: Input tag 'hifo_lots'"),
        (("date: d, ", ""), "/report.yaml:10: data.transforms.3.date: Field required"),
        (("key: [k]", "key: [k, s]"), "/report.yaml:10: data.transforms.3: key: 's' tells the ledgers apart"),
        (("side: s", "side: s, sides: [x, x]"), "sides: left and right are both 'x'"),
        (
            ("as_of: 2024-01-31", "as_of: soon"),
            "/report.yaml:8: data.transforms.1.as_of: a date (2024",
        ),
        (("as_of: 2024-01-31", "as_of: $day"), "data.transforms.1.as_of: $day is no parameter of type date"),
        (("2024-01-31", "2024-01-31, buckets: [9, 3]"), "buckets: the days must rise: [9, 3]"),
        (("2024-01-31", "2024-01-31, labels: [x]"), "labels: 4 days make 5 buckets, and there are 1 labels"),
        (("SELECT 1, amount: a}", "SELECT 1}"), "running_balance needs amount, or debit and credit"),
        (("SELECT 1, amount: a}", "SELECT 1, amount: a, credit: c}"), "needs amount, or debit and credit"),
        (("name: ledger", "name: lots"), "sources and transforms name lots more than once"),
        (
            ("  transforms:", "  sources: {due: {python: m:f}}\n  transforms:"),
            "transforms name due more than once",
        ),
        (("  sql: SELECT * FROM lots", "  python: m:f"), "sources, sheets and transforms go with sql"),
        (("name: ledger", "name: dataset"), "dataset is the name of the first dataset"),
    ],
)
def test_a_fault_of_a_transform_is_named(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    load_definition(write(tmp_path, TRANSFORMED))
    assert message in fault(tmp_path, TRANSFORMED.replace(*change))


@pytest.mark.parametrize(
    "keys",
    [
        {"kind": "running_balance", "partition": ["f0"], "debit": "f1", "credit": "f2", "opening": "f3"},
        {"kind": "fifo_lots", "quantity": "f0", "price": "f1", "fee": "f2", "date": "f3"},
        {"kind": "aging", "as_of": "2024-01-31", "due": "f0", "amount": "f1", "unapplied": "left"},
        {"kind": "amortise", "principal": "f0", "rate": "f1", "term": "f2", "start": "f3"},
        {"kind": "roll_up", "id": "f0", "parent": "f1", "values": ["f2", "f3"]},
        {"kind": "reconcile", "key": ["f0", "f1"], "side": "f2", "date": "f3", "amount": "f4"},
    ],
    ids=lambda keys: keys["kind"],
)
def test_every_key_of_a_transform_that_names_a_field_is_looked_up(keys: dict[str, Any]) -> None:
    raw = {"name": "a", "sql": "x", "order": ["f8", "f9"]} | keys
    transform: Transform = TypeAdapter(Transform).validate_python(raw)
    named = {
        f"{key}.{i}" if isinstance(value, list) else key: field
        for key, value in raw.items()
        for i, field in enumerate(value if isinstance(value, list) else [value])
        if re.fullmatch(r"f\d", field)
    }
    assert dict(transform.fields()) == named


def test_buckets_are_named_by_their_days() -> None:
    aging = {"kind": "aging", "name": "a", "sql": "x", "due": "d", "amount": "a", "as_of": "2024-01-31"}
    transform: Transform = TypeAdapter(Transform).validate_python(aging | {"buckets": [-5, 0, 1, 10]})
    labels = json.loads(transform_plan(transform, {}, None))["kind"]["aging"]["labels"]
    assert labels == ["up to -5", "-4 to 0", "1", "2-10", "over 10"]


def test_a_running_column_stands_behind_its_field(tmp_path: Path) -> None:
    plan = make_plan(load_definition(write(tmp_path, GOOD)), ["item", "amount", "region", "weight"])
    assert [c.name for c in plan.columns] == ["item", "amount", "running:amount"]
    assert plan.total_index(1, TotalKind.SUM, None) == 0
    assert plan.total_index(0, TotalKind.SUM, None) is None
    assert plan.total_kinds == (TotalKind.SUM, TotalKind.WEIGHTED_AVG)


def test_a_field_is_read_and_formatted_as_its_column_or_its_group(tmp_path: Path) -> None:
    text = GOOD.replace("- {field: item}", '- {field: item, format: General, label: ""}')
    plan = make_plan(load_definition(write(tmp_path, text)), ["item", "amount", "region", "weight"])
    fields = ("item", "amount", "running:amount", "region", "net_weight")
    headings = [plan.heading_of(field) for field in fields]
    assert headings == ["Item", "Amount", "Amount, running", "Region", "Net weight"]
    assert [plan.format_of(field) for field in fields] == ["", "#,##0.00", "#,##0.00", "", ""]


@pytest.mark.parametrize("missing", ["item", "region", "weight", "shop"])
def test_a_field_that_the_sql_does_not_give_is_named_with_those_it_gives(
    tmp_path: Path, missing: str
) -> None:
    definition = load_definition(write(tmp_path, f"{GOOD}tops: [{{name: t, of: shop, by: amount}}]\n"))
    fields = [f for f in ("item", "amount", "region", "weight", "shop") if f != missing]
    with pytest.raises(DefinitionError, match=f"unknown field '{missing}'") as caught:
        make_plan(definition, fields)
    assert caught.value.hint == f"the SQL gives: {', '.join(fields)}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{}", "/report.yaml:3: data: rows come from sql or from python: one of the two"),
        ('{sql: FROM a, python: "a:b"}', "/report.yaml:3: data: rows come from sql or from python"),
        ("{python: ../a:b}", "/report.yaml:3: data.python: String should match pattern"),
        ("{python: a.b}", "/report.yaml:3: data.python: String should match pattern"),
        ('{python: "a:b", sheets: {a: One}}', "/report.yaml:3: data: python returns all the rows"),
        ("{sql: FROM a, sources: {a: {database: d}}}", "/report.yaml:3: data.sources.a.sql: Field required"),
        ("{sql: FROM a, sources: {a: {}}}", "/report.yaml:3: data.sources.a.database: Field required"),
        ("{sql: FROM a, sources: {a: x}}", "/report.yaml:3: data.sources.a: Input should be a valid"),
        (
            '{sql: FROM a, sources: {a: {python: "m:f", sql: x}}}',
            "/report.yaml:3: data.sources.a.sql: unknown key",
        ),
        ("{sql: FROM a, sources: {A: {python: m:f}}}", "/report.yaml:3: data.sources.A"),
    ],
)
def test_where_rows_come_from_is_checked(tmp_path: Path, data: str, message: str) -> None:
    text = GOOD.replace("{sql: SELECT * FROM dataset}", data)
    assert fault(tmp_path, text).startswith(message)


def test_the_short_form_of_a_python_source_is_the_dataset(tmp_path: Path) -> None:
    text = GOOD.replace("{sql: SELECT * FROM dataset}", '{python: "books:entries"}')
    data = load_definition(write(tmp_path, text)).data
    assert data.query == "SELECT * FROM dataset"
    assert {name: table.model_dump() for name, table in data.tables.items()} == {
        "dataset": {"python": "books:entries"}
    }


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        ("by: amount", None),
        ("by: amount, others: true", "All others"),
        ("by: amount, others: Rest of the world", "Rest of the world"),
        ("of: item, by: amount", "All others"),
        ("of: item, by: amount, others: false", None),
        ("of: item, by: amount, others: Everybody else", "Everybody else"),
    ],
)
def test_a_list_of_keys_adds_up_and_a_list_of_rows_does_when_asked(
    tmp_path: Path, keys: str, label: str | None
) -> None:
    path = write(tmp_path, GOOD.replace("order: [item]", f"tops: [{{name: t, {keys}}}]"))
    (top,) = load_definition(path).tops
    assert top.others_label == label
