"""The style sheets of one rendering, their lines numbered through: a line alone tells which sheet it is of.

```
    1 ..  1000   style="..." attributes and drawings, each from line 1
 1001 ..  1080   the first sheet: report.css
 1081 ..  1099   the second: a <style> of report.html
```
WeasyPrint says the line of a fault and not its sheet, so each sheet is given to it below as many empty lines
as the ones before it have taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pressroom.plates.origins import Origins

_FIRST = 1000
_FACE = re.compile(r"@font-face\s*\{([^}]*)\}", re.IGNORECASE)
_FAMILY = re.compile(r"font-family\s*:\s*[\"']?([^;\"']*[^;\"'\s])", re.IGNORECASE)
_URL = re.compile(r"\burl\(\s*[\"']?([^)\"']*[^)\"'\s])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet below `above` empty lines; `place` says where a line of its own is, if that can be told."""

    above: int
    css: str
    name: str
    place: Callable[[int], str | None]


class StyleSheets:
    """Sheets in the order in which WeasyPrint reads them."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins
        self._sheets: list[_Sheet] = []
        self._lines = _FIRST

    def file(self, name: str, css: str) -> str:
        """The sheet of a file, at lines of its own."""
        self._origins.add(name, css)
        return self._below(css, name, lambda line: f"{name}:{line}")

    def element(self, css: str) -> str:
        """The text of the next `<style>` of the filled template, at lines of its own."""
        return self._below(css, "report.html", lambda line: self._origins.place_of_line(css, line))

    def setting(self, key: str, css: str) -> str:
        """A sheet made of a setting, at lines of its own; all of it is in the place `key`."""
        return self._below(css, key, lambda _: key)

    def place(self, line: int) -> str | None:
        """`file:line` of WeasyPrint's `line`, if it can be told."""
        sheet = self._sheet(line)
        return sheet.place(line - sheet.above) if sheet else None

    def description(self, line: int) -> str:
        """Words for where `line` is when its place can't be told."""
        sheet = self._sheet(line)
        return (
            f"{sheet.name}, line {line - sheet.above} of a style sheet"
            if sheet
            else "report.html, a style attribute"
        )

    def _sheet(self, line: int) -> _Sheet | None:
        return next((sheet for sheet in reversed(self._sheets) if line > sheet.above), None)

    def faces(self, family: str) -> Iterator[tuple[str, list[str]]]:
        """Place and URLs of each `@font-face` of `family`."""
        for sheet in self._sheets:
            for face in _FACE.finditer(sheet.css):
                named = _FAMILY.search(face[1])
                if named and named[1].casefold() == family.casefold():
                    line = sheet.css.count("\n", 0, face.start()) + 1
                    yield sheet.place(line) or sheet.name, _URL.findall(face[1])

    def _below(self, css: str, name: str, place: Callable[[int], str | None]) -> str:
        # WeasyPrint counts these as ends of lines, too (CSS Syntax 3, 3.3).
        css = re.sub("\r\n?|\f", "\n", css)
        above = self._lines
        self._sheets.append(_Sheet(above, css, name, place))
        self._lines += css.count("\n") + 1
        return "\n" * above + css
