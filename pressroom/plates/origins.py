"""What a design is written in, and where in it a thing stands: errors and warnings name file and line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Origins:
    """Templates, style sheets and drawings of a design, by the names that their author knows."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def add(self, name: str, text: str) -> None:
        """Keep a text that has been read; places are looked for in the order in which texts came."""
        self._texts.setdefault(name, text)

    def place(self, words: str) -> str | None:
        """`file:line` of the first place that says `words`, whole words only."""
        return next(self._matches(_whole(words)), None)

    def only_place(self, words: str) -> str | None:
        """`file:line` of the one place that says `words`; None when it is not the only one."""
        places = list(self._matches(_whole(words)))
        return places[0] if len(places) == 1 else None

    def place_of_font(self, family: str) -> str | None:
        """`file:line` of the first `font` or `font-family` that asks for `family`."""
        asked = rf"\bfont(?:-family)?\b[\"']?\s*[:=][^;}}]*?{_whole(family)}"
        return next(self._matches(asked), None)

    def place_of_line(self, text: str, number: int) -> str | None:
        """`file:line` of where line `number` (from 1) of a text comes from that a template made.

        None when a template writes it in no place or in several ones that its neighbours don't tell apart.
        """
        lines = text.split("\n")
        first = last = number - 1
        found = list(self._lines_of(lines[first]))
        while len(found) > 1:
            for wider in ((first - 1, last), (first, last + 1)):
                if wider[0] < 0 or wider[1] >= len(lines):
                    continue
                around = list(self._lines_of("\n".join(lines[wider[0] : wider[1] + 1])))
                if around:
                    (first, last), found = wider, around
                    break
            else:
                return None
        return f"{found[0][0]}:{found[0][1] + number - 1 - first}" if found else None

    def says(self, words: str) -> bool:
        """Whether any text holds `words`."""
        return any(words in text for text in self._texts.values())

    def _matches(self, pattern: str) -> Iterator[str]:
        for name, text in self._texts.items():
            for match in re.finditer(pattern, text, re.IGNORECASE):
                yield f"{name}:{_line(text, match.start('words'))}"

    def _lines_of(self, part: str) -> Iterator[tuple[str, int]]:
        for name, text in self._texts.items():
            at = text.find(part)
            while at >= 0:
                yield name, _line(text, at)
                at = text.find(part, at + 1)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _whole(words: str) -> str:
    """A pattern for whole words with any white space between them."""
    loose = r"\s+".join(re.escape(word) for word in words.split())
    return rf"(?<![\w-])(?P<words>{loose})(?![\w-])"
