"""CSS that a plate can't repeat for every row: each use is named, so that nobody is surprised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unreplayed:
    """A use of CSS that a plate can't repeat: the declaration, where it is used, what is printed instead."""

    css: str
    where: str
    instead: str

    def __str__(self) -> str:
        """A sentence for a person."""
        return f"{self.css} of {self.where} {self.instead}"


class UnreplayedCss(list[Unreplayed]):
    """What a design asks for and its plate leaves out, each use once, in the order in which it was found."""

    def add(self, css: str, where: str, instead: str) -> None:
        """Note a use."""
        found = Unreplayed(css, where, instead)
        if found not in self:
            self.append(found)
