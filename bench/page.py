"""The page of benchmarks: Markdown with one section per benchmark, each between markers of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEAD = """\
# Benchmarks

Each section is made by its benchmark (`make bench`) out of a file of results beside that benchmark's code.
Every contender is a process of its own. Where it writes a file, its seconds are the wall time of that whole
process, from the start of its interpreter to its end, its peak memory is what the kernel counted for it
(`ru_maxrss`), and a time counts when the file was read back and is right.
"""


def put_section(path: Path, name: str, text: str) -> None:
    """Replace the section `name` of the page at `path`, or add it at the end; the page is made if missing."""
    begin, end = f"<!-- {name}: made by python -m {name.replace('/', '.')} -->", f"<!-- /{name} -->"
    section = f"{begin}\n{text.strip()}\n{end}\n"
    page = path.read_text(encoding="utf-8") if path.is_file() else HEAD
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}\n", re.DOTALL)
    if pattern.search(page):
        page = pattern.sub(lambda _: section, page, count=1)
    else:
        page = f"{page.rstrip()}\n\n{section}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table: the first column is text, the others are figures and stand to the right."""
    rules = ["---", *("---:" for _ in heads[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rules, *rows))


def seconds(value: float) -> str:
    """Seconds with as many decimals as mean something: 0.003, 0.26, 4.11, 12.3, 167."""
    decimals = next((n for n, least in enumerate((99.5, 9.95, 0.0995)) if value >= least), 3)
    return f"{value:.{decimals}f}"


def milliseconds(value: float) -> str:
    """Seconds as milliseconds: 2.7, 31, 2,738."""
    return f"{value * 1e3:.1f}" if value < 9.95e-3 else f"{value * 1e3:,.0f}"


def megabytes(value: float) -> str:
    """Bytes as MB, of a million bytes: 0.7, 84, 1,362."""
    return f"{value / 1e6:.1f}" if value < 9.95e6 else f"{value / 1e6:,.0f}"


def ratio(value: float) -> str:
    """How many times: 0.02, 0.5, 3.2, 18."""
    decimals = next((n for n, least in enumerate((9.95, 0.095)) if value >= least), 2)
    return f"{value:.{decimals}f}"
