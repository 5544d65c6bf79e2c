"""The words of a PDF page and where they stand, as PDFium reads them."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pypdfium2.raw as pdfium

if TYPE_CHECKING:
    from collections.abc import Iterator

_GAP = 0.22
"""Of the font size: characters that are further apart belong to two words."""


DRIFT = 0.001
"""em that a character may stand off for each one before it on its line.

WeasyPrint writes the distances of glyphs as whole thousandths of an em and cuts off the rest, so that its
own drawing drifts from its own layout.
"""


@dataclass(frozen=True, slots=True)
class Word:
    """A word; lengths in pt, y counted downwards from the top of the page, colour as RGB.

    `drift` is how far WeasyPrint may have drifted from its own layout at the word's end; `letters` are the
    characters as words of their own, none for a single one.
    """

    text: str
    left: float
    right: float
    baseline: float
    color: tuple[int, int, int]
    drift: float
    letters: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class _Char:
    text: str
    left: float
    right: float
    baseline: float
    size: float
    color: tuple[int, int, int]
    before: int


def words_of(page: Any) -> list[Word]:  # noqa: ANN401 - a pypdfium2.PdfPage
    """Words of `page`; characters that touch on one baseline in one colour are one word."""
    words: list[Word] = []
    run: list[_Char] = []
    for char in _chars(page):
        if run and (char is None or not _joins(run[-1], char)):
            words.append(_word(run))
            run = []
        if char is not None:
            run.append(char)
    if run:
        words.append(_word(run))
    return words


def _chars(page: Any) -> Iterator[_Char | None]:  # noqa: ANN401 - a pypdfium2.PdfPage
    """Characters in the order of the file; None between words."""
    text_page, height = page.get_textpage(), page.get_height()
    x, y = ctypes.c_double(), ctypes.c_double()
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    box = pdfium.FS_RECTF()
    line, start = None, 0
    char: _Char | None = None
    for i in range(text_page.count_chars()):
        text = chr(pdfium.FPDFText_GetUnicode(text_page, i))
        if pdfium.FPDFText_IsGenerated(text_page, i) == 1:
            # PDFium's guess of a space or a line's end; distances say that better.
            continue
        pdfium.FPDFText_GetCharOrigin(text_page, i, x, y)
        pdfium.FPDFText_GetLooseCharBox(text_page, i, box)
        left, right, baseline = min(box.left, box.right), max(box.left, box.right), height - y.value
        if char is not None and (char.left, char.right, char.baseline) == (left, right, baseline):
            # One glyph that says several characters.
            char = replace(char, text=char.text + text)
            continue
        if char is not None:
            yield char
        char = None
        if text.isspace() or text == "\0":
            yield None
            continue
        if (at := ctypes.addressof(pdfium.FPDFText_GetTextObject(text_page, i).contents)) != line:
            line, start = at, i
        pdfium.FPDFText_GetFillColor(text_page, i, red, green, blue, alpha)
        char = _Char(
            text,
            left,
            right,
            baseline,
            pdfium.FPDFText_GetFontSize(text_page, i),
            (red.value, green.value, blue.value),
            i - start,
        )
    if char is not None:
        yield char


def _joins(one: _Char, other: _Char) -> bool:
    gap = max(other.left - one.right, one.left - other.right)
    return (
        abs(one.baseline - other.baseline) < 0.1 * one.size
        and gap < _GAP * one.size
        and one.color == other.color
    )


def _word(run: list[_Char]) -> Word:
    left, right = min(c.left for c in run), max(c.right for c in run)
    drift = max(c.before + 1 for c in run) * DRIFT * run[0].size
    letters = tuple(_word([char]) for char in run) if len(run) > 1 else ()
    return Word("".join(c.text for c in run), left, right, run[0].baseline, run[0].color, drift, letters)
