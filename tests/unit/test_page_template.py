"""report.html is filled in a sandbox: what it may use, and how its faults are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pressroom.errors import TemplateFailed
from pressroom.plates.origins import Origins
from tests.unit.page_samples import sample_design

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "<body>{{ table() }}</body>"


def html_of(folder: Path, template: str) -> str:
    return sample_design(folder / "sales", template)._html  # the template's result has no other way out


def test_helpers_and_names_are_there(tmp_path: Path) -> None:
    html = html_of(
        tmp_path,
        "{{ report.title }}|{{ rows | fmt('#,##0') }}|{{ total('amount') }}|{{ today.year }}"
        "|{{ columns[2].heading }}|{% for g in groups(0) %}{{ g.key }},{% endfor %}|"
        "{{ parameters.since is none }}" + TABLE,
    )
    assert html.startswith("Sales by region|12,345|98765432.10|2026|Pieces|North,South,|True")


def test_crosstab_and_top_are_formatted_and_escaped(tmp_path: Path) -> None:
    html = html_of(
        tmp_path, "{{ crosstab('months') }}{{ top('best', columns=['article', 'amount']) }}" + TABLE
    )
    assert "&lt;South&gt;" in html
    assert '<td class="number">1.00</td>' in html
    assert '<th class="number" scope="col">Amount</th>' in html
    assert '<td class="number">99.50</td>' in html


def test_a_list_of_keys_has_shares_and_a_line_for_all_others(tmp_path: Path) -> None:
    html = html_of(tmp_path, "{{ top('shops') }}" + TABLE)
    assert '<td class="text">&lt;Oslo&gt;</td><td class="number">60.00</td><td class="number">' in html
    assert '<td colspan="1">All others (1,234)</td><td class="number">20.00</td>' in html
    with pytest.raises(TemplateFailed, match="a list of a field's values has columns of its own"):
        html_of(tmp_path, "{{ top('shops', columns=['shop']) }}" + TABLE)


def test_chart_is_an_inline_drawing(tmp_path: Path) -> None:
    html = html_of(tmp_path, "{{ chart('regions', width=300, height=90, color='#123456') }}" + TABLE)
    assert "<svg" in html
    assert "#123456" in html
    assert "North" in html


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("\n{{ ''.__class__.__mro__ }}", "report.html:2: access to attribute '__class__'"),
        ("{{ table.__globals__ }}", "unsafe"),
        ("{{ cycler.__init__.__globals__.os.system('true') }}", "unsafe"),
        ("{{ report.update({'title': 'x'}) }}", "unsafe"),
        ("{{ '{0.__class__}'.format(1) }}", "unsafe"),
        ("{{ ''|attr('__class__') }}", "unsafe"),
        ("{% for i in range(1000000000) %}{% endfor %}", "Range too big"),
        ("\n\n{{ report.nothing }}", "report.html:3: 'dict object' has no attribute 'nothing'"),
        ("{{ nothing }}", "report.html:1: 'nothing' is undefined"),
        ("\n{{ 1 / 0 }}", "report.html:2: ZeroDivisionError"),
        ("\n\n{% if %}", "report.html:3: Expected an expression"),
        ("{% include '../secret.html' %}", "outside the report's folder"),
        ("{% include '/etc/hostname' %}", "outside the report's folder"),
        ("{% include 'pressroom/../page.py' %}", "outside the report's folder"),
        ("{% include 'link.html' %}", "outside the report's folder"),
        ("{% include 'nowhere.html' %}", "no template 'nowhere.html'"),
        ("{% import os %}", "report.html:1"),
        ("\n{{ chart('nope') }}", "report.html:2: chart('nope'): report.yaml has no such chart"),
        ("{{ total('nope') }}", "report.html:1: total('nope', 'sum'): the report has no such total"),
        ("{{ table() }}\n{{ table() }}", "report.html:2: {{ table() }} is called twice"),
        ("<p>no rows</p>", "never calls {{ table() }}"),
    ],
)
def test_a_faulty_or_hostile_template_is_an_error(tmp_path: Path, template: str, says: str) -> None:
    (tmp_path / "secret.html").write_text("secret")
    (tmp_path / "sales").mkdir()
    (tmp_path / "sales" / "link.html").symlink_to(tmp_path / "secret.html")
    with pytest.raises(TemplateFailed) as failed:
        html_of(tmp_path, template)
    assert says in str(failed.value)
    assert str(tmp_path) not in str(failed.value)


def test_an_error_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "sales").mkdir()
    (tmp_path / "sales" / "part.html").write_text("\n\n{{ nothing }}")
    with pytest.raises(TemplateFailed, match=r"^part\.html:3: 'nothing' is undefined"):
        html_of(tmp_path, "{% include 'part.html' %}")


@pytest.mark.parametrize(
    "reference",
    [
        '<img src="file:///etc/hostname">',
        '<img src="../secret.png">',
        '<img src="link.png">',
        '<img src="http://example.org/x.png">',
        '<img src="ftp://example.org/x.png">',
        '<link rel="stylesheet" href="https://example.org/x.css">',
        "<style>@import url(file:///etc/passwd);</style>",
        "<style>@font-face { font-family: x; src: url(http://example.org/x.woff) }</style>",
        "<style>body { background: url(//example.org/x.png) }</style>",
        '<svg width="9" height="9"><image width="9" height="9" href="file:///etc/hostname"/></svg>',
    ],
)
def test_reading_outside_the_folder_is_refused_by_name(tmp_path: Path, reference: str) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "sales").mkdir()
    (tmp_path / "sales" / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(
        TemplateFailed, match=r"only files of the report's own folder|outside the report's folder"
    ):
        sample_design(tmp_path / "sales", reference + TABLE).stored_plate()


def test_files_of_the_folder_and_data_urls_are_read(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("@page { size: 400pt 300pt }")
    (tmp_path / "mark.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    design = sample_design(
        tmp_path,
        '<link rel="stylesheet" href="style.css"><img src="mark.svg">'
        '<img src="data:image/svg+xml,%3Csvg xmlns=%27http://www.w3.org/2000/svg%27'
        ' width=%279%27 height=%279%27/%3E">' + TABLE,
    )
    layout = json.loads(design.stored_plate().layout)
    assert (layout["width"], layout["height"]) == pytest.approx((400, 300))
    assert not design.warnings


def test_what_weasyprint_ignores_is_a_warning(tmp_path: Path) -> None:
    design = sample_design(tmp_path, "<style>p { colour: red }</style>" + TABLE)
    design.stored_plate()
    assert design.warnings == ["report.html:1: Ignored `colour: red `, unknown property."]


def test_a_template_that_changes_is_compiled_anew_and_one_that_does_not_is_not(tmp_path: Path) -> None:
    from pressroom.plates import template

    page = tmp_path / "report.html"
    page.write_text("one {{ n }}", encoding="utf-8")
    assert template.Templates(tmp_path, {}, Origins()).render("report.html", {"n": 1}) == "one 1"
    kept = dict(template._COMPILED._kept)
    assert template.Templates(tmp_path, {}, Origins()).render("report.html", {"n": 2}) == "one 2"
    assert template._COMPILED._kept == kept
    page.write_text("two {{ n }}", encoding="utf-8")
    assert template.Templates(tmp_path, {}, Origins()).render("report.html", {"n": 3}) == "two 3"
