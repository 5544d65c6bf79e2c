"""The proof of a plate: the same rows drawn by WeasyPrint alone and by the core must look the same."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pypdfium2

import rust_core
from pressroom.plates.alone import write_alone
from pressroom.plates.comparison import PageComparison, Pair, compare_pages
from pressroom.plates.page import PageDesign

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pressroom.plan import Plan
    from pressroom.plates.cache import StoredPlate
    from pressroom.plates.words import Word
    from pressroom.reports import Report
    from rust_core._rust_core import ArrowStream

MOST_PT = 0.5
"""Words may stand so far from their place."""
MOST_PIXELS = 0.005
"""So large a share of a page's pixels may differ."""
EXPECTED, FOUND = "weasyprint.pdf", "plate.pdf"
"""The two drawings of a proof in its folder."""

_TOLD = 12
"""Differences that a verdict tells of a page; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a proof found.

    `offset` is the largest distance of a word from its place, in pt, and `where` which word that is;
    `pixels` are the shares of pixels that differ, page by page, from 0 to 1; `missing` and `extra` count
    words that only WeasyPrint or only the plate prints. `differences` are sentences for a person.
    """

    rows: int
    pages: int
    offset: float
    where: str
    missing: int
    extra: int
    pixels: tuple[float, ...]
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the plate may be trusted."""
        return not self.differences

    def __str__(self) -> str:
        """One line for a person."""
        worst = max(self.pixels, default=0.0)
        return (
            f"{self.rows:,} rows on {self.pages} pages drawn by WeasyPrint alone and by the plate: "
            f"words at most {self.offset:.2f} pt apart{f' ({self.where})' if self.where else ''}, "
            f"{self.missing + self.extra} in only one of them, {worst:.2%} of a page's pixels differ"
        )


def draw_both(
    design: PageDesign,
    crunched: rust_core.Crunched,
    folder: Path,
    control: rust_core.JobControl,
    *,
    own_columns: bool = False,
) -> None:
    """Write the same report to `EXPECTED` and `FOUND` in `folder`.

    WeasyPrint gives its columns the widths of the plate's: those were made for the longest values of each,
    and the widest may be others. With `own_columns` it finds them by itself.
    """
    plate = design.plate()
    columns = None if own_columns else design.stored_plate().columns
    write_alone(design, crunched, folder / EXPECTED, columns=columns)
    pagination = rust_core.paginate(crunched, plate, control)
    around = design.surroundings(pagination.pages)
    rust_core.write_pdf(crunched, plate, pagination, str(folder / FOUND), control, *around)


def prove_rows(
    report: Report,
    plan: Plan,
    rows: ArrowStream,
    parameters: Mapping[str, Any],
    work: Path,
    folder: Path,
    control: rust_core.JobControl,
) -> Verdict:
    """Crunch `rows` as a report of their own, draw it twice into `folder`, and compare the drawings."""
    crunched = rust_core.crunch(rows, plan.to_json(), str(work / "proof.arrow"), control)
    design = PageDesign(report, plan, crunched, parameters)
    folder.mkdir(parents=True, exist_ok=True)
    draw_both(design, crunched, folder, control)
    return compare_drawings(folder, crunched.rows, Places(design.stored_plate(), plan))


def compare_drawings(folder: Path, rows: int, places: Places) -> Verdict:
    """The verdict on the two drawings in `folder`."""
    with (
        contextlib.closing(pypdfium2.PdfDocument(folder / EXPECTED)) as expected,
        contextlib.closing(pypdfium2.PdfDocument(folder / FOUND)) as found,
    ):
        counts = len(expected), len(found)
        compared = [compare_pages(one, other) for one, other in zip(expected, found, strict=False)]
    differences: list[str] = []
    if counts[0] != counts[1]:
        differences.append(f"WeasyPrint needs {counts[0]} pages, the plate {counts[1]}")
    for number, page in enumerate(compared):
        told = list(_sentences(number, page, places))
        differences += told[:_TOLD]
        if len(told) > _TOLD:
            differences.append(f"page {number + 1}: and {len(told) - _TOLD} more like these")
    pairs = [(pair, number) for number, page in enumerate(compared) for pair in page.pairs]
    worst = max(pairs, key=lambda one: one[0].offset, default=None)
    return Verdict(
        rows=rows,
        pages=len(compared),
        offset=worst[0].offset if worst else 0.0,
        where=_where(places, worst[1], worst[0].expected) if worst else "",
        missing=sum(len(page.missing) for page in compared),
        extra=sum(len(page.extra) for page in compared),
        pixels=tuple(page.pixels for page in compared),
        differences=tuple(differences),
    )


def _where(places: Places, page: int, word: Word) -> str:
    return f"page {page + 1}, {places.name(page, word)}, {_quoted(word)}"


class Places:
    """Names for where words stand: the column, or beside the table."""

    def __init__(self, plate: StoredPlate, plan: Plan) -> None:
        layout = json.loads(plate.layout)
        self._before = plate.extent[0]
        self._kinds = layout["first"], layout["next"]
        # Columns are read off the detail band: its cells stand between the paddings.
        self._columns = [
            (cell["x"], cell["x"] + cell["width"], plan.columns[part["column"]].heading)
            for cell in layout["bands"]["details"][0]["cells"]
            for part in cell["parts"]
            if isinstance(part, dict) and "column" in part
        ]

    def name(self, page: int, word: Word) -> str:
        """Where `word` stands on page number `page` of the file (from 0)."""
        kind: dict[str, Any] = self._kinds[page > self._before]
        inside = kind["top"] - 1 <= word.baseline <= kind["bottom"] + 1
        if page < self._before or not inside or not self._columns:
            return "beside the table"
        middle = (word.left + word.right) / 2
        nearest = min(self._columns, key=lambda c: max(c[0] - middle, middle - c[1]))
        return f"column {nearest[2]}"


def _sentences(number: int, page: PageComparison, places: Places) -> Iterator[str]:
    """What differs on a page, words that differ alike in one sentence; the worst first."""
    alike: dict[tuple[str, str], list[Word]] = {}
    for word, what in _faults(page):
        alike.setdefault((places.name(number, word), what), []).append(word)
    for (where, what), words in alike.items():
        more = f" and {len(words) - 1} more" if len(words) > 1 else ""
        yield f"page {number + 1}, {where}, {_quoted(words[0])}{more}: {what}"
    if page.pixels > MOST_PIXELS:
        yield f"page {number + 1}: {page.pixels:.2%} of the pixels differ, {MOST_PIXELS:.2%} may"


def _faults(page: PageComparison) -> Iterator[tuple[Word, str]]:
    for word in page.missing:
        yield word, "only WeasyPrint prints it"
    for word in page.extra:
        yield word, "only the plate prints it"
    for pair in sorted(page.pairs, key=lambda pair: -pair.offset):
        if pair.offset > MOST_PT:
            yield pair.expected, _direction(pair)
        if pair.expected.color != pair.found.color:
            asked, got = ("#" + bytes(word.color).hex() for word in (pair.expected, pair.found))
            yield pair.expected, f"printed in {got} instead of {asked}"


def _quoted(word: Word) -> str:
    return repr(word.text if len(word.text) <= 24 else f"{word.text[:23]}…")


def _direction(pair: Pair) -> str:
    right, low = pair.shift
    said = []
    if abs(right) > MOST_PT:
        said.append(f"{abs(right):.1f} pt too far {'right' if right > 0 else 'left'}")
    if abs(low) > MOST_PT:
        said.append(f"{abs(low):.1f} pt too {'low' if low > 0 else 'high'}")
    return " and ".join(said)
