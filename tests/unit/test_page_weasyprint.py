"""WeasyPrint's layout tree is private API: what the page design reads of it still means the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import weasyprint
from weasyprint.formatting_structure import boxes
from weasyprint.images import SVGImage

from pressroom.plates.fontconfig import (
    coordinates,
    installed_files,
    known_families,
    pattern_of,
    same_families,
    sorted_patterns,
)
from pressroom.plates.origins import Origins
from pressroom.plates.rendering import Rendering, render_document

HTML = """
<style>
@page { size: 400px 300px; margin: 40px; @bottom-right { content: "Page " counter(page) } }
html { background: #eeeeee } body { margin: 0; font: 16px/20px "DejaVu Sans" }
.a { string-set: name content() } p::after { content: counter(page) }
table { border-collapse: collapse } td { padding: 2px; border-bottom: 4px solid #010203 }
.s { border-collapse: separate; border-spacing: 3px 5px } .s td { background: #abcdef; border: 0 }
</style>
<p class="a">One</p>
<table><colgroup><col><col></colgroup><thead><tr><th>A<th>B<tbody><tr data-x="1"><td>c<td>d
<tbody style="break-before: page"><tr><td>e<td>f</table>
<table class="s"><tr><td style="vertical-align: middle">x<td></table>
"""


@pytest.fixture(scope="module")
def rendering(tmp_path_factory: pytest.TempPathFactory) -> Rendering:
    warnings: list[str] = []
    folders = [tmp_path_factory.mktemp("r")]
    made = render_document(HTML, folders=folders, css="", warnings=warnings, origins=Origins())
    assert warnings == []
    return made


def of_kind(rendering: Rendering, kind: type) -> list[Any]:
    return [box for page in rendering.pages for box in page.descendants() if isinstance(box, kind)]


def test_the_version_is_the_pinned_one() -> None:
    assert weasyprint.__version__ == "70.0"


def test_pages_have_areas_and_backgrounds(rendering: Rendering) -> None:
    page = rendering.pages[0]
    assert (page.margin_width(), page.margin_height()) == (400, 300)
    assert (page.content_box_x(), page.content_box_y(), page.width, page.height) == (40, 40, 320, 220)
    assert page.background is None or page.background.color.alpha == 0
    assert tuple(round(c * 255) for c in page.canvas_background.color.to("srgb")[:3]) == (238, 238, 238)


def test_tables_have_columns_groups_rows_and_cells(rendering: Rendering) -> None:
    tables = of_kind(rendering, boxes.TableBox)
    first, second, spaced = tables
    assert first.element is second.element
    assert [g.is_header for g in first.children] == [g.is_header for g in second.children] == [True, False]
    assert (
        len(first.column_widths) == len(first.column_positions) == len(first.column_groups[0].children) == 2
    )
    row = first.children[1].children[0]
    assert isinstance(row, boxes.TableRowBox)
    assert row.element.get("data-x") == "1"
    assert row.height == pytest.approx(26), "20 of the line, 2 + 2 of padding, half of the 4 px border"
    assert [(c.grid_x, c.colspan) for c in row.children] == [(0, 1), (1, 1)]
    assert spaced.style["border_spacing"] == (3, 5)


def test_collapsed_borders_are_a_grid_of_lines(rendering: Rendering) -> None:
    vertical, horizontal = of_kind(rendering, boxes.TableBox)[0].collapsed_border_grid
    assert (len(horizontal), len(horizontal[0]), len(vertical), len(vertical[0])) == (4, 2, 3, 3)
    style, width, color = horizontal[2][0][1]
    assert (style, width, [round(c * 255) for c in color.to("srgb")[:3]]) == ("solid", 4, [1, 2, 3])


def test_cells_tell_alignment_emptiness_and_paint(rendering: Rendering) -> None:
    full, empty = of_kind(rendering, boxes.TableBox)[2].children[0].children[0].children
    assert (full.vertical_align, full.empty, empty.empty) == ("middle", False, True)
    assert full.background.layers[-1].image is None
    assert full.background.style["box_shadow"] == ()
    for name in ("border_box_x", "border_width", "content_box_x", "padding_box_x", "padding_width"):
        assert isinstance(getattr(full, name)(), int | float)
    assert full.border_bottom_width == 0


def test_texts_have_places_styles_and_their_element(rendering: Rendering) -> None:
    (text,) = [t for t in of_kind(rendering, boxes.TextBox) if t.text == "c"]
    assert text.element.tag == text.element_tag == "td"
    assert text.position_y + text.baseline > text.position_y > 0
    assert text.width > 0
    style = text.style
    assert (style["font_size"], style["letter_spacing"], style["white_space"]) == (16, "normal", "normal")
    assert style["text_align_all"] in ("start", "left")
    assert style["font_family"] == ("DejaVu Sans",)
    (line,) = [one for one in of_kind(rendering, boxes.LineBox) if text in one.children]
    assert line.height == 20


def test_generated_content_is_a_list_of_tokens(rendering: Rendering) -> None:
    (margin, *_) = of_kind(rendering, boxes.MarginBox)
    assert margin.style["content"] == (("string", "Page "), ("counter()", ("page", "decimal")))
    (after,) = [b for b in of_kind(rendering, boxes.InlineBox) if b.element_tag == "p::after"]
    assert after.style["content"] == (("counter()", ("page", "decimal")),)
    (named,) = [b for b in of_kind(rendering, boxes.BlockBox) if b.string_set and b.string_set != "none"]
    assert [name for name, _ in named.string_set] == ["name"]


def test_pages_can_be_copied_without_links(rendering: Rendering) -> None:
    page = rendering.document.pages[0]
    assert all(hasattr(page, name) for name in ("links", "anchors", "bookmarks", "forms"))
    assert rendering.document.metadata.title is None


def test_fonts_lead_to_files(rendering: Rendering) -> None:
    from weasyprint.text.ffi import pango

    (text,) = [t for t in of_kind(rendering, boxes.TextBox) if t.text == "c"]
    text.pango_layout.reactivate(text.style)
    line, _ = text.pango_layout.get_first_line()
    font = line.runs[0].data.item.analysis.font
    face = pattern_of(font).face()
    assert face is not None
    assert (Path(face.path).name, face.index, face.variable) == ("DejaVuSans.ttf", 0, False)
    assert coordinates(pango.pango_font_get_hb_font(font)) == []
    assert pattern_of(font).covers("Ж")
    assert not pattern_of(font).covers("한")
    config = rendering.fonts._config
    assert face.path in installed_files(config)
    faces = [pattern.face() for pattern in sorted_patterns(config, text.style)]
    assert faces[0] == face
    assert {"DejaVu Sans", "DejaVu Sans Mono"} <= known_families(config)
    assert "Liberation Sans" in same_families(config, "Arial")
    assert same_families(config, "No Such Font") == ["No Such Font"]


def test_drawings_are_trees_with_the_families_of_their_texts(tmp_path: Path) -> None:
    drawing = '<svg width="9" height="9"><style>text { font-family: A, B }</style><g><text>x</text></g></svg>'
    made = render_document(drawing, folders=[tmp_path], css="", warnings=[], origins=Origins())
    (image,) = [
        box.replacement for page in made.pages for box in page.descendants() if hasattr(box, "replacement")
    ]
    assert isinstance(image, SVGImage)
    (group,) = [node for node in image._svg.tree if node.tag == "g"]
    assert [(node.tag, node.text, node.get("font-family")) for node in group] == [("text", "x", "A, B")]


def test_a_fault_in_css_is_logged_with_its_line_as_a_number(tmp_path: Path) -> None:
    warnings: list[str] = []
    html = "<style>\n\np { colour: red }</style><p>x</p>"
    render_document(html, folders=[tmp_path], css="", warnings=warnings, origins=Origins())
    assert warnings == ["report.html, line 3 of a style sheet: Ignored `colour: red `, unknown property."]
