"""CSS that WeasyPrint ignores: a warning says where the design's author finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.page_prints import STYLE, TABLE, print_pdf, table

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = table("field: n, label: Nr")
ROWS = "SELECT i AS n FROM range(5) t(i) ORDER BY i"
ABOVE = STYLE.count("\n") + 2
"""Lines of report.html down to its body's first."""


def warnings_of(folder: Path, body: str, **files: bytes) -> list[str]:
    """The places and the words of a design's warnings; its other files by name with `_` for the dot."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    made = print_pdf(folder, DEFINITION, ROWS, body=body + TABLE)
    assert not any(str(folder) in warning for warning in made.warnings), "no path of the machine"
    return [warning.replace(" `", "`") for warning in made.warnings]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("\n\n<style>\n.detail { colour: red }\n</style>", 3),
        ("<style>.detail { colour: red }</style>", 0),
        ("{% for i in range(9) %}\n<p>x</p>\n{% endfor %}\n<style>\n.a { colour: red }\n</style>", 4),
        ("{% for i in range(2) %}\n<style>\n.a { colour: red }\n</style>\n{% endfor %}", 2),
        ("{% set c = 'red' %}\n<style>\n.a {\n  colour: {{ c }};\n}\n</style>", 3),
        ("<style>\n@media print {\n  .a { colour: red }\n}\n</style>", 2),
        ("<style>\n@page {\n  @top-left { colour: red }\n}\n</style>", 2),
        ("\n<p style='colour: red'>x</p>", 1),
        ("{% set c = 'red' %}\n<p style='colour: {{ c }}'>x</p>", 1),
    ],
)
def test_css_that_is_ignored_is_named_by_its_line_in_the_template(
    tmp_path: Path, body: str, line: int
) -> None:
    (warning,) = warnings_of(tmp_path / "r", body)
    assert warning.startswith(f"report.html:{ABOVE + line}: Ignored`colour:")
    assert warning.endswith("unknown property.")


def test_equal_lines_are_told_apart_by_their_neighbours(tmp_path: Path) -> None:
    body = "<style>\n.a {\n  colour: red;\n}\n.b {\n  colour: red;\n}\n</style>"
    places = [warning.split(": ")[0] for warning in warnings_of(tmp_path / "r", body)]
    assert places == [f"report.html:{ABOVE + 2}", f"report.html:{ABOVE + 5}"]


def test_a_line_that_no_template_holds_is_counted_in_its_style_sheet(tmp_path: Path) -> None:
    body = "{% set name = 'colour' %}<style>\n\n.a { {{ name }}: red }</style>"
    (warning,) = warnings_of(tmp_path / "r", body)
    assert warning.startswith("report.html, line 3 of a style sheet: Ignored`colour:")


def test_a_selector_that_is_ignored_has_its_line(tmp_path: Path) -> None:
    (warning,) = warnings_of(tmp_path / "r", "<style>\n\np:foo { color: red }\n</style>")
    assert warning.startswith(f"report.html:{ABOVE + 2}: Invalid or unsupported selector")


def test_css_of_another_file_is_named_by_that_file(tmp_path: Path) -> None:
    found = warnings_of(
        tmp_path / "r",
        "{% include 'part.html' %}<link rel=stylesheet href=one.css>",
        part_html=b"<b>x</b>\n<style>\n  p { colour: red }\n</style>",
        one_css=b"\xef\xbb\xbf@import 'two.css';\r\n\r\np { colour: red }\r\n",
        two_css=b'@charset "latin1";\n.a { colour: "\xe9" }\n',
    )
    assert sorted(warning.split(": ")[0] for warning in found) == ["one.css:3", "part.html:3", "two.css:2"]
    assert any('"é"' in warning for warning in found)
