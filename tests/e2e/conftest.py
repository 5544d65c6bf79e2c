"""A running press for a module of tests: API, a worker that builds with the double, a reaper, a broker."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.services import DOUBLES, ROOT, Shop, free_port, open_shop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = [{"n": 1}, {"n": 2}]


@dataclass
class RunningPress:
    """A press and a client of it."""

    shop: Shop
    http: httpx.Client
    folder: Path

    def ask(
        self, act: str = "print", *, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """POST a job of the double; what is not a field of a job is a parameter."""
        fields = {
            k: more.pop(k)
            for k in ("report", "outputs", "labels", "priority", "dataset", "rows")
            if k in more
        }
        body: dict[str, Any] = {"report": "double", "parameters": {"act": act, **more}, **fields}
        if "dataset" not in body:
            body.setdefault("rows", ROWS)
        return self.http.post("/v1/jobs", json=body, headers=headers or {})

    def asked(self, act: str = "print", **more: Any) -> dict[str, Any]:
        """The job that `ask` made."""
        answer = self.ask(act, **more)
        assert answer.status_code == 202, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def job(self, job_id: str) -> dict[str, Any]:
        """The job as it stands."""
        answer = self.http.get(f"/v1/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def reaches(self, job_id: str, *states: str) -> dict[str, Any]:
        """The job once it is in one of `states`."""

        def reached() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["state"] in states else None

        return wait_for(reached, f"job {' or '.join(states)}") or {}

    def done(self, act: str = "print", **more: Any) -> dict[str, Any]:
        """A job that has succeeded."""
        return self.reaches(self.asked(act, **more)["id"], "succeeded")

    @contextlib.contextmanager
    def waiting(self, **more: Any) -> Iterator[dict[str, Any]]:
        """A job that runs until the block is left."""
        gate = self.folder / f"gate-{free_port()}"
        job = self.asked("wait", gate=str(gate), **more)
        try:
            yield self.reaches(job["id"], "running")
        finally:
            gate.touch()


@contextlib.contextmanager
def running_press(folder: Path, **settings: Any) -> Iterator[RunningPress]:
    """Start it, wait until it is ready, and end it."""
    port = free_port()
    with open_shop(folder, port=port, **settings) as shop:
        api = shop.start("api")
        shop.start_reaper()
        shop.start_worker()
        wait_for(lambda: api.says("running on"), "the API listens")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=40, trust_env=False) as http:
            yield RunningPress(shop, http, folder)


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPress]:
    """A press that the tests of a module share."""
    folder = tmp_path_factory.mktemp("press")
    reports = f"{folder / 'reports'}:{DOUBLES}:{ROOT / 'examples'}"
    with running_press(
        folder, report_dirs=reports, threads=2, max_body_bytes=2_000_000, max_json_bytes=100_000
    ) as running:
        yield running


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, once it is found to be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code, problem
    assert problem["status"] == status
    assert {"type", "title", "detail", "errors", "retryable"} <= problem.keys()
    return problem
