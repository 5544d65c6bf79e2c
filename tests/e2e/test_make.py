"""A newcomer's first commands: what they say on a machine where something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("bash", "sh", "env", "find", "touch", "awk", "dirname", "uname", "mkdir", "cat", "id")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder that serves as PATH: the shell, and nothing that a fresh machine may lack."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (folder / tool).symlink_to(found)
    program(folder, "python3", "exit 0")
    return folder


def program(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def run(command: list[str], path: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path), "HOME": str(path), "LC_ALL": "C"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def make(target: str, path: Path) -> subprocess.CompletedProcess[str]:
    found = shutil.which("make")
    assert found
    return run([found, target], path)


def test_without_a_rust_toolchain_make_says_how_to_get_one(bare: Path) -> None:
    done = make("toolchain", bare)
    assert done.returncode == 2
    assert "error: no Rust toolchain: cargo is not on PATH" in done.stderr
    assert "rustup" in done.stderr


def test_with_an_old_python_make_says_which_one_it_needs(bare: Path) -> None:
    program(bare, "python3", '[ "$1" = -V ] && echo "Python 3.9.2"; exit 1')
    done = make("toolchain", bare)
    assert done.returncode == 2
    assert "error: Pressroom needs Python 3.11 or newer; python3 is Python 3.9.2" in done.stderr


def test_without_pango_and_without_rights_the_packages_to_install_are_named(bare: Path) -> None:
    program(bare, "dpkg-query", "exit 1")
    program(bare, "cc", "exit 0")
    program(bare, "sudo", "exit 1")
    (bare / "id").unlink()
    program(bare, "id", "echo 1000")
    done = run([str(ROOT / "scripts" / "system-libraries"), "run"], bare)
    assert done.returncode == 1
    assert "error: missing system libraries" in done.stderr
    assert "sudo apt-get install --no-install-recommends libpango-1.0-0" in done.stderr


def test_as_root_the_missing_packages_are_installed_by_apt(bare: Path) -> None:
    log = bare / "log"
    program(bare, "dpkg-query", f'[ "$4" = fontconfig ] && echo installed; echo "$4" >> {log}')
    program(bare, "cc", "exit 0")
    (bare / "id").unlink()
    program(bare, "id", "echo 0")
    program(bare, "apt-get", f'echo "apt-get $*" >> {log}')
    done = run([str(ROOT / "scripts" / "system-libraries"), "run"], bare)
    assert done.returncode == 0, done.stderr
    asked = log.read_text().splitlines()
    assert asked[-2] == "apt-get update -qq"
    assert "libpango-1.0-0" in asked[-1]
    assert " fontconfig " not in asked[-1]


def test_every_target_of_the_readme_exists_and_is_explained() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = {line.split()[1] for line in readme.splitlines() if line.startswith("make ")}
    assert {"demo", "test"} <= targets
    done = subprocess.run(
        ["make", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"LC_ALL": "C"},
    )
    for target in targets:
        assert f"\033[1m{target} " in done.stdout
