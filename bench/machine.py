"""The machine of a benchmark: processor, memory, system, versions, date; nothing that names this one."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[1]
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and with what results were found; `memory_bytes` is all that is installed."""

    processor: str
    cores: int
    memory_bytes: int
    system: str
    python: str
    commit: str
    date: str
    versions: dict[str, str]

    @classmethod
    def this(cls, packages: Iterable[str]) -> Machine:
        """This machine, now, with the installed versions of `packages`."""
        return cls(
            processor=_processor(),
            cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            system=_system(),
            python=platform.python_version(),
            commit=_commit(),
            date=dt.datetime.now(dt.UTC).date().isoformat(),
            versions={
                package: installed(package) or "missing" for package in sorted(packages, key=str.lower)
            },
        )

    def markdown(self) -> str:
        """One paragraph for a page."""
        versions = ", ".join(f"{package} {number}" for package, number in self.versions.items())
        return (
            f"Measured on {self.date} at commit {self.commit}: {self.processor}, {self.cores} cores, "
            f"{self.memory_bytes / GIB:.0f} GiB, {self.system}, Python {self.python}; {versions}."
        )


def installed(package: str) -> str | None:
    """The version of a distribution, or None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """Its name as Linux tells it, or what it is at least."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.is_file() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return re.sub(r"\((R|TM)\)", "", found[1]).strip() if found else platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def _commit() -> str:
    """The commit that is checked out, and whether the code was changed since."""
    git = ["git", "-C", str(ROOT)]
    try:
        said = [
            subprocess.run([*git, *command], capture_output=True, text=True, check=True).stdout.strip()
            for command in (
                ["rev-parse", "--short", "HEAD"],
                ["status", "--porcelain", "--untracked-files=no", "--", "rust_core", "pressroom"],
            )
        ]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said[0] + (" with changes" if said[1] else "")
