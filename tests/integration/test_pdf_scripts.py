"""Texts of every script in the rows: what is printed reads back, what no font has is a box and is counted."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import pikepdf
import pypdfium2
import pytest

from tests.integration.page_prints import STYLE, Print, print_pdf, table
from tests.judges.pages import JUDGES

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = table("field: n, label: Nr", "field: t, label: Text")
WIDE = STYLE.replace("420pt", "800pt") + "table.rows td { line-height: 1.8 }"


def texts(*values: str) -> str:
    """Rows of these texts, numbered."""
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"SELECT i AS n, [{listed}][1 + i] AS t FROM range({len(values)}) x(i) ORDER BY i"


def read_back(made: Print) -> list[str]:
    """The text of each row as poppler reads it; compatibility forms and white space made alike."""
    rows = re.findall(r"^ *(\d+) {2,}(.*)$", "\n".join(made.texts), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(len(rows)))
    return [plain(text) for _, text in rows]


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


SAMPLES = {
    "Latin": ("Zürich Łódź Ærø Tiếng Việt Œuvre ßẞ", "naïve café", "ﬁnance oﬃce"),
    "Greek and Cyrillic": ("Ἀθῆναι ΑΒΓ αβγ", "Москва Київ Ђорђе"),
    "Chinese, Japanese": ("东京の売上 1,200 円", "漢字かなカナ", "销售 2024 报告"),
    "symbols": ("→ 100 € ✓ ★ — ½ №", "∑≤≥≠∞■①"),
    "beyond the first plane": ("𝄞 clef", "𝐀𝐁 bold"),
    "combining marks": ("cafe\u0301 na\u0308chste pho\u0302\u0301", "man\u0303ana c\u0327a s\u0323\u0307o"),
    "Thai": ("ไทย ภาษา",),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_texts_of_a_script_read_back_as_they_were(tmp_path: Path, name: str) -> None:
    made = print_pdf(tmp_path / "r", DEFINITION, texts(*SAMPLES[name]), style=WIDE)
    assert made.warnings == ()
    assert read_back(made) == [plain(text) for text in SAMPLES[name]]


@pytest.mark.parametrize("text", ["שלום", "עולם", "مرحبا", "بالعالم", "abc שלום def", "2024 مبيعات"])
def test_words_from_right_to_left_read_back_as_they_were(tmp_path: Path, text: str) -> None:
    made = print_pdf(tmp_path / "r", DEFINITION, texts(text), style=WIDE)
    assert made.warnings == ()
    said = unicodedata.normalize("NFKC", re.sub("[\u202a-\u202e\u2066-\u2069]", "", " ".join(made.words)))
    assert all(word in said for word in text.split())


def test_every_judge_finds_every_script_sound(tmp_path: Path) -> None:
    rows = [text for sample in SAMPLES.values() for text in sample]
    rows += ["हिन्दी தமிழ்", "שלום عالم", "😀 🇩🇪 👩‍👩‍👧‍👦", "\ue000\U000f0000"]
    made = print_pdf(tmp_path / "r", DEFINITION, texts(*rows), style=WIDE)
    assert {judge.__name__: judge(made.path) for judge in JUDGES} == {j.__name__: [] for j in JUDGES}


def test_characters_that_no_font_has_are_boxes_and_counted_in_one_warning(tmp_path: Path) -> None:
    rows = ["plain", *["\u0378\u0379 unassigned"] * 70, "\U000f0000 far", "end"]
    made = print_pdf(tmp_path / "r", DEFINITION, texts(*rows), style=WIDE)
    (warning,) = made.warnings
    assert warning.startswith("141 characters have no glyph")
    assert all(code in warning for code in ("U+0378", "U+0379", "U+F0000"))
    assert made.words.count("unassigned") == 70
    assert glyphs_drawn(made) >= {0}, "the box of a font is its glyph 0"


def glyphs_drawn(made: Print) -> set[int]:
    """Glyph numbers in the texts of the first page."""
    found: set[int] = set()
    with pikepdf.open(made.path) as pdf:
        for operands, operator in pikepdf.parse_content_stream(pdf.pages[0]):
            if str(operator) in ("Tj", "TJ"):
                strings = operands[0] if str(operator) == "TJ" else operands
                for string in strings:
                    if isinstance(string, pikepdf.String):
                        data = bytes(string)
                        found |= {data[i] << 8 | data[i + 1] for i in range(0, len(data), 2)}
    return found


def test_a_script_of_which_no_sample_was_seen_is_printed_all_the_same(tmp_path: Path) -> None:
    rows = [f"a rather long plain text number {i}" for i in range(60)] + ["東京", "Ἀθῆναι", "Москва", "ไทย"]
    made = print_pdf(tmp_path / "r", DEFINITION, texts(*rows), style=WIDE)
    assert made.warnings == ()
    assert read_back(made)[60:] == ["東京", "Ἀθῆναι", "Москва", "ไทย"]


def test_controls_and_invisible_characters_print_nothing(tmp_path: Path) -> None:
    rows = [
        "zero\u200bwidth",
        "soft\u00adhyphen",
        "byte\ufefforder",
        "tab\tand\nline",
        "joined\u2060up",
        "\u200d",
        "x",
    ]
    made = print_pdf(tmp_path / "r", DEFINITION, texts(*rows), style=WIDE)
    assert made.warnings == ()
    assert glyphs_drawn(made).isdisjoint({0})
    assert {"order", "line"} <= {word for text in made.words for word in re.findall("order|line", text)}


def test_titles_heads_and_group_keys_speak_every_script(tmp_path: Path) -> None:
    definition = table(
        "field: n, label: Größe 売上", groups="  - {field: g, label: Städte מדינה, bookmark: true}\n"
    )
    sql = "SELECT i AS n, ['東京', 'Αθήνα', 'Zürich 𝄞', '(a) \\ b'][1 + i] AS g FROM range(4) t(i) ORDER BY i"
    made = print_pdf(tmp_path / "r", definition, sql, style=WIDE)
    assert [title for _, title, _ in made.outline()] == ["東京", "Αθήνα", "Zürich 𝄞", "(a) \\ b"]
    assert all(word in made.texts[0] for word in ("Größe", "売上", "東京", "Αθήνα", "Zürich"))


@pytest.mark.parametrize("mark", ["\u0354", "\u0363", "\u0367"])
def test_a_mark_that_only_a_fallback_has_is_set_from_it(tmp_path: Path, mark: str) -> None:
    made = print_pdf(tmp_path / "r", DEFINITION, texts(f"a{mark} b"), style=WIDE)
    assert made.warnings == ()
    assert glyphs_drawn(made).isdisjoint({0})
    assert read_back(made) == [f"a{mark} b"]


def test_the_warning_names_the_mark_that_is_missing_and_not_its_base(tmp_path: Path) -> None:
    made = print_pdf(tmp_path / "r", DEFINITION, texts("a\u1ace b"), style=WIDE)
    (warning,) = made.warnings
    assert "U+1ACE" in warning
    assert "U+0061" not in warning


@pytest.mark.parametrize("text", ["مبيعات (2024)", "abc שלום def", "السعر 1,200 دينار", "plain (x)"])
def test_lines_of_both_directions_read_in_order_in_pdfium(tmp_path: Path, text: str) -> None:
    made = print_pdf(tmp_path / "r", table("field: t, label: Text"), texts("above", text), style=WIDE)
    with pypdfium2.PdfDocument(made.path) as file:
        lines = [plain(line) for line in file[0].get_textpage().get_text_range().splitlines()]
    assert text in lines


def test_only_what_glyphs_do_not_say_has_a_text_of_its_own(tmp_path: Path) -> None:
    """A reader strings the letters of such a text along evenly: it must be short."""
    made = print_pdf(tmp_path / "r", DEFINITION, texts("before हिन्दी after", "مبيعات (2024)"), style=WIDE)
    with pikepdf.open(made.path) as pdf:
        told = [
            str(operands[1].ActualText)
            for operands, operator in pikepdf.parse_content_stream(pdf.pages[0])
            if str(operator) == "BDC" and "/ActualText" in operands[1]
        ]
    assert told == ["हि"]


def test_text_that_was_cut_ends_in_an_ellipsis_that_reads_as_one(tmp_path: Path) -> None:
    style = (
        STYLE
        + "table.rows { table-layout: fixed } col.col-t { width: 60pt }"
        + ".col-t { overflow: hidden; white-space: nowrap; text-overflow: ellipsis }"
    )
    rows = texts("office furniture of all kinds", "short", "office furniture of all kinds")
    made = print_pdf(tmp_path / "r", DEFINITION, rows, style=style)
    assert made.unreplayed == ()
    assert read_back(made) == ["office furni...", "short", "office furni..."]


@pytest.mark.parametrize(
    ("css", "named"),
    [
        (
            ".col-t { overflow: hidden; text-overflow: ellipsis } .col-t::after { content: 'x' }",
            "text-overflow",
        ),
        (".detail { overflow: hidden }", "overflow"),
        (".col-t { max-lines: 2 }", "max-lines"),
        (".col-t { hyphenate-character: '=' }", "hyphenate-character"),
    ],
)
def test_cutting_that_is_not_replayed_is_named(tmp_path: Path, css: str, named: str) -> None:
    made = print_pdf(tmp_path / "r", DEFINITION, texts("some words"), style=WIDE + css)
    assert any(one.startswith(f"{named} of ") for one in made.unreplayed), made.unreplayed


def test_threads_make_no_difference_to_texts_that_are_cut_or_shaped(tmp_path: Path) -> None:
    style = STYLE + "table.rows { table-layout: fixed } col.col-t { width: 50pt } .col-t { overflow: hidden }"
    rows = texts(*["a\u0354 affiffiffiffiffi", "مبيعات (2024)", "हिन्दी", "x\u0378", "كِتَابٌ"] * 60)
    style += ".odd .col-t { white-space: nowrap; text-overflow: ellipsis }"
    one, three = (
        print_pdf(tmp_path / "r", DEFINITION, rows, style=style, threads=threads, name=f"{threads}.pdf")
        for threads in (1, 3)
    )
    assert one.path.read_bytes() == three.path.read_bytes()
