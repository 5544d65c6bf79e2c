"""Two drawings of one report compared page by page: words by place and colour, and the pixels."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops, ImageFilter

from pressroom.plates.words import Word, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DPI = 100
SHADE = 96
"""Of 255: a pixel differs when one of its channels does so by this much, as where a letter is missing."""
TINT = 6
"""Of 255: where both pictures are of one colour all around, so much is enough, as where a tint is missing."""
_OVERSAMPLED = 3
"""PDFium moves thin lines to whole pixels: each of ours is the mean of so many squared."""
_FAR = 40.0
"""pt beyond which equal words are not taken for the same one."""
_NEAR = 0.5
"""pt within which two letters stand in one place."""
_MIRRORED = frozenset("()[]{}<>")
_TURNED = str.maketrans(")]}>", "([{<")


@dataclass(frozen=True, slots=True)
class Pair:
    """A word as both drawings have it."""

    expected: Word
    found: Word

    @property
    def shift(self) -> tuple[float, float]:
        """How far it is too far right and too low, in pt; of its two ends the one that is further off."""
        left, right = self.found.left - self.expected.left, self.found.right - self.expected.right
        return max(left, right, key=abs), self.found.baseline - self.expected.baseline

    @property
    def offset(self) -> float:
        """The larger of both shifts in pt, without what WeasyPrint's own drawing may have drifted."""
        right, low = self.shift
        return max(0.0, abs(right) - self.expected.drift, abs(low))


@dataclass(frozen=True, slots=True)
class PageComparison:
    """One page of both drawings; `pixels` is the share of pixels that differ, from 0 to 1."""

    pairs: tuple[Pair, ...]
    missing: tuple[Word, ...]
    extra: tuple[Word, ...]
    pixels: float


def compare_pages(expected: Any, found: Any) -> PageComparison:  # noqa: ANN401 - pypdfium2.PdfPages
    """Compare a page with the one that it should look like."""
    pairs, missing, extra = _matched(words_of(expected), words_of(found))
    if missing or extra:
        moved = [pair for pair in pairs if pair.offset > _NEAR]
        read = _read_alike(
            [*missing, *(pair.expected for pair in moved)], [*extra, *(pair.found for pair in moved)]
        )
        more, missing, extra = _spelled(
            [word for word in missing if word not in read], [word for word in extra if word not in read]
        )
        pairs = [pair for pair in pairs if pair.expected not in read or pair.found not in read] + more
    return PageComparison(
        tuple(pairs), tuple(missing), tuple(extra), _share(picture(expected), picture(found))
    )


def picture(page: Any) -> Image.Image:  # noqa: ANN401 - a pypdfium2.PdfPage
    """The page in colour at `DPI`."""
    image: Image.Image = page.render(scale=_OVERSAMPLED * DPI / 72).to_pil().convert("RGB")
    return image.reduce(_OVERSAMPLED)


def differing(expected: Image.Image, found: Image.Image) -> Image.Image:
    """A mask, white where the pixels of two pictures differ."""
    size = (max(expected.width, found.width), max(expected.height, found.height))
    one, other = _padded(expected, size), _padded(found, size)
    difference = ImageChops.difference(one, other)
    strong, slight = _at_least(difference, SHADE), _at_least(difference, TINT)
    plain = ImageChops.invert(ImageChops.lighter(_edges(one), _edges(other)))
    return ImageChops.lighter(strong, ImageChops.darker(slight, plain))


def _edges(image: Image.Image) -> Image.Image:
    """White where a pixel or one next to it has another colour."""
    around = image.filter(ImageFilter.MaxFilter(3)), image.filter(ImageFilter.MinFilter(3))
    return _at_least(ImageChops.difference(*around), TINT)


def _at_least(image: Image.Image, shade: int) -> Image.Image:
    red, green, blue = image.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return most.point(lambda channel: 255 if channel >= shade else 0)


def _share(expected: Image.Image, found: Image.Image) -> float:
    mask = differing(expected, found)
    return mask.histogram()[255] / (mask.width * mask.height)


