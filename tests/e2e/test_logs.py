"""What the parts say: JSON lines, each of which names its call or its job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import RunningPress, running_press
from tests.services import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres import JobDatabases
    from tests.services import Process


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory, job_databases: JobDatabases) -> Iterator[RunningPress]:
    """A press on PostgreSQL whose jobs have two attempts."""
    folder = tmp_path_factory.mktemp("press")
    with (
        job_databases.copy_of("migrated") as url,
        running_press(folder, database_url=url, max_attempts=2, lease_seconds=1) as running,
    ):
        yield running


def part(press: RunningPress, name: str) -> Process:
    return next(process for process in press.shop.processes if name in process.log.name)


def said(process: Process, event: str, **also: Any) -> list[dict[str, Any]]:
    """The lines with this event and these fields, once there is one."""

    def found() -> list[dict[str, Any]]:
        return [line for line in process.lines() if line["event"] == event and also.items() <= line.items()]

    return wait_for(found, f"{process.log.name} says {event!r} of {also}")


def test_a_call_keeps_the_id_that_its_client_gave(press: RunningPress) -> None:
    answer = press.ask(headers={"X-Request-ID": "checkout-7/2026"})
    assert answer.headers["X-Request-ID"] == "checkout-7/2026"
    job = answer.json()["id"]
    (line,) = said(part(press, "api"), "call answered", request="checkout-7/2026")
    assert (line["method"], line["path"], line["status"], line["job"]) == ("POST", "/v1/jobs", 202, job)
    assert line["seconds"] > 0
    press.reaches(job, "succeeded")


@pytest.mark.parametrize("given", [None, "", "two words", "é", "x" * 129, '{"a":1}'])
def test_a_call_without_a_usable_id_is_given_one(press: RunningPress, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-ID": given.encode()}
    ids = [press.http.get("/healthz", headers=headers).headers["X-Request-ID"] for _ in range(2)]
    assert all(len(id_) == 26 for id_ in ids)
    assert ids[0] != ids[1] != given


def test_refusals_and_unknown_addresses_have_their_ids_and_their_jobs(press: RunningPress) -> None:
    absent = "0" * 26
    for path, status in ((f"/v1/jobs/{absent}", 404), ("/nowhere", 404), ("/v1/jobs?limit=0", 422)):
        answer = press.http.get(path, headers={"X-Request-ID": f"of{path}"[:20].replace("?", "-")})
        assert answer.status_code == status
        (line,) = said(part(press, "api"), "call answered", request=answer.headers["X-Request-ID"])
        assert line["status"] == status
        assert line.get("job") == (absent if absent in path else None)


def test_a_query_is_not_logged(press: RunningPress) -> None:
    press.http.get("/v1/jobs?label=hush-hush", headers={"X-Request-ID": "quiet"})
    said(part(press, "api"), "call answered", request="quiet")
    assert "hush-hush" not in part(press, "api").log.read_text()


def test_a_calls_id_does_not_reach_the_next_on_its_connection(press: RunningPress) -> None:
    job = press.done()
    press.http.get(f"/v1/jobs/{job['id']}", headers={"X-Request-ID": "with-a-job"})
    press.http.get("/healthz", headers={"X-Request-ID": "without-one"})
    assert said(part(press, "api"), "call answered", request="with-a-job")[0]["job"] == job["id"]
    assert "job" not in said(part(press, "api"), "call answered", request="without-one")[0]


@pytest.mark.parametrize(
    ("act", "end"), [("print", "job succeeded"), ("boom", "job failed"), ("full", "job failed")]
)
def test_every_line_of_a_run_names_job_and_attempt(press: RunningPress, act: str, end: str) -> None:
    job = press.asked(act)["id"]
    worker = part(press, "fast")
    said(worker, "job left", job=job, attempt=1)
    lines = [line for line in worker.lines() if line.get("job") == job and line["attempt"] == 1]
    events = [line["event"] for line in lines]
    assert events[:2] == ["job taken", "building"], "the build's own lines have it too"
    assert end in events
    assert events[-1] == "job left"
    assert all(line["report"] == "double" for line in lines)
    if act == "boom":
        assert "ValueError" in next(line["exception"] for line in lines if line["event"] == end)


def test_a_cancel_is_logged_with_its_job_by_the_heartbeat(press: RunningPress) -> None:
    with press.waiting() as job:
        press.http.post(f"/v1/jobs/{job['id']}/cancel").raise_for_status()
        press.reaches(job["id"], "cancelled")
    (line,) = said(part(press, "fast"), "job is told to stop", job=job["id"])
    assert (line["attempt"], line["reason"]) == (1, "someone asked")


def test_the_reaper_names_the_jobs_it_rings_for_and_ends(press: RunningPress) -> None:
    job = press.asked("die")["id"]
    press.reaches(job, "failed")
    reaper = part(press, "reaper")
    assert said(reaper, "rung", job=job)[0]["queue"] == "fast"
    said(reaper, "job ended without its worker", job=job, attempt=2)


def test_every_line_of_every_part_is_json_with_a_level_and_a_time(press: RunningPress) -> None:
    press.done()
    for process in press.shop.processes:
        for line in process.lines():
            assert {"event", "level", "logger", "timestamp"} <= line.keys(), line
            assert isinstance(line.get("job", ""), str)
