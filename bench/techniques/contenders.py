"""The contenders of bench/techniques: each technique at each kernel on one and on two threads."""

from __future__ import annotations

import io
import json
import sys
import tokenize
from typing import TYPE_CHECKING

from bench.contender import Contender
from bench.techniques.build import build_seconds, source
from bench.techniques.technique import TECHNIQUES

if TYPE_CHECKING:
    from pathlib import Path

FILE = "trial.json"


def contender(technique: str, kernel: str, way: str, right: Path, enough_seconds: float) -> Contender:
    """A trial as a contender; its results are compared with those in the file `right`."""

    def command(data: Path, folder: Path) -> list[str]:
        files, settings = (str(data), str(right)), (way, str(enough_seconds))
        trial = [sys.executable, "-m", "bench.techniques.trial", technique, kernel]
        return [*trial, *files, *settings, str(folder / FILE)]

    def phases(folder: Path) -> dict[str, float]:
        figures: dict[str, float] = json.loads((folder / FILE).read_text(encoding="utf-8"))
        built = build_seconds(technique)
        return figures if built is None else {**figures, "build": built}

    known = TECHNIQUES[technique]
    return Contender(name(technique, kernel, way), known.title, FILE, command, known.packages, phases)


def name(technique: str, kernel: str, way: str) -> str:
    """What a contender is called in the results."""
    return f"{technique}/{kernel}/{way}"


def lines(technique: str, kernel: str) -> int:
    """Lines of code of a kernel's source: without empty ones, comments and docstrings."""
    path = source(technique, kernel)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".rs":
        return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("//"))
    return _python_lines(text)


def _python_lines(text: str) -> int:
    """Of Python and of Cython: lines with a token that is neither a comment nor a text of its own."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    found: set[int] = set()
    begins = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        docstring = begins and token.type == tokenize.STRING
        if token.type not in skipped and token.type != tokenize.ENDMARKER and not docstring:
            found.update(range(token.start[0], token.end[0] + 1))
        if token.type not in {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT}:
            begins = token.type == tokenize.NEWLINE
    return len(found)
