"""Judges of a PDF that are none of ours: qpdf, poppler, MuPDF, PDFium, and its structure through pikepdf."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pikepdf
import pypdfium2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MUPDF_SAYS = {"warning: ICC support is not available"}
"""Of Debian's build, not of the file."""
WIDEST_NODE = 64
"""Children of a node of the page tree; a reader must not walk through all pages to find one."""


def qpdf(path: Path) -> list[str]:
    """What `qpdf --check` finds: syntax, cross-references, streams that can't be decoded."""
    done = _run("qpdf", "--check", str(path))
    said = [line for line in done.stderr.splitlines() if line]
    return said or ([] if done.returncode == 0 else [done.stdout])


def poppler(path: Path) -> list[str]:
    """What poppler finds: pages that can't be read, fonts that are not embedded or say no Unicode."""
    found = []
    for command in (["pdfinfo", str(path)], ["pdftotext", str(path), "-"]):
        done = _run(*command)
        found += done.stderr.splitlines() or ([] if done.returncode == 0 else [f"{command[0]} fails"])
    fonts = _run("pdffonts", str(path))
    found += fonts.stderr.splitlines()
    lines = fonts.stdout.splitlines()[2:]
    # name, type, encoding, embedded, subset, Unicode, object
    found += [f"font {line}" for line in lines if not re.search(r" yes yes yes +\d+ +\d+$", line)]
    return found if lines or found else ["no fonts"]


def mupdf(path: Path) -> list[str]:
    """What MuPDF complains about while it draws every page."""
    done = _run("mutool", "draw", "-q", "-F", "trace", "-o", "/dev/null", str(path))
    said = [line for line in done.stderr.splitlines() if line and line not in MUPDF_SAYS]
    return said or ([] if done.returncode == 0 else ["mutool fails"])


def pdfium(path: Path) -> list[str]:
    """Pages that PDFium can't load, and pages without a character."""
    try:
        file = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        return [str(error)]
    found = []
    with file:
        for number in range(len(file)):
            try:
                text = file[number].get_textpage().get_text_bounded()
            except pypdfium2.PdfiumError as error:
                found.append(f"page {number + 1}: {error}")
            else:
                found += [] if text.strip() else [f"page {number + 1}: no text"]
    return found


def structure(path: Path) -> list[str]:
    """What no reader complains about: pages that inherit, nodes that miscount, leftovers."""
    data = path.read_bytes()
    found = [
        f"{count} times {mark.decode()}"
        for mark in (b"%%EOF", b"\nstartxref\n")
        if (count := data.count(mark)) != 1
    ]
    try:
        pdf = pikepdf.open(path)
    except pikepdf.PdfError as error:
        return [str(error)]
    with pdf:
        found += pdf.get_warnings()
        if "/Prev" in pdf.trailer:
            found.append("a cross-reference section in front of another")
        if "/ID" not in pdf.trailer:
            found.append("no /ID")
        # Not `pdf.pages`, which mends the tree first.
        pages = _pages(pdf.Root.Pages, found)
        for number, page in enumerate(pages, 1):
            found += [f"page {number}: {fault}" for fault in _page(page)]
        reached = _reached(pdf)
        found += [f"object {i.objgen[0]}: nothing leads to it" for i in _leftovers(pdf, reached)]
    return found


JUDGES = (qpdf, poppler, mupdf, pdfium, structure)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120, check=False)


def _page(page: pikepdf.Dictionary) -> Iterator[str]:
    """Every page says itself what it has (inherited resources fail PDF/A, ISO 19005-2 §6.2.2)."""
    yield from (f"no {key} of its own" for key in ("/MediaBox", "/Resources") if key not in page)
    if "/Contents" not in page:
        yield "no contents"
        return
    contents = page.Contents
    parts = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    if not b"".join(part.read_bytes() for part in parts).strip():
        yield "empty contents"


def _pages(node: pikepdf.Dictionary, found: list[str]) -> list[pikepdf.Dictionary]:
    """The pages under a node; what is wrong with the node is `found`."""
    if "/Kids" not in node:
        return [node]
    kids = list(node.Kids)
    if len(kids) > WIDEST_NODE:
        found.append(f"a node of the page tree has {len(kids)} children")
    pages = [page for kid in kids for page in _pages(kid, found)]
    if node.Count != len(pages):
        found.append(f"a node of the page tree says {node.Count} pages and has {len(pages)}")
    return pages


def _reached(pdf: pikepdf.Pdf) -> set[int]:
    reached: set[int] = set()
    waiting: list[pikepdf.Object] = [pdf.trailer]
    while waiting:
        at = waiting.pop()
        if at.is_indirect:
            if at.objgen[0] in reached:
                continue
            reached.add(at.objgen[0])
        if isinstance(at, pikepdf.Array):
            waiting += [kid for kid in at if isinstance(kid, pikepdf.Object)]
        elif isinstance(at, pikepdf.Dictionary | pikepdf.Stream):
            waiting += [kid for _, kid in at.items() if isinstance(kid, pikepdf.Object)]
    return reached


def _leftovers(pdf: pikepdf.Pdf, reached: set[int]) -> Iterator[pikepdf.Object]:
    for item in pdf.objects:
        # A number or text of its own comes as Python's; the file's own streams need nothing before them.
        if not isinstance(item, pikepdf.Object):
            continue
        kind = item.get("/Type") if isinstance(item, pikepdf.Stream) else None
        if kind not in ("/XRef", "/ObjStm") and item.objgen[0] not in reached:
            yield item
