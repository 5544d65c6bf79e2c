"""Pictures of a proof for designers: WeasyPrint's page, the plate's, and where they differ."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pypdfium2
from PIL import Image, ImageOps

from pressroom.plates.comparison import differing, picture
from pressroom.plates.proof import EXPECTED, FOUND

if TYPE_CHECKING:
    from pathlib import Path

_GAP = 12
"""px between two pictures."""


def draw_pictures(folder: Path) -> int:
    """Write `page-<n>.png` for each page of the drawings in `folder`; returns how many.

    Side by side: WeasyPrint's, the plate's, and the plate's in grey with what differs in red.
    """
    with (
        contextlib.closing(pypdfium2.PdfDocument(folder / EXPECTED)) as expected,
        contextlib.closing(pypdfium2.PdfDocument(folder / FOUND)) as found,
    ):
        for number, (one, other) in enumerate(zip(expected, found, strict=False), start=1):
            _side_by_side(picture(one), picture(other)).save(folder / f"page-{number}.png")
        return min(len(expected), len(found))


def _side_by_side(expected: Image.Image, found: Image.Image) -> Image.Image:
    mask = differing(expected, found)
    marked = Image.new("RGB", mask.size, "white")
    marked.paste(ImageOps.grayscale(found).point(lambda shade: 128 + shade // 2).convert("RGB"))
    marked.paste(Image.new("RGB", mask.size, "red"), mask=mask)
    panels = (expected, found, marked)
    width = sum(panel.width for panel in panels) + _GAP * (len(panels) - 1)
    out = Image.new("RGB", (width, max(panel.height for panel in panels)), "grey")
    x = 0
    for panel in panels:
        out.paste(panel, (x, 0))
        x += panel.width + _GAP
    return out
