"""CSS that a plate can't repeat for every row: each use is named, so that nobody is surprised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pressroom.errors import Detail, Unreplayable

if TYPE_CHECKING:
    from pressroom.definition import Pdf


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


def note_attachments(html: Any, unreplayed: UnreplayedCss) -> None:  # noqa: ANN401 - an element
    """Note files that `html` attaches to the PDF, by `<link rel=attachment>` or `<a rel=attachment>`."""
    for element in (*html.iter("link"), *html.iter("a")):
        href = element.get("href")
        if href and "attachment" in element.get("rel", "").lower().split():
            unreplayed.add(f"rel=attachment href={href}", f"<{element.tag}>", "is not attached to the PDF")


def prints_alone(unreplayed: UnreplayedCss, pdf: Pdf, rows: int, most: int) -> bool:
    """Whether WeasyPrint prints the rows by itself, because the plate would not draw what was designed.

    Raises `Unreplayable` that lists the CSS when there are more than `most` rows; a report that says
    `approximate` is printed by its plate all the same.
    """
    if not unreplayed or pdf.approximate:
        return False
    if rows > most:
        raise Unreplayable(
            f"report.html: CSS that can't be repeated for {rows:,} rows: {_listed(unreplayed)}",
            hint="do without it; or let report.yaml say pdf: {approximate: true}, to print without it; up to "
            f"{most:,} rows are printed by WeasyPrint alone (PRESSROOM_WEASYPRINT_ROWS)",
            errors=tuple(Detail("/pdf", str(one)) for one in unreplayed),
        )
    return True


def printed_alone(unreplayed: UnreplayedCss) -> str:
    """The warning of a job that was printed so."""
    return (
        f"WeasyPrint printed the rows by itself, because of CSS that can't be replayed: {_listed(unreplayed)}"
    )


def _listed(unreplayed: UnreplayedCss) -> str:
    return "; ".join(str(one) for one in unreplayed)
