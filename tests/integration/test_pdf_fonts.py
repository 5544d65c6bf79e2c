"""Font families that a design asks for: those that are not there are named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pressroom.errors import TemplateFailed
from tests.integration.page_prints import STYLE, TABLE, print_pdf, table

if TYPE_CHECKING:
    from tests.integration.page_prints import Print

DEFINITION = table("field: n, label: Nr", groups="  - {field: g, label: Area, bookmark: true}\n")
ROWS = "SELECT i AS n, 'a' AS g FROM range(5) t(i) ORDER BY i"
CSS = "\n.own { font-family: %s }"
TEXT = f"<p class=own>text</p>{TABLE}"
PLACE = f"report.html:{STYLE.count(chr(10)) + 3}: "
"""Of `CSS` in the printed design."""
CORPORATE = "@font-face { font-family: Corporate; src: url(own.ttf) }"
DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20">
<style>text { font-family: Corporate }</style>%s</svg>"""


def printed(folder: Path, body: str, style: str, **files: bytes) -> Print:
    """A report; its other files by name with `_` for the dot."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    return print_pdf(folder, DEFINITION, ROWS, body=body, style=STYLE + style)


def some_font() -> bytes:
    """A font's file, to be used under another name."""
    from pressroom.plates.fonts import system_fonts

    return Path(next(path for path in system_fonts() if path.endswith("/DejaVuSans.ttf"))).read_bytes()


@pytest.mark.parametrize(
    ("body", "style"),
    [
        (TEXT, CSS % "Corporate"),
        (TEXT, CSS % "'Corporate', \"No Such\""),
        (TEXT, "\n.own { font: 8pt/1.2 corporate }"),
        (f"{TABLE}<p class=own>after</p>", CSS % "Corporate"),
        (TABLE, "\n.detail td { font-family: Corporate }"),
        (TABLE, "\n.group .key { font-family: Corporate }"),
        (TABLE, "\n@page { @top-left { content: 'x'; font-family: Corporate } }"),
        (TABLE, "\n@page { @top-left { content: counter(page); font-family: Corporate } }"),
    ],
)
def test_a_family_that_is_not_installed_is_an_error_that_names_it_wherever_a_text_is_set_in_it(
    tmp_path: Path, body: str, style: str
) -> None:
    with pytest.raises(TemplateFailed) as failed:
        printed(tmp_path / "r", body, style)
    assert str(failed.value).startswith(f"{PLACE}font-family ")
    assert "corporate" in str(failed.value).casefold()
    assert "@font-face" in str(failed.value.hint)


def test_every_family_that_is_not_installed_is_named(tmp_path: Path) -> None:
    style = CSS % "Corporate" + "\n.detail { font-family: 'House Style' }"
    with pytest.raises(TemplateFailed) as failed:
        printed(tmp_path / "r", TEXT, style)
    assert ["Corporate" in error.detail for error in failed.value.errors] == [True, False]
    assert "House Style" in failed.value.errors[1].detail


@pytest.mark.parametrize(("file", "place"), [(True, "drawn.svg:2: "), (False, "report.html:")])
def test_a_drawing_that_asks_for_a_family_that_is_not_installed_is_an_error(
    tmp_path: Path, file: bool, place: str
) -> None:
    drawing = DRAWING % '<text y="9">text</text>'
    body = f"<img src=drawn.svg>{TABLE}" if file else drawing + TABLE
    with pytest.raises(TemplateFailed, match="font-family Corporate: not installed") as failed:
        printed(tmp_path / "r", body, "", drawn_svg=drawing.encode())
    assert str(failed.value).startswith(place)


def test_a_drawing_without_texts_needs_no_font(tmp_path: Path) -> None:
    made = printed(tmp_path / "r", DRAWING % '<path d="M0 0L9 9"/>' + TABLE, "")
    assert made.warnings == ()


@pytest.mark.parametrize(
    ("families", "used"),
    [("Corporate, 'DejaVu Serif', serif", "DejaVu Serif"), ("Corporate, monospace", "DejaVu Sans Mono")],
)
def test_a_first_choice_that_is_missing_is_named_together_with_what_is_used(
    tmp_path: Path, families: str, used: str
) -> None:
    made = printed(tmp_path / "r", TEXT, CSS % families)
    listed = families.replace("'", "")
    assert made.warnings == (f"{PLACE}font-family {listed}: Corporate is not installed; {used} is used",)


@pytest.mark.parametrize(
    "families",
    [
        "sans-serif",
        "system-ui",
        "inherit",
        "'dejavu  SANS'",
        "'DejaVu Sans Condensed'",
        "'DejaVu Serif', Corporate",
    ],
)
def test_families_that_are_there_need_no_warning(tmp_path: Path, families: str) -> None:
    assert printed(tmp_path / "r", TEXT, CSS % families).warnings == ()


def test_a_family_that_nothing_is_set_in_may_be_missing(tmp_path: Path) -> None:
    assert printed(tmp_path / "r", TABLE, CSS % "Corporate").warnings == ()


def test_a_web_font_counts_as_installed(tmp_path: Path) -> None:
    made = printed(tmp_path / "r", TEXT, CORPORATE + CSS % "Corporate", own_ttf=some_font())
    assert made.warnings == ()


def test_a_family_with_the_metrics_of_one_that_is_there_counts_as_installed(tmp_path: Path) -> None:
    # fontconfig takes Liberation Sans for Arial; here a web font goes by that name.
    face = CORPORATE.replace("Corporate", "Liberation Sans") + CSS % "Arial"
    assert printed(tmp_path / "r", TEXT, face, own_ttf=some_font()).warnings == ()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "own.ttf: no such file in the report's folder"),
        (b"", "own.ttf can't be used: it is no font"),
        (b"junk" * 99, "own.ttf can't be used: it is no font"),
    ],
)
def test_a_web_font_that_is_missing_or_broken_is_named_with_its_line(
    tmp_path: Path, data: bytes | None, says: str
) -> None:
    with pytest.raises(TemplateFailed) as failed:
        printed(tmp_path / "r", TABLE, f"\n{CORPORATE}", **({} if data is None else {"own_ttf": data}))
    assert str(failed.value) == f"{PLACE}@font-face Corporate: {says}"


def test_a_web_font_may_name_a_file_that_is_missing_before_one_that_is_there(tmp_path: Path) -> None:
    face = CORPORATE.replace("src: ", "src: url(gone.woff2), ") + CSS % "Corporate"
    assert printed(tmp_path / "r", TEXT, face, own_ttf=some_font()).warnings == ()
