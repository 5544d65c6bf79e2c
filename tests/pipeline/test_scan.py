"""`make scan`: what is found fails, and so does what could not be looked up, unless that is accepted.

cargo-deny is the real one, with a copy of RustSec's database of the test's own. PyPI's answers can't be had
that way, so a program stands for uv and writes what pip-audit wrote.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pressroom"
CARGO_DENY = CACHE / "tools" / "bin" / "cargo-deny"
RUSTSEC = "https://github.com/RustSec/advisory-db"
ADVISORY = """```toml
[advisory]
id = "RUSTSEC-2020-9999"
package = "itoa"
date = "2020-01-01"

[versions]
patched = ["{patched}"]
```

# A flaw of this test's own
"""
CLEAN = {"name": "jinja2", "version": "3.1.6", "vulns": []}
VULNERABLE = {
    "name": "jinja2",
    "version": "2.10",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"]}],
}
SKIPPED = {"name": "jinja2", "skip_reason": "Dependency not found on PyPI and could not be audited"}


class Scan:
    """A scan of this checkout with databases of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cargo_deny = CARGO_DENY
        self.out = folder / "scan"
        self._wheel = folder / "pressroom-0.1.0-cp311-abi3-linux_x86_64.whl"
        with zipfile.ZipFile(self._wheel, "w") as wheel:
            wheel.writestr(
                "pressroom-0.1.0.dist-info/sboms/rust_core.cyclonedx.json", '{"bomFormat": "CycloneDX"}'
            )
        self._environment = os.environ | {"CARGO_HOME": str(folder / "cargo"), "LC_ALL": "C"}
        self._environment.pop("OFFLINE", None)
        self.pypi_says(CLEAN)
        self.rustsec_says(">= 0.0.1")

    def pypi_says(self, *packages: dict[str, Any]) -> None:
        """Let pip-audit report these; none: let it reach nothing."""
        report = json.dumps({"dependencies": list(packages), "fixes": []})
        self._program(
            "uv",
            f"""
            import pathlib, sys
            wanted = sys.argv[sys.argv.index("-o") + 1]
            if "pip-audit" not in sys.argv:
                pathlib.Path(wanted).write_text("")
            elif {bool(packages)}:
                pathlib.Path(wanted).write_text({report!r})
                sys.exit({int(any(package.get("vulns") for package in packages))})
            else:
                sys.exit("requests.exceptions.ConnectionError: pypi.org can't be reached")
            """,
        )

    def rustsec_says(self, patched: str) -> None:
        """Let the database have one advisory, on a crate of this checkout before `patched`."""
        database = self._folder / "rustsec"
        entry = database / "crates" / "itoa" / "RUSTSEC-2020-9999.md"
        entry.parent.mkdir(parents=True, exist_ok=True)
        entry.write_text(ADVISORY.format(patched=patched))
        as_tester = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
        for command in (
            ["init", "-q", "-b", "main"],
            ["add", "-A"],
            [*as_tester, "commit", "-qm", "advisory"],
        ):
            subprocess.run(["git", *command], cwd=database, check=True)
        self._git_finds(database)

    def rustsec_is_away(self) -> None:
        self._git_finds(self._folder / "nowhere")

    def __call__(self, **environment: str) -> subprocess.CompletedProcess[str]:
        if not CARGO_DENY.exists():
            pytest.skip("cargo-deny is not built here: make lint does")
        cargo = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
        (self._folder / "cargo").mkdir()
        (self._folder / "cargo" / "registry").symlink_to(cargo / "registry")
        programs = ["--uv", str(self._folder / "uv"), "--cargo-deny", str(self._cargo_deny)]
        return subprocess.run(
            [
                sys.executable,
                "scripts/scan.py",
                *programs,
                "--wheel",
                str(self._wheel),
                "--out",
                str(self.out),
            ],
            cwd=ROOT,
            env=self._environment | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def cargo_deny_is_killed(self) -> None:
        self._program("cargo-deny", "import os; os.kill(os.getpid(), 9)")
        self._cargo_deny = self._folder / "cargo-deny"

    def _git_finds(self, database: Path) -> None:
        self._environment |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{database}.insteadOf",
            "GIT_CONFIG_VALUE_0": RUSTSEC,
        }

    def _program(self, name: str, body: str) -> None:
        lines = [line.removeprefix(" " * 12) for line in body.strip("\n").splitlines()]
        path = self._folder / name
        path.write_text(f"#!{sys.executable}\n" + "\n".join(lines))
        path.chmod(0o755)


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """A scan that finds nothing."""
    return Scan(tmp_path)


def test_nothing_found_is_success_with_lists_and_reports(scan: Scan) -> None:
    done = scan()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == ["scan: cargo-deny: nothing found", "scan: pip-audit: nothing found"]
    files = {path.name for path in scan.out.iterdir()}
    assert {"crates.cdx.json", "packages.cdx.json", "crates.json", "packages.json"} <= files
    assert json.loads((scan.out / "crates.cdx.json").read_text())["bomFormat"] == "CycloneDX"


@pytest.mark.parametrize("offline", ["", "1"])
def test_an_advisory_on_a_crate_fails_the_scan_whatever_is_accepted(scan: Scan, offline: str) -> None:
    scan.rustsec_says(">= 99.0.0")
    done = scan(OFFLINE=offline)
    assert done.returncode == 1
    assert "scan: cargo-deny: 1 advisories apply" in done.stdout
    assert "RUSTSEC-2020-9999" in (scan.out / "crates.json").read_text()


@pytest.mark.parametrize("offline", ["", "1"])
def test_an_advisory_on_a_package_fails_the_scan_whatever_is_accepted(scan: Scan, offline: str) -> None:
    scan.pypi_says(VULNERABLE)
    done = scan(OFFLINE=offline)
    assert done.returncode == 1
    assert "scan: pip-audit: 1 advisories apply" in done.stdout


def test_a_database_of_crates_that_is_away_fails_the_scan_and_is_named(scan: Scan) -> None:
    scan.rustsec_is_away()
    done = scan()
    assert done.returncode == 3
    assert "scan: cargo-deny: NOT LOOKED UP: fatal: " in done.stdout
    assert "hint: " in done.stdout


def test_a_program_that_says_nothing_looked_nothing_up(scan: Scan) -> None:
    scan.cargo_deny_is_killed()
    done = scan()
    assert done.returncode == 3, done.stderr
    assert "scan: cargo-deny: NOT LOOKED UP: it said nothing" in done.stdout


def test_packages_that_are_not_in_the_database_were_not_looked_up(scan: Scan) -> None:
    scan.pypi_says(CLEAN, SKIPPED)
    done = scan()
    assert done.returncode == 3
    assert "scan: pip-audit: NOT LOOKED UP: 1 of 2 packages, jinja2 first" in done.stdout


def test_a_database_of_packages_that_is_away_fails_the_scan(scan: Scan) -> None:
    scan.pypi_says()
    done = scan()
    assert done.returncode == 3
    assert "NOT LOOKED UP: requests.exceptions.ConnectionError: pypi.org can't be reached" in done.stdout


def test_no_answer_is_accepted_when_told(scan: Scan) -> None:
    scan.rustsec_is_away()
    scan.pypi_says(SKIPPED)
    done = scan(OFFLINE="1")
    assert done.returncode == 0
    assert "accepted without an answer" in done.stdout
