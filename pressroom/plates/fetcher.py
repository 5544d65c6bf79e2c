"""What a page design may read: its report's folder, the built-in templates, installed fonts, `data:`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tinycss2.bytes import decode_stylesheet_bytes  # type: ignore[import-untyped]  # it has no stubs
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pressroom.plates.origins import Origins
    from pressroom.plates.style_sheets import StyleSheets

_CHARSET = re.compile(r'^@charset "[^"]*";')
_DATA = 40
"""Characters of a `data:` URL that are shown."""


class Refused(FatalURLFetchingError):  # type: ignore[misc]  # WeasyPrint is untyped
    """A design asked for something outside its folder; WeasyPrint lets only this kind of error through."""


class FolderFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint is untyped
    """Serves files inside `folders` (symbolic links resolved) and `data:` URLs; refuses everything else.

    The first folder is the report's. `fonts` are single files outside the folders that are fine too:
    WeasyPrint reads `src: local(...)` through its URL fetcher. A refused file raises `Refused`, a missing one
    `FileNotFoundError`. Style sheets and drawings that were read are kept in `sheets` and `origins`.
    """

    def __init__(
        self, folders: Sequence[Path], fonts: frozenset[str], origins: Origins, sheets: StyleSheets
    ) -> None:
        super().__init__(allowed_protocols=("data", "file"), allow_redirects=False)
        self._report = folders[0]
        self._folders = tuple(folder.resolve() for folder in folders)
        self._fonts = fonts
        self._origins = origins
        self._sheets = sheets
        self.refused: list[tuple[str, str]] = []
        """Every refusal, what and why: WeasyPrint swallows the error inside SVG drawings."""
        self.missing: set[str] = set()
        """Files that were asked for and are not there, as the design says them."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """Open `url`; raises `Refused` that names it when it may not be read."""
        parts = urlsplit(url)
        if parts.scheme == "data":
            return super().fetch(url, headers)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
            raise self._refuse(url, "only files of the report's own folder and data: URLs may be used")
        asked = Path(url2pathname(parts.path))
        path = asked.resolve()
        inside = any(path.is_relative_to(folder) for folder in self._folders)
        if not inside and str(asked) not in self._fonts:
            raise self._refuse(url, "outside the report's folder")
        shown = self.shown(url)
        if not path.is_file():
            self.missing.add(shown)
            raise FileNotFoundError(f"{shown}: no such file in the report's folder")
        data, suffix = path.read_bytes(), path.suffix.lower()
        kind = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}.get(
            # WeasyPrint tells other types by content and suffix.
            suffix,
            "application/octet-stream",
        )
        if suffix == ".css":
            text, _ = decode_stylesheet_bytes(data)
            data = self._sheets.file(shown, _CHARSET.sub("", text)).encode()
        elif suffix == ".svg":
            self._origins.add(shown, data.decode(errors="replace"))
        return URLFetcherResponse(url, data, {"Content-Type": kind})

    def shown(self, url: str) -> str:
        """`url` as the design says it: relative to the report's folder, unless it is written in full."""
        parts = urlsplit(url)
        if parts.scheme == "data":
            return f"{url[:_DATA]}…" if len(url) > _DATA else url
        if parts.scheme != "file" or self._origins.says(url):
            return url
        path = url2pathname(parts.path)
        return path if self._origins.says(path) else os.path.relpath(path, self._report.absolute())

    def without_folders(self, message: str) -> str:
        """`message` with files named from their folders on: it may go to people who see no such folder."""
        for folder in (self._report.absolute(), *self._folders):
            for prefix in (folder.as_uri(), str(folder)):
                message = message.replace(f"{prefix}/", "")
        return message

    def _refuse(self, url: str, why: str) -> Refused:
        shown = self.shown(url)
        self.refused.append((shown, why))
        return Refused(f"{shown}: {why}")
