"""A job's life, told by its client."""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.e2e.conftest import problem_of

if TYPE_CHECKING:
    import httpx

    from tests.e2e.conftest import RunningPress


def test_a_submitted_job_is_accepted_with_its_address_and_succeeds(press: RunningPress) -> None:
    answer = press.ask(labels=["march"], outputs=["pdf"])
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    assert (job["report"], job["done"], job["labels"], job["outputs"]) == (
        "double",
        False,
        ["march"],
        ["pdf"],
    )
    done = press.reaches(job["id"], "succeeded")
    assert done["done"]
    assert done["progress"]["percent"] == 100
    assert done["completeness"]["rows_read"] == 2
    assert [file["name"] for file in done["files"]] == ["double.pdf"]
    assert done["files"][0]["url"] == f"/v1/jobs/{job['id']}/files/double.pdf"
    assert done["created"] <= done["started"] <= done["finished"] < done["expires"]


def test_prefer_wait_answers_200_when_the_job_is_done_in_time(press: RunningPress) -> None:
    answer = press.ask(headers={"Prefer": "respond-async, wait=20"})
    assert answer.status_code == 200
    assert answer.json()["state"] == "succeeded"
    assert answer.headers["preference-applied"] == "wait=20"


def test_prefer_wait_answers_202_when_time_is_over(press: RunningPress) -> None:
    gate = press.folder / "late"
    answer = press.ask("wait", gate=str(gate), headers={"Prefer": "wait=1"})
    assert answer.status_code == 202, answer.text
    assert not answer.json()["done"]
    gate.touch()
    press.reaches(answer.json()["id"], "succeeded")


def test_a_long_poll_answers_as_soon_as_the_job_is_done(press: RunningPress) -> None:
    gate = press.folder / "opened-soon"
    job = press.asked("wait", gate=str(gate))
    press.reaches(job["id"], "running")
    opener = threading.Timer(0.5, gate.touch)
    opener.start()
    began = time.monotonic()
    answer = press.http.get(f"/v1/jobs/{job['id']}?wait=30")
    assert answer.json()["state"] == "succeeded"
    assert 0.4 < time.monotonic() - began < 20


def test_a_long_poll_answers_with_the_true_state_when_its_time_is_over(press: RunningPress) -> None:
    with press.waiting() as job:
        answer = press.http.get(f"/v1/jobs/{job['id']}?wait=1")
        assert answer.status_code == 200
        assert answer.json()["state"] == "running"
        assert answer.headers["retry-after"]


def test_many_long_polls_leave_the_api_free_for_others(press: RunningPress) -> None:
    with press.waiting() as job, ThreadPoolExecutor(80) as pool:
        url = f"{press.http.base_url}/v1/jobs/{job['id']}?wait=30"
        polls = [pool.submit(_get, url) for _ in range(80)]
        began = time.monotonic()
        assert press.http.get("/v1/reports").status_code == 200
        assert press.http.get(f"/v1/jobs/{job['id']}").status_code == 200
        assert time.monotonic() - began < 3
        press.http.post(f"/v1/jobs/{job['id']}/cancel")
        assert {poll.result()["state"] for poll in polls} == {"cancelled"}


