"""One run of WeasyPrint: HTML in, laid-out document out, everything it complained about collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weasyprint import CSS, DEFAULT_OPTIONS, HTML
from weasyprint.document import Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import path2url

from pressroom.plates.complaints import Complaints
from pressroom.plates.fetcher import FolderFetcher
from pressroom.plates.style_sheets import StyleSheets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pressroom.plates.origins import Origins


class Rendering:
    """A laid-out document (pages with their box trees) and the font configuration that it needs."""

    def __init__(
        self,
        document: Document,
        html: Any,  # noqa: ANN401 - an element of ElementTree
        fonts: FontConfiguration,
        complaints: Complaints,
    ) -> None:
        self.document = document
        self.html = html
        """The root element."""
        self.fonts = fonts
        self._complaints = complaints

    @property
    def pages(self) -> list[Any]:
        """WeasyPrint's page boxes, lengths in px."""
        return [page._page_box for page in self.document.pages]

    def pdf(self, numbers: Sequence[int], *, bare: bool = False) -> bytes:
        """Pages by index as a PDF file; `bare` leaves links, anchors and bookmarks out."""
        pages = [self.document.pages[number] for number in numbers]
        if bare:
            for page in pages:
                page.links, page.anchors, page.bookmarks, page.forms = [], {}, [], {None: []}
        with self._complaints.heard():
            pdf: bytes = self.document.copy(pages).write_pdf()
        return pdf


class _PagesKnown:
    """WeasyPrint's style lookup with `counter(pages)` already resolved to the pages of the whole file.

    WeasyPrint counts its own pages only, and drops the `pages` counter from every rule that could set it.
    """

    def __init__(self, style_for: Any, pages: int) -> None:  # noqa: ANN401 - WeasyPrint's StyleFor
        self._style_for = style_for
        self._pages = pages

    def __call__(self, element: object, pseudo_type: str | None = None) -> Any:  # noqa: ANN401 - a style
        style = self._style_for(element, pseudo_type)
        if style is not None and isinstance(style["content"], tuple):
            style["content"] = tuple(
                ("string", str(self._pages)) if token[0] == "counter()" and token[1][0] == "pages" else token
                for token in style["content"]
            )
        return style

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the lookup has
        return getattr(self._style_for, name)


def render_document(
    html: str,
    *,
    folders: Sequence[Path],
    css: str,
    warnings: list[str],
    origins: Origins,
    pages: int | None = None,
    system_fonts: frozenset[str] = frozenset(),
) -> Rendering:
    """Lay out `html`, its relative URLs starting at `folders[0]`; `css` has a user style sheet's weight.

    `pages` is what `counter(pages)` says; without it, WeasyPrint's own count. `origins` are what the HTML was
    made of; files are added to them. Complaints go to `warnings`. Raises `TemplateFailed` for a file that may
    not or can't be read.
    """
    sheets = StyleSheets(origins)
    fetcher = FolderFetcher(folders, system_fonts, origins, sheets)
    complaints = Complaints(warnings, origins, sheets, fetcher)
    fonts = FontConfiguration()

    class Numbered(Document):  # type: ignore[misc]  # WeasyPrint is untyped
        @classmethod
        def _build_layout_context(cls, *args: Any) -> Any:  # noqa: ANN401 - WeasyPrint's signature
            context = super()._build_layout_context(*args)
            if pages is not None:
                context.style_for = _PagesKnown(context.style_for, pages)
            return context

    with complaints.heard():
        document = HTML(string=html, base_url=path2url(str(folders[0]) + "/"), url_fetcher=fetcher)
        for style in document.etree_element.iter("style"):
            style.text = sheets.element(style.text or "")
        sheet = CSS(string=sheets.setting("report.yaml", css), font_config=fonts, url_fetcher=fetcher)
        options: Mapping[str, Any] = {**DEFAULT_OPTIONS, "stylesheets": [sheet]}
        laid_out = Numbered._render(document, fonts, None, None, dict(options))
    return Rendering(laid_out, document.etree_element, fonts, complaints)
