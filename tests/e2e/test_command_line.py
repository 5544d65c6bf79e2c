"""The command line against a running press: submit, follow, stop, download."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.services import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import RunningPress


def pressroom(press: RunningPress, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from pressroom.cli import main; main()", *arguments],
        env={**os.environ, "PRESSROOM_URL": str(press.http.base_url)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file of rows with a name that is not ASCII."""
    path = tmp_path / "Flüge 2013.csv"
    path.write_text("n\n1\n2\n")
    return path


def test_submit_waits_and_downloads_the_checked_files(
    press: RunningPress, data: Path, tmp_path: Path
) -> None:
    ended = pressroom(
        press, "submit", "double", "--data", str(data), "--label", "cli", "--out", str(tmp_path / "out")
    )
    assert ended.returncode == 0, ended.stderr
    job = press.job(ended.stdout.split()[0])
    assert (job["state"], job["labels"]) == ("succeeded", ["cli"])
    for file in job["files"]:
        path = tmp_path / "out" / file["name"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
    # No bar and no escape codes where nobody looks.
    assert ended.stderr == ""
    assert "\x1b" not in ended.stdout


def test_submit_without_waiting_prints_the_id_for_scripts(press: RunningPress, data: Path) -> None:
    ended = pressroom(press, "submit", "double", "--data", str(data), "--format", "xlsx")
    assert ended.returncode == 0, ended.stderr
    job = press.reaches(ended.stdout.strip(), "succeeded")
    assert job["outputs"] == ["xlsx"]
    listed = pressroom(press, "jobs", "--state", "succeeded", "--limit", "500")
    assert job["id"] in [line.split("\t")[0] for line in listed.stdout.splitlines()]
    status = pressroom(press, "status", job["id"])
    assert "succeeded" in status.stdout
    assert job["files"][0]["sha256"] in status.stdout


def test_a_job_that_fails_is_status_1_with_its_reason(press: RunningPress, data: Path) -> None:
    ended = pressroom(press, "submit", "double", "--data", str(data), "-p", "act=boom", "--wait")
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: job {ended.stdout.strip()} failed: ")


@pytest.mark.parametrize(
    "arguments", [("nope",), ("double", "-p", "nonsense=1")], ids=["unknown report", "unknown parameter"]
)
def test_what_the_server_refuses_as_bad_use_is_status_2(
    press: RunningPress, data: Path, arguments: tuple[str, ...]
) -> None:
    ended = pressroom(press, "submit", *arguments, "--data", str(data))
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: ")
    assert "Traceback" not in ended.stderr


def test_cancel_retry_and_download(press: RunningPress, tmp_path: Path) -> None:
    with press.waiting() as job:
        assert pressroom(press, "cancel", job["id"]).returncode == 0
        press.reaches(job["id"], "cancelled")
        early = pressroom(press, "download", job["id"], "--out", str(tmp_path))
        assert early.returncode == 1
        assert "is cancelled: it has no files" in early.stderr
    assert pressroom(press, "retry", job["id"]).stdout.strip() == "queued"
    press.reaches(job["id"], "succeeded")
    assert pressroom(press, "download", job["id"], "--out", str(tmp_path)).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"double.pdf", "double.xlsx"}


def test_an_unknown_job_is_status_1(press: RunningPress) -> None:
    ended = pressroom(press, "status", "0" * 26)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("error: no job ")
