"""What a page design may read: its report's folder, the built-in templates, installed fonts, `data:`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

if TYPE_CHECKING:
    from collections.abc import Iterable


class Refused(FatalURLFetchingError):  # type: ignore[misc]  # WeasyPrint is untyped
    """A design asked for something outside its folder; WeasyPrint lets only this kind of error through."""


class FolderFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint is untyped
    """Serves files inside `folders` (symbolic links resolved) and `data:` URLs; refuses everything else.

    `fonts` are single files outside the folders that are fine too: WeasyPrint reads `src: local(...)` through
    its URL fetcher. A file that is missing is WeasyPrint's own warning; a refused one raises `Refused`.
    """

    def __init__(self, folders: Iterable[Path], fonts: frozenset[str] = frozenset()) -> None:
        super().__init__(allowed_protocols=("data", "file"), allow_redirects=False)
        self._folders = tuple(folder.resolve() for folder in folders)
        self._fonts = fonts
        self.refused: list[str] = []
        """Every refusal: WeasyPrint swallows the error inside SVG drawings."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """Open `url`; raises `Refused` that names it when it may not be read."""
        parts = urlsplit(url)
        if parts.scheme == "data":
            return super().fetch(url, headers)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
            raise self._refuse(f"{url}: only files of the report's own folder and data: URLs may be used")
        asked = Path(url2pathname(parts.path))
        path = asked.resolve()
        inside = any(path.is_relative_to(folder) for folder in self._folders)
        if not inside and str(asked) not in self._fonts:
            raise self._refuse(f"{url}: outside the report's folder")
        if not path.is_file():
            raise FileNotFoundError(f"{path.name}: no such file in the report's folder")
        # WeasyPrint tells types by content and suffix, so a plain response is enough.
        kind = {".css": "text/css", ".svg": "image/svg+xml"}.get(
            path.suffix.lower(), "application/octet-stream"
        )
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": kind})

    def _refuse(self, message: str) -> Refused:
        self.refused.append(message)
        return Refused(message)
