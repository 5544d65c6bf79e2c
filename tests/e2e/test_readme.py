"""Every command and program of the README, run as it stands there against a press of the test's own."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.e2e.test_press import Up, start
from tests.services import ROOT, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

README = (ROOT / "README.md").read_text(encoding="utf-8")
LOCAL = "http://127.0.0.1:8000"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Lines of the shell blocks, but for make's: tests/e2e/test_demo.py and the test run itself are those."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if not line.startswith("make ")]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running press."""
    up = start(tmp_path_factory.mktemp("readme") / "press")
    try:
        yield up
    finally:
        up.process.terminate()
        up.process.wait(60)


@pytest.fixture(scope="module")
def url(up: Up) -> str:
    """The address of its API."""
    return up.address("API")


def run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_command_of_the_readme_works(url: str) -> None:
    said = {}
    for line in commands():
        command = shlex.split(line.replace(LOCAL, url))
        if command[:2] in ([".venv/bin/pressroom", "submit"], [".venv/bin/pressroom", "jobs"]):
            command += ["--url", url]
        said[line] = run(command)
    assert len(said) >= 6
    assert (ROOT / "out" / "jfk" / "flights.pdf").read_bytes().startswith(b"%PDF-")
    assert (ROOT / "out" / "queued" / "flights.xlsx").read_bytes().startswith(b"PK")
    assert "succeeded" in next(text for line, text in said.items() if " jobs " in line)


def test_the_program_of_the_readme_prints_two_files(url: str) -> None:
    (program,) = blocks("python")
    said = run([sys.executable, "-c", program.replace(LOCAL, url)])
    assert re.fullmatch(r"succeeded \['[^']+/hello\.pdf', '[^']+/hello\.xlsx'\]\n", said)


def test_flower_shows_the_tasks_to_those_who_know_the_password(up: Up, url: str) -> None:
    tasks = f"{up.address('dashboard')}/api/tasks"
    found = re.search(r"user (\S+), password (\S+)\)", up.said)
    assert found
    assert httpx.get(tasks).status_code == 401

    def shown() -> bool:
        # Events that were sent before Flower listened are gone, so each look comes after one more job.
        body = {"report": "hello", "rows": [{"city": "Zürich", "amount": 1}]}
        job = httpx.post(f"{url}/v1/jobs", json=body, timeout=60).json()
        httpx.get(f"{url}/v1/jobs/{job['id']}", params={"wait": 30}, timeout=60).raise_for_status()
        answer = httpx.get(tasks, auth=(found[1], found[2]), timeout=60).json()
        return any((t["name"], t["state"]) == ("pressroom.build", "SUCCESS") for t in answer.values())

    wait_for(shown, "Flower shows a task as done", limit=60)


def test_the_report_of_the_readme_is_the_one_in_the_examples() -> None:
    (definition,) = blocks("yaml")
    assert definition == (ROOT / "examples" / "hello" / "report.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page",
    [
        p
        for p in ROOT.glob("**/*.md")
        if not {".venv", "node_modules", "out"} & set(p.relative_to(ROOT).parts)
    ],
)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