def _padded(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.size == size:
        return image
    out = Image.new("RGB", size, "magenta")
    out.paste(image)
    return out


def _matched(expected: Sequence[Word], found: Sequence[Word]) -> tuple[list[Pair], list[Word], list[Word]]:
    """Equal words in pairs, the nearest first; then those without a partner on either side."""
    mine, theirs = _by_text(expected), _by_text(found)
    pairs: list[Pair] = []
    missing: list[Word] = []
    extra: list[Word] = []
    for text in dict.fromkeys((*mine, *theirs)):
        left, right = dict(enumerate(mine[text])), dict(enumerate(theirs[text]))
        for _, i, j in sorted(_distances(mine[text], theirs[text])):
            if i in left and j in right:
                pairs.append(Pair(left.pop(i), right.pop(j)))
        missing += left.values()
        extra += right.values()
    return pairs, missing, extra


def _spelled(missing: Sequence[Word], extra: Sequence[Word]) -> tuple[list[Pair], list[Word], list[Word]]:
    """What is left over by its place, first whole words, then letters; then what is left over again.

    The order of letters in the file decides where PDFium parts words of mixed directions, and letters of
    some scripts are read otherwise than written: there, what stands in a letter's place is that letter.
    """
    pairs, left, right = _in_place(missing, extra)
    mine, theirs = _letters(left), _letters(right)
    spelled, left, right = _in_place(list(mine), list(theirs))
    moved, left, right = _matched(left, right)
    return (
        [*pairs, *spelled, *moved],
        list(dict.fromkeys(mine[letter] for letter in left)),
        list(dict.fromkeys(theirs[letter] for letter in right)),
    )


def _read_alike(missing: Sequence[Word], extra: Sequence[Word]) -> set[Word]:
    """Words of lines that have the same letters in both, of scripts that are not Latin alone.

    Of text with an `ActualText` (ISO 32000-2, 14.9.4) PDFium knows the line alone; pixels show the rest.
    """
    read: set[Word] = set()
    for word in (*missing, *extra):
        if word in read or word.text.isascii():
            continue
        lines = [
            [other for other in words if abs(other.baseline - word.baseline) <= _NEAR]
            for words in (missing, extra)
        ]
        mine, theirs = (sorted("".join(other.text for other in line)) for line in lines)
        if mine == theirs:
            read.update(*lines)
    return read


def _in_place(missing: Sequence[Word], extra: Sequence[Word]) -> tuple[list[Pair], list[Word], list[Word]]:
    """Pairs of what stands in one place, and what has no such partner."""
    pairs, left, right = [], [], list(extra)
    for word in missing:
        same = next((other for other in right if _stands_for(word, other)), None)
        if same is None:
            left.append(word)
        else:
            right.remove(same)
            pairs.append(Pair(word, same))
    return pairs, left, right


def _letters(words: Sequence[Word]) -> dict[Word, Word]:
    """The words that they belong to, by letter."""
    return {letter: word for word in words for letter in word.letters or (word,)}


def _stands_for(one: Word, other: Word) -> bool:
    ascii_only = one.text.isascii() and other.text.isascii()
    turned = {one.text, other.text} <= _MIRRORED
    # The ellipsis of a text that was cut says the whole rest in WeasyPrint's files.
    readable = ascii_only and not turned and "..." not in (one.text, other.text)
    return (one.text == other.text or not readable) and Pair(one, other).offset <= _NEAR


def _as_set(text: str) -> str:
    """The text as it looks: from right to left, an opening bracket is drawn as one that closes."""
    return text.translate(_TURNED) if set(text) <= _MIRRORED else text


def _distances(mine: Sequence[Word], theirs: Sequence[Word]) -> Iterator[tuple[float, int, int]]:
    for i, one in enumerate(mine):
        for j, other in enumerate(theirs):
            distance = abs(one.left - other.left) + abs(one.baseline - other.baseline)
            if distance <= _FAR:
                yield distance, i, j


def _by_text(words: Sequence[Word]) -> dict[str, list[Word]]:
    found: dict[str, list[Word]] = defaultdict(list)
    for word in words:
        found[_as_set(word.text)].append(word)
    return found
