"""What the layout of the specimen becomes: bands, fonts, furniture, and the pages around the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from pressroom.errors import TemplateFailed
from pressroom.plates.cache import PlateCache
from tests.unit.page_samples import sample_design

STYLE = """
@page { size: 600pt 400pt; margin: 50pt 30pt 40pt;
  @top-left { content: "Static head" }
  @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 8pt Inter; color: #ff0000 }
}
body { margin: 0 }
table.rows { font: 10pt/1.5 "DejaVu Sans"; font-variant-numeric: normal }
th, td { padding: 3pt 5pt }
.detail.even td { background: #eeeeff }
.detail td { border-bottom: 1pt solid #cccccc }
.total td { background: black; color: white }
"""


def layout_of(folder: Path, body: str = "{{ table() }}", style: str = "", **changes: Any) -> dict[str, Any]:
    design = sample_design(folder, f"<style>{STYLE}{style}</style><body>{body}</body>", **changes)
    layout: dict[str, Any] = json.loads(design.stored_plate().layout)
    layout["warnings"] = design.warnings
    layout["unreplayed"] = [str(one) for one in design.unreplayed]
    return layout


def text_of(pdf: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]


def part_of(cell: dict[str, Any]) -> Any:
    return cell["parts"][0]


def test_bands_are_those_of_the_plan(tmp_path: Path) -> None:
    bands = layout_of(tmp_path)["bands"]
    assert [part_of(c) for c in bands["details"][0]["cells"]] == [{"column": i} for i in range(4)]
    assert len(bands["details"]) == 2
    assert [len(level) for level in bands["subtotals"]] == [2, 2]
    assert [part_of(c) for c in bands["grand_total"][1]["cells"]][-2:] == [{"total": 1}, {"total": 3}]
    assert {"group": 1} in [p for c in bands["group_headers"][1]["cells"] for p in c["parts"]]
    assert [part_of(c)["text"] for c in bands["header"]["cells"]] == ["Date", "Article", "Pieces", "Amount"]


def test_a_band_has_the_height_of_one_line(tmp_path: Path) -> None:
    band = layout_of(tmp_path)["bands"]["details"][0]
    # 3pt padding twice, one line of 15pt, 1pt border.
    assert band["height"] == pytest.approx(22)
    assert band["cells"][0]["line_height"] == pytest.approx(15)
    assert 3 < band["cells"][0]["baseline"] < 18


def test_rectangles_are_backgrounds_and_borders_of_the_row(tmp_path: Path) -> None:
    odd, even = layout_of(tmp_path)["bands"]["details"]
    line = {"x": 30, "width": 540, "top": {"bottom": -1}, "bottom": {"bottom": 0}, "color": [204, 204, 204]}
    assert [_rounded(r) for r in odd["rects"]] == [line]
    fill = {"x": 30, "width": 540, "top": {"top": 0}, "bottom": {"bottom": 0}, "color": [238, 238, 255]}
    assert [_rounded(r) for r in even["rects"]] == [fill, line]


def test_collapsed_borders_stand_on_the_edges_of_the_row_that_asks(tmp_path: Path) -> None:
    style = (
        "table.rows { border-collapse: collapse } .detail td { border: 0; border-bottom: 2pt solid #010203 }"
    )
    bands = layout_of(tmp_path, style=style)["bands"]
    lines = [_rounded(r) for r in bands["details"][0]["rects"]]
    assert lines == [
        {"x": 30, "width": 540, "top": {"bottom": -1}, "bottom": {"bottom": 1}, "color": [1, 2, 3]},
    ]
    assert not [r for r in bands["header"]["rects"] if r["color"] == [1, 2, 3]]


def test_a_background_leaves_the_line_of_the_row_above(tmp_path: Path) -> None:
    style = (
        "table.rows { border-collapse: collapse } .detail td { border: 0; border-bottom: 2pt solid #010203 }"
    )
    even = layout_of(tmp_path, style=style)["bands"]["details"][1]
    assert _rounded(even["rects"][0])["top"] == {"top": 1}


def test_border_spacing_is_part_of_the_band(tmp_path: Path) -> None:
    plain = layout_of(tmp_path / "a")["bands"]["details"][1]
    spaced = layout_of(tmp_path / "b", style="table.rows { border-spacing: 0 4pt }")["bands"]["details"][1]
    assert spaced["height"] == pytest.approx(plain["height"] + 4)
    assert _rounded(spaced["rects"][0])["bottom"] == {"bottom": -4}


def test_numbers_stand_right_and_texts_wrap(tmp_path: Path) -> None:
    cells = layout_of(tmp_path)["bands"]["details"][0]["cells"]
    assert [c["align"] for c in cells] == ["left", "left", "right", "right"]
    assert [c["wrap"] for c in cells] == [False, True, False, False]


def test_columns_are_as_wide_as_their_longest_values_ask(tmp_path: Path) -> None:
    cells = layout_of(tmp_path)["bands"]["details"][0]["cells"]
    assert cells[1]["width"] > 2 * cells[2]["width"]
    # 1,234,567.89 in DejaVu Sans of 10pt is 70pt wide; the grand total is wider still.
    assert cells[3]["width"] > 75


def test_a_fixed_width_is_the_style_sheets(tmp_path: Path) -> None:
    style = "table.rows { table-layout: fixed } col.col-day { width: 100pt }"
    cells = layout_of(tmp_path, style=style)["bands"]["details"][0]["cells"]
    assert cells[0]["width"] == pytest.approx(90, abs=0.1)


def test_fixed_text_next_to_a_value_keeps_its_own_look(tmp_path: Path) -> None:
    style = ".group .name { color: #00ff00 }"
    key = layout_of(tmp_path, style=style)["bands"]["group_headers"][0]["cells"]
    assert key[0]["parts"] == [{"text": "Region"}]
    assert key[0]["style"]["color"] == [0, 255, 0]
    assert key[1]["parts"] == [{"group": 0}]
    assert key[1]["x"] > key[0]["x"] + key[0]["width"]


def test_a_space_between_a_name_and_its_value_stays(tmp_path: Path) -> None:
    bands = layout_of(tmp_path)["bands"]
    assert bands["group_headers"][0]["cells"][0]["parts"] == [
        {"text": "Region"},
        {"text": " "},
        {"group": 0},
    ]
    assert bands["subtotals"][0][0]["cells"][0]["parts"][:2] == [{"text": "Total"}, {"text": " "}]


def test_generated_content_stays_in_front_of_the_value(tmp_path: Path) -> None:
    style = 'td.col-article::before { content: "» " }'
    cell = layout_of(tmp_path, style=style)["bands"]["details"][0]["cells"][1]
    assert cell["parts"] == [{"text": "» "}, {"column": 1}]


def test_fonts_are_files_with_features_and_fallbacks(tmp_path: Path) -> None:
    layout = layout_of(
        tmp_path, style='.detail td { font-family: Inter; font-feature-settings: "tnum", "ss01" }'
    )
    number = layout["bands"]["details"][0]["cells"][0]["style"]["font"]
    font = layout["fonts"][number]
    assert Path(font["path"]).name.startswith("Inter-Regular")
    assert font["features"] == [["tnum", 1], ["ss01", 1]]
    assert font["fallbacks"]
    assert number not in font["fallbacks"]
    header = layout["fonts"][layout["bands"]["header"]["cells"][0]["style"]["font"]]
    assert Path(header["path"]).name == "DejaVuSans-Bold.ttf"


def test_a_web_font_outlives_weasyprint(tmp_path: Path) -> None:
    installed = layout_of(tmp_path / "a")["fonts"][0]["path"]
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / "own.ttf").write_bytes(Path(installed).read_bytes())
    style = "@font-face { font-family: Own; src: url(own.ttf) } .detail td { font-family: Own }"
    layout = layout_of(folder, style=style)
    path = Path(layout["fonts"][layout["bands"]["details"][0]["cells"][0]["style"]["font"]]["path"])
    assert path.read_bytes() == (folder / "own.ttf").read_bytes()
    assert "weasyprint" not in str(path)


def test_the_page_is_measured(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, "<p style='margin: 0; height: 60pt'>Above</p>{{ table() }}")
    assert (layout["width"], layout["height"]) == pytest.approx((600, 400))
    assert layout["first"]["top"] == pytest.approx(110)
    assert layout["next"]["top"] == pytest.approx(50)
    assert layout["first"]["bottom"] == layout["next"]["bottom"] == pytest.approx(360)


def test_page_counters_are_texts_and_the_rest_is_furniture(tmp_path: Path) -> None:
    template = f"<style>{STYLE}</style><body><p>Above the table</p>{{{{ table() }}}}</body>"
    stored = sample_design(tmp_path, template).stored_plate()
    layout = json.loads(stored.layout)
    (text,) = layout["next"]["art"]["texts"]
    assert text["parts"] == [{"text": "Page "}, "page", {"text": " of "}, "pages"]
    assert text["align"] == "right"
    assert text["x"] + text["width"] == pytest.approx(570)
    assert text["style"]["color"] == [255, 0, 0]
    assert 360 < text["baseline"] < 400
    first, following = text_of(stored.furniture)
    assert "Static head" in first
    assert "Above the table" in first
    assert "Above the table" not in following
    for page in (first, following):
        assert "Page" not in page
        assert "Article" not in page, "the column heads are a band"


def test_a_counter_in_a_running_element_is_a_text(tmp_path: Path) -> None:
    style = """
    .foot { position: running(foot) } .foot i::after { content: counter(page) }
    @page { @bottom-left { content: element(foot) } @bottom-right { content: none } }
    """
    layout = layout_of(tmp_path, "<p class=foot>Sheet <i></i></p>{{ table() }}", style)
    assert [t["parts"] for t in layout["next"]["art"]["texts"]][-1][-1] == "page"


def test_a_string_that_group_headers_set_is_the_open_group(tmp_path: Path) -> None:
    style = """
    @page { @top-right { content: "In " string(region) } @bottom-right { content: none } }
    .group.level-0 .value { string-set: region content() }
    """
    layout = layout_of(tmp_path, style=style)
    assert layout["next"]["art"]["texts"][0]["parts"] == [{"text": "In "}, {"group": 0}]


def test_a_string_keeps_its_place_in_a_report_without_rows(tmp_path: Path) -> None:
    style = """
    @page { @top-right { content: string(region); white-space: nowrap } @bottom-right { content: none } }
    .group.level-0 .key .value { string-set: region content() }
    """
    layout = layout_of(tmp_path, style=style, empty=True)
    assert [text["parts"] for text in layout["first"]["art"]["texts"]] == [[{"group": 0}]]
    assert layout["unreplayed"] == []


@pytest.mark.parametrize("which", ["start", "last", "first-except"])
def test_a_string_other_than_the_first_of_its_page_can_not_be_replayed(tmp_path: Path, which: str) -> None:
    style = f"""
    @page {{ @top-right {{ content: string(region, {which}); white-space: nowrap }} }}
    .group.level-0 .key .value {{ string-set: region content() }}
    """
    said = f"string(region, {which}) of the table's pages shows the first of its page"
    assert said in layout_of(tmp_path, style=style)["unreplayed"]


def test_a_page_counter_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    style = "@page { @bottom-right { width: 20pt; white-space: normal } }"
    with pytest.raises(TemplateFailed, match="does not fit on one line"):
        layout_of(tmp_path, style=style)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<!-- {{ table() }} -->", "is not on any page"),
        ("<div style='display: none'>{{ table() }}</div>", "is not on any page"),
        ("<div style='float: left'>{{ table() }}</div>", "go on over several pages"),
        ("<style>.detail.even { display: none }</style>{{ table() }}", "no row for details"),
    ],
)
def test_a_table_that_can_not_be_replayed_is_an_error(tmp_path: Path, body: str, says: str) -> None:
    with pytest.raises(TemplateFailed, match=says):
        layout_of(tmp_path, body)


@pytest.mark.parametrize(
    ("style", "says"),
    [
        (".detail td { text-decoration: underline }", "text-decoration of <td"),
        (".detail td { border-radius: 3pt }", "border-radius of <td"),
        (".detail td { overflow-wrap: normal }", "overflow-wrap: normal of <td"),
        (".detail { opacity: 0.5 }", "opacity of <tr.detail"),
        (".detail td { text-transform: uppercase }", "text-transform of <td"),
        (".detail td.col-article { white-space: pre-line }", "white-space: pre-line of <td"),
        (".detail td { border-bottom-style: dotted }", "border-style: dotted"),
        (".detail td { background: linear-gradient(red, blue) }", "background-image of <td"),
    ],
)
def test_css_that_a_plate_leaves_out_is_named(tmp_path: Path, style: str, says: str) -> None:
    layout = layout_of(tmp_path, style=style)
    assert any(says in use for use in layout["unreplayed"])
    assert layout["warnings"] == []


def test_what_weasyprint_ignores_is_a_warning_and_no_fault_of_the_plate(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, style=".detail td { colour: red }")
    assert any("colour" in warning for warning in layout["warnings"])
    assert layout["unreplayed"] == []


def test_a_plain_design_has_no_warnings(tmp_path: Path) -> None:
    layout = layout_of(tmp_path)
    assert layout["warnings"] == layout["unreplayed"] == []


def test_the_default_design_needs_no_template(tmp_path: Path) -> None:
    design = sample_design(tmp_path)
    layout = json.loads(design.stored_plate().layout)
    around, before = design.surroundings(3)
    assert around is not None
    assert (before, len(text_of(around))) == (1, 3)
    assert "Sales by region" in text_of(around)[0]
    assert "1 / 4" in text_of(around)[0]
    assert layout["info"]["title"] == "Sales by region"
    assert design.warnings == []


def test_no_rows_work(tmp_path: Path) -> None:
    design = sample_design(tmp_path, empty=True)
    assert json.loads(design.stored_plate().layout)["bands"]["grand_total"]
    assert design.surroundings(1)[1] == 1


AROUND = """
<style>@page { size: 300pt 500pt; margin: 30pt; @bottom-center { content: counter(page) "/" counter(pages) } }
section { break-after: page }</style>
<body><section><a href="#notes">to the notes</a></section><section>Second, <a href="https://example.org/">out</a></section>
{{ table() }}<h1 id=notes>Notes</h1><p style="break-before: page">Last</body>
"""


@pytest.mark.parametrize("table_pages", [1, 2, 7, 20_000])
def test_page_counters_go_on_over_the_table(tmp_path: Path, table_pages: int) -> None:
    around, before = sample_design(tmp_path, AROUND).surroundings(table_pages)
    assert around is not None
    assert before == 2
    pages = table_pages + 4
    texts = text_of(around)
    assert len(texts) == 6
    assert [text.split()[-1] for text in texts[:2]] == [f"1/{pages}", f"2/{pages}"]
    assert [text.split()[-1] for text in texts[4:]] == [f"{pages - 1}/{pages}", f"{pages}/{pages}"]
    assert texts[4].startswith("Notes")


def test_a_table_alone_has_no_pages_around(tmp_path: Path) -> None:
    assert sample_design(tmp_path, "<body>{{ table() }}</body>").surroundings(9) == (None, 0)


def test_rows_with_links_and_bookmarks_of_their_own_are_no_pages_around(tmp_path: Path) -> None:
    style = "<style>tr.detail { bookmark-level: 1; bookmark-label: 'row' }</style>"
    assert sample_design(tmp_path, f"{style}<body>{{{{ table() }}}}</body>").surroundings(9) == (None, 0)


def test_a_plate_is_made_once_and_kept_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    first = sample_design(tmp_path / "r", cache=PlateCache(folder)).stored_plate()
    (file,) = folder.glob("*.plate")
    stamp = file.stat().st_mtime_ns
    again = sample_design(tmp_path / "r", cache=PlateCache(folder)).stored_plate()
    assert again == first
    assert [p.name for p in folder.iterdir()] == [file.name]
    assert file.stat().st_mtime_ns == stamp


def test_a_changed_style_is_another_plate(tmp_path: Path) -> None:
    cache = PlateCache(tmp_path / "cache")
    template = "<style>td {{ padding: {}pt }}</style><body>{{{{ table() }}}}</body>"
    one = sample_design(tmp_path / "r", template.format(2), cache=cache).stored_plate()
    other = sample_design(tmp_path / "r", template.format(3), cache=cache).stored_plate()
    assert one != other


@pytest.mark.parametrize("damage", [b"", b"PRPLATE2", b"rubbish" * 99, None])
def test_a_damaged_plate_is_made_again(tmp_path: Path, damage: bytes | None) -> None:
    folder = tmp_path / "cache"
    first = sample_design(tmp_path / "r", cache=PlateCache(folder)).stored_plate()
    (file,) = folder.glob("*.plate")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] if damage is None else damage)
    assert sample_design(tmp_path / "r", cache=PlateCache(folder)).stored_plate() == first
    assert file.read_bytes() == whole
    assert [p.name for p in folder.iterdir()] == [file.name]


def test_a_plate_whose_font_is_gone_is_made_again(tmp_path: Path) -> None:
    report = tmp_path / "r"
    report.mkdir()
    (report / "own.ttf").write_bytes(Path(layout_of(tmp_path / "a")["fonts"][0]["path"]).read_bytes())
    face = "@font-face { font-family: Own; src: url(own.ttf) } td { font-family: Own }"
    template = f"<style>{face}</style>{{{{ table() }}}}"
    folder = tmp_path / "cache"
    sample_design(report, template, cache=PlateCache(folder)).stored_plate()
    for font in (folder / "fonts").iterdir():
        font.unlink()
    stored = sample_design(report, template, cache=PlateCache(folder)).stored_plate()
    assert all(Path(file).is_file() for file in stored.font_files)


def _rounded(rect: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {k: round(v, 2) + 0 for k, v in value.items()}
        if isinstance(value, dict)
        else round(value, 2)
        if isinstance(value, float)
        else value
        for key, value in rect.items()
    }
