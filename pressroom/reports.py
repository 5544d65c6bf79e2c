"""Reports as folders: opening one by name or path, and the catalogue of the installed ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pressroom.definition import load_definition
from pressroom.errors import UnknownReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pressroom.definition import ReportDefinition


@dataclass(frozen=True)
class Report:
    """A report's folder and its checked definition."""

    folder: Path
    definition: ReportDefinition

    @property
    def name(self) -> str:
        """The name jobs ask for."""
        return self.definition.name

    @property
    def template(self) -> Path | None:
        """report.html, when the report has its own look."""
        path = self.folder / "report.html"
        return path if path.is_file() else None

    @property
    def workbook(self) -> Path | None:
        """workbook.py, when the report designs its own workbook."""
        path = self.folder / "workbook.py"
        return path if path.is_file() else None

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every file of the folder, names included: the same digest is the same report."""
        sha = hashlib.sha256()
        for path in sorted(p for p in self.folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            sha.update(f"{path.relative_to(self.folder).as_posix()}\0".encode())
            sha.update(hashlib.sha256(path.read_bytes()).digest())
        return sha.hexdigest()


def open_report(report: str, folders: Iterable[Path]) -> Report:
    """Open the report at the path `report`, or the installed one of that name.

    Raises `UnknownReport` with the names there are, and `DefinitionError` for a broken one.
    """
    if (path := Path(report)).is_dir():
        return Report(path, load_definition(path / "report.yaml"))
    folder = _installed(report, folders)
    return Report(folder, load_definition(folder / "report.yaml"))


def installed_report(name: str, folders: Iterable[Path]) -> Report:
    """Open the installed report `name`; never a path, so that a client can't name one.

    Raises what `open_report` raises; the errors, which clients see, name no folder of this machine.
    """
    folder = _installed(name, folders)
    return Report(folder, load_definition(folder / "report.yaml", shown=Path(name, "report.yaml")))


def _installed(name: str, folders: Iterable[Path]) -> Path:
    known = dict(_folders(folders))
    if name not in known:
        raise UnknownReport(
            f"no report named {name!r}", hint=f"installed: {', '.join(sorted(known)) or 'none'}"
        )
    return known[name]


def installed_names(folders: Iterable[Path]) -> list[str]:
    """Names of the installed reports, sorted."""
    return sorted(dict(_folders(folders)))


def _folders(folders: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Report folders by name (a folder's own name); the first folder that has a name wins."""
    seen: set[str] = set()
    for root in folders:
        for path in sorted(root.glob("*/report.yaml")):
            if path.parent.name not in seen:
                seen.add(path.parent.name)
                yield path.parent.name, path.parent
