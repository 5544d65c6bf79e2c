"""Font families that a design asks for: whether they are there, wherever a text is set in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weasyprint.formatting_structure import boxes
from weasyprint.images import SVGImage

from pressroom.errors import Detail, TemplateFailed
from pressroom.plates.fontconfig import known_families, same_families, sorted_patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pressroom.plates.origins import Origins
    from pressroom.plates.rendering import Rendering

_GENERIC = frozenset(
    (
        *("serif", "sans-serif", "monospace", "cursive", "fantasy", "system-ui", "math", "emoji", "fangsong"),
        *("ui-serif", "ui-sans-serif", "ui-monospace", "ui-rounded"),
        # Pango's and fontconfig's own words.
        *("sans", "mono"),
    )
)
"""Names that ask for a kind of font: whatever stands for it is right (CSS Fonts 4, 2.1.3)."""
_SVG_TEXTS = frozenset(("text", "tspan", "textPath", "a"))

Families = tuple[str, ...]


def check_families(rendering: Rendering, origins: Origins) -> list[str]:
    """Warnings that name families which are not there, and what is used in their stead.

    A list of families is a list of alternatives. Raises `TemplateFailed` when none of them is there and none
    is generic: what would be printed then is left to chance.
    """
    config = rendering.fonts._config
    known = frozenset(_plain(name) for name in known_families(config))

    def there(family: str) -> bool:
        return _plain(family) in _GENERIC or any(
            _plain(name) in known for name in same_families(config, family)
        )

    failures: list[str] = []
    warnings: list[str] = []
    for families in dict.fromkeys(_asked(rendering)):
        if there(families[0]):
            continue
        what = f"{origins.place_of_font(families[0]) or 'report.html'}: font-family {', '.join(families)}"
        if any(there(family) for family in families):
            warnings.append(f"{what}: {families[0]} is not installed; {_found(config, families)} is used")
        else:
            failures.append(f"{what}: not installed")
    if failures:
        raise TemplateFailed(
            failures[0],
            hint="install it, or declare it by @font-face with a file of the report's folder, or name a "
            "generic family after it: sans-serif, serif, monospace",
            errors=tuple(Detail("/pdf", failure) for failure in failures) if failures[1:] else (),
        )
    return warnings


def _asked(rendering: Rendering) -> Iterator[Families]:
    """The families of every text that is printed, of those in drawings too."""
    for page in rendering.pages:
        for box in (page, *page.descendants()):
            if isinstance(box, boxes.TextBox) and box.text.strip():
                yield tuple(box.style["font_family"])
            images = [layer.image for layer in box.background.layers] if box.background else []
            for image in (*images, getattr(box, "replacement", None)):
                if isinstance(image, SVGImage):
                    yield from _drawn(image._svg.tree)


def _drawn(node: Any) -> Iterator[Families]:  # noqa: ANN401 - WeasyPrint's Node of a drawing
    if node.tag in _SVG_TEXTS and (node.text or "").strip():
        listed = node.get("font-family", "sans-serif").split(",")
        yield tuple(family.strip(" \t\n'\"") for family in listed)
    for child in node:
        yield from _drawn(child)


def _found(config: Any, families: Families) -> str:  # noqa: ANN401 - FcConfig pointer
    """The family that fontconfig gives for the list."""
    style = {"font_family": families, "font_weight": 400, "font_style": "normal", "font_stretch": "normal"}
    best = next(sorted_patterns(config, {**style, "lang": None}), None)
    return best.families()[0] if best else "another font"


def _plain(family: str) -> str:
    """A family's name as fontconfig compares it: without case and blanks."""
    return "".join(family.split()).casefold()