def test_an_unchanged_job_is_not_sent_again(press: RunningPress) -> None:
    job = press.done()
    first = press.http.get(f"/v1/jobs/{job['id']}")
    again = press.http.get(f"/v1/jobs/{job['id']}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = press.http.get(f"/v1/jobs/{job['id']}", headers={"If-None-Match": '"another"'})
    assert other.status_code == 200


def test_events_tell_every_state_and_end_with_the_result(press: RunningPress) -> None:
    gate = press.folder / "events"
    job = press.asked("wait", gate=str(gate))
    seen: list[dict[str, Any]] = []
    with press.http.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for event in _events(answer):
            seen.append(event)
            if event["data"]["state"] == "running":
                gate.touch()
    states = [event["data"]["state"] for event in seen]
    assert states[-1] == "succeeded"
    assert "running" in states
    assert [event["event"] for event in seen] == ["progress"] * (len(seen) - 1) + ["done"]
    ids = [int(event["id"]) for event in seen]
    assert ids == sorted(set(ids))


def test_events_go_on_after_the_last_event_that_the_client_has(press: RunningPress) -> None:
    job = press.done()
    version = int(press.http.get(f"/v1/jobs/{job['id']}").headers["etag"].strip('"'))
    url = f"/v1/jobs/{job['id']}/events"
    with press.http.stream("GET", url, headers={"Last-Event-ID": str(version - 1)}) as answer:
        assert [event["id"] for event in _events(answer)] == [str(version)]
    # 204 tells a browser to stop coming back.
    assert press.http.get(url, headers={"Last-Event-ID": str(version)}).status_code == 204


def test_the_id_of_an_event_that_never_was_is_as_good_as_none(press: RunningPress) -> None:
    job = press.done()
    url = f"/v1/jobs/{job['id']}/events"
    with press.http.stream("GET", url, headers={"Last-Event-ID": "999999"}) as answer:
        assert [event["event"] for event in _events(answer)] == ["done"]


def test_head_answers_like_get_without_the_body(press: RunningPress) -> None:
    job = press.done()
    address = f"/v1/jobs/{job['id']}"
    for path in ("/healthz", "/readyz", "/v1/jobs", address, "/v1/reports", "/v1/reports/double", "/nothing"):
        got, head = press.http.get(path), press.http.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        for name in ("content-type", "content-length", "etag", "cache-control", "x-content-type-options"):
            assert head.headers.get(name) == got.headers.get(name), (path, name)
    same = press.http.head(address, headers={"If-None-Match": press.http.get(address).headers["etag"]})
    assert same.status_code == 304


def test_head_of_the_events_does_not_wait_for_any(press: RunningPress) -> None:
    with press.waiting() as job:
        answer = press.http.head(f"/v1/jobs/{job['id']}/events", timeout=10)
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert press.job(job["id"])["state"] == "running"


def test_the_same_key_and_body_give_the_same_job(press: RunningPress) -> None:
    first, second = (press.ask(headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]


def test_the_same_key_with_another_body_is_refused(press: RunningPress) -> None:
    assert press.ask(headers={"Idempotency-Key": "taken"}).status_code == 202
    other = press.ask(outputs=["xlsx"], headers={"Idempotency-Key": "taken"})
    problem_of(other, 422, "idempotency_key_reused")


def test_a_hundred_identical_submits_at_once_make_one_job(press: RunningPress) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: press.ask(headers={"Idempotency-Key": "storm"}), range(100)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_two_jobs_at_once_both_succeed_with_their_own_files(press: RunningPress) -> None:
    first, second = press.asked(), press.asked()
    assert first["id"] != second["id"]
    files = [press.reaches(job["id"], "succeeded")["files"][0]["url"] for job in (first, second)]
    assert files[0] != files[1]
    assert all(press.http.get(url).status_code == 200 for url in files)


def test_the_rows_may_come_with_the_job_in_one_form(press: RunningPress) -> None:
    form = {"job": (None, json.dumps({"report": "double"})), "file": ("flügé.csv", b"n\n1\n2\n3\n")}
    answer = press.http.post("/v1/jobs", files=form)
    assert answer.status_code == 202, answer.text
    assert press.reaches(answer.json()["id"], "succeeded")["completeness"]["rows_read"] == 4


def test_a_form_sent_again_with_its_key_gives_the_same_job(press: RunningPress) -> None:
    answers = [
        press.http.post(
            "/v1/jobs",
            files={"job": (None, json.dumps({"report": "double"})), "file": ("a.csv", b"n\n1\n")},
            headers={"Idempotency-Key": "form"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["id"] == answers[1].json()["id"]


def test_a_running_job_is_cancelled_within_seconds(press: RunningPress) -> None:
    with press.waiting() as job:
        answer = press.http.post(f"/v1/jobs/{job['id']}/cancel")
        assert answer.status_code == 202
        assert answer.json()["state"] in ("cancelling", "cancelled")
        assert press.reaches(job["id"], "cancelled")["files"] == []


def test_cancelling_a_done_job_changes_nothing(press: RunningPress) -> None:
    job = press.done()
    assert press.http.post(f"/v1/jobs/{job['id']}/cancel").json()["state"] == "succeeded"


def test_a_failed_job_carries_its_problem_without_internals_and_can_be_retried(press: RunningPress) -> None:
    failed = press.reaches(press.asked("boom")["id"], "failed")
    assert failed["error"]["code"] == "internal"
    assert "/etc/shadow" not in json.dumps(failed)
    answer = press.http.post(f"/v1/jobs/{failed['id']}/retry")
    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["error"]) == ("queued", None)
    assert answer.headers["location"] == f"/v1/jobs/{failed['id']}"
    assert press.reaches(failed["id"], "failed")["attempt"] > failed["attempt"]


def test_a_job_that_has_succeeded_cannot_be_retried(press: RunningPress) -> None:
    problem_of(press.http.post(f"/v1/jobs/{press.done()['id']}/retry"), 409, "conflict")


def test_a_deleted_job_is_gone_with_its_files(press: RunningPress) -> None:
    job = press.done()
    assert press.http.delete(f"/v1/jobs/{job['id']}").status_code == 204
    problem_of(press.http.get(f"/v1/jobs/{job['id']}"), 404, "not_found")
    problem_of(press.http.get(job["files"][0]["url"]), 404, "not_found")
    assert not (press.shop.settings.data_dir / "files" / job["id"]).exists()


def test_a_deleted_job_takes_its_rows_along_and_leaves_a_dataset(press: RunningPress) -> None:
    folder = press.shop.settings.data_dir / "datasets"
    dataset = press.http.post("/v1/datasets", params={"name": "a.csv"}, content=b"n\n1\n").json()["id"]
    of_rows, of_dataset = press.done(), press.done(dataset=dataset)
    rows = press.shop.store.job(of_rows["id"]).datasets["dataset"]
    assert (folder / rows).exists()
    for job in (of_rows, of_dataset):
        assert press.http.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert not (folder / rows).exists()
    assert not press.shop.store.known_datasets([rows])
    assert (folder / dataset).exists()
    assert press.shop.store.known_datasets([dataset])


def test_an_active_job_cannot_be_deleted(press: RunningPress) -> None:
    with press.waiting() as job:
        problem_of(press.http.delete(f"/v1/jobs/{job['id']}"), 409, "conflict")


def test_the_list_is_newest_first_filtered_and_paged(press: RunningPress) -> None:
    ids = [press.asked(labels=["paged"])["id"] for _ in range(5)]
    for job_id in ids:
        press.reaches(job_id, "succeeded")
    found: list[str] = []
    cursor = None
    while True:
        filters = {"label": "paged", "state": "succeeded", "report": "double", "limit": 2}
        page = press.http.get("/v1/jobs", params={**filters, **({"cursor": cursor} if cursor else {})}).json()
        assert len(page["jobs"]) <= 2
        found += [job["id"] for job in page["jobs"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert found == ids[::-1]
    assert press.http.get("/v1/jobs", params={"label": "paged", "state": "failed"}).json()["jobs"] == []


def test_the_reports_are_listed_with_their_parameters(press: RunningPress) -> None:
    reports = {report["name"]: report for report in press.http.get("/v1/reports").json()["reports"]}
    assert "act" in reports["double"]["parameters"]
    one = press.http.get(reports["double"]["url"]).json()
    assert one["title"] == reports["double"]["title"]
    schema = press.http.get(one["schema_url"]).json()
    assert schema["type"] == "object"


def test_metrics_count_jobs_and_calls(press: RunningPress) -> None:
    press.done()
    text = press.http.get("/metrics").text
    assert 'pressroom_jobs{queue="fast",state="succeeded"}' in text
    assert 'pressroom_longest_wait_seconds{queue="heavy"} 0.0' in text
    assert 'pressroom_http_requests_total{method="POST",route="/v1/jobs",status="202"}' in text


def test_openapi_describes_every_route_and_the_body_of_a_job(press: RunningPress) -> None:
    document = press.http.get("/openapi.json").json()
    assert {
        "/v1/datasets",
        "/v1/jobs",
        "/v1/jobs/{job_id}",
        "/v1/jobs/{job_id}/events",
        "/v1/jobs/{job_id}/cancel",
        "/v1/jobs/{job_id}/retry",
        "/v1/jobs/{job_id}/files/{name}",
        "/v1/reports",
        "/v1/reports/{name}",
        "/v1/reports/{name}/schema",
        "/healthz",
        "/readyz",
        "/metrics",
    } <= document["paths"].keys()
    body = document["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]
    assert "report" in body["application/json"]["schema"]["properties"]
    html = press.http.get("/docs").text
    needed = re.findall(r"""(?:src|href)=["']([^"']+)["']""", html)
    assert len(needed) >= 2, html
    assert [press.http.get(address).status_code for address in needed] == [200] * len(needed), needed
    assert all(address.startswith("/") for address in needed), "nothing of another server"


def _get(url: str) -> dict[str, Any]:
    import httpx

    body: dict[str, Any] = httpx.get(url, timeout=40, trust_env=False).json()
    return body


def _events(answer: httpx.Response) -> list[dict[str, Any]] | Any:
    event: dict[str, Any] = {}
    for line in answer.iter_lines():
        if not line and "data" in event:
            yield event
            event = {}
        field, _, value = line.partition(": ")
        if field == "data":
            event["data"] = json.loads(value)
        elif field in ("id", "event"):
            event[field] = value
