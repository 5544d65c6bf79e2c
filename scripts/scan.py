"""Look all that is locked up in the advisory databases, and list what ships.

    crates.json     what cargo-deny found       crates.cdx.json     the crates inside the wheel, by maturin
    packages.json   what pip-audit found        packages.cdx.json   the packages it needs, by uv

The lists are CycloneDX. Exit status 0: everything was looked up and nothing found; 1: something was found; 3:
something could not be looked up, which is no answer. OFFLINE=1 in the environment accepts 3, never 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

FOUND, UNREACHED = 1, 3


@dataclass(frozen=True)
class Answer:
    """What one database said: how many advisories apply, and why some could not be looked up."""

    tool: str
    advisories: int
    unreached: str = ""

    def __str__(self) -> str:
        found = f"{self.advisories} advisories apply" if self.advisories else "nothing found"
        if not self.unreached:
            return f"{self.tool}: {found}"
        return f"{self.tool}: NOT LOOKED UP: {self.unreached}" + (f"; {found}" if self.advisories else "")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, whatever its exit status."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def need(done: subprocess.CompletedProcess[str]) -> None:
    """End the scan when a step that needs no database failed."""
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(done.args)} failed\n{done.stderr}")


def last_line(text: str) -> str:
    """What a program said last: its reason."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


def crates(cargo_deny: str, report: Path) -> Answer:
    """What RustSec says of Cargo.lock; cargo-deny sums up only what it could look up."""
    checked = run(cargo_deny, "--locked", "--format", "json", "check", "advisories")
    report.write_text(checked.stderr)
    said = [json.loads(line) for line in checked.stderr.splitlines() if line.startswith("{")]
    sums = [line["fields"]["advisories"]["errors"] for line in said if line["type"] == "summary"]
    if not sums:
        messages = [line["fields"]["message"] for line in said if "message" in line["fields"]]
        lines = "\n".join([*messages, checked.stderr]).splitlines()
        fatal = [line for line in lines if line.startswith("fatal: ")]
        return Answer("cargo-deny", 0, next(iter([*fatal, *lines]), "it said nothing"))
    return Answer("cargo-deny", sums[0])


def packages(uv: str, report: Path) -> Answer:
    """What PyPI says of uv.lock.

    pip-audit calls a package that the database doesn't know skipped and succeeds: here that is no answer.
    """
    wanted = report.with_name("requirements.txt")
    need(run(uv, "export", "--quiet", "--locked", "--all-groups", "--no-emit-project", "-o", wanted))
    audit = [uv, "run", "--quiet", "--locked", "--isolated", "--only-group", "scan", "pip-audit"]
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "-f", "json", "-o", report]
    audited = run(*audit, *options, "-r", wanted)
    if not report.exists():
        return Answer("pip-audit", 0, last_line(audited.stderr))
    looked_up = json.loads(report.read_text())["dependencies"]
    skipped = [package["name"] for package in looked_up if "skip_reason" in package]
    advisories = sum(len(package.get("vulns", [])) for package in looked_up)
    return Answer(
        "pip-audit",
        advisories,
        f"{len(skipped)} of {len(looked_up)} packages, {skipped[0]} first" if skipped else "",
    )


def list_crates(wheel: Path, target: Path) -> None:
    """Copy the list that maturin put into the wheel."""
    with zipfile.ZipFile(wheel) as opened:
        lists = [name for name in opened.namelist() if ".dist-info/sboms/" in name]
        if len(lists) != 1:
            sys.exit(f"error: {wheel.name} holds {len(lists)} lists of crates; maturin is to put one there")
        target.write_bytes(opened.read(lists[0]))


def list_packages(uv: str, target: Path) -> None:
    """The packages that an installation has: no development tools."""
    options = ("--quiet", "--locked", "--no-dev", "--format", "cyclonedx1.5", "-o", target)
    need(run(uv, "export", *options))


def main() -> int:
    """Scan, and say what was found."""
    parser = argparse.ArgumentParser(description="Look what is locked up in the advisory databases.")
    parser.add_argument("--uv", required=True, help="the program")
    parser.add_argument("--cargo-deny", required=True, help="the program")
    parser.add_argument("--wheel", required=True, type=Path, help="what ships")
    parser.add_argument("--out", required=True, type=Path, help="an empty folder")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True)
    list_crates(asked.wheel, asked.out / "crates.cdx.json")
    list_packages(asked.uv, asked.out / "packages.cdx.json")
    answers = [
        crates(asked.cargo_deny, asked.out / "crates.json"),
        packages(asked.uv, asked.out / "packages.json"),
    ]
    for answer in answers:
        sys.stdout.write(f"scan: {answer}\n")
    if any(answer.advisories for answer in answers):
        return FOUND
    if not any(answer.unreached for answer in answers):
        return 0
    if os.environ.get("OFFLINE") == "1":
        sys.stdout.write("scan: accepted without an answer, as OFFLINE=1 says\n")
        return 0
    sys.stdout.write("hint: scan where they can be reached, or accept that with `make scan OFFLINE=1`\n")
    return UNREACHED


if __name__ == "__main__":
    sys.exit(main())
