"""What the API refuses, each with a problem that says where and why."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import problem_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import RunningPress

GOOD: dict[str, Any] = {"report": "double", "rows": [{"n": 1}]}
SOME_ID = "0" * 26


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"report": "../double"}, "/report"),
        ({"report": 7}, "/report"),
        ({"outputs": ["docx"]}, "/outputs/0"),
        ({"outputs": []}, "/outputs"),
        ({"outputs": "pdf"}, "/outputs"),
        ({"priority": "9"}, "/priority"),
        ({"priority": 10}, "/priority"),
        ({"labels": ["a", "a"]}, "/labels"),
        ({"labels": ["a\nb"]}, "/labels/0"),
        ({"rows": []}, "/rows"),
        ({"rows": [[1]]}, "/rows/0"),
        ({"callback": "file:///etc/passwd"}, "/callback"),
        ({"rows": [{"a/b": [1]}]}, "/rows/0/a~1b"),
        ({"rows": [{"n": 2**63}]}, "/rows/0/n"),
        ({"rows": [{"n": 1}, {"n": -(2**63) - 1}]}, "/rows/1/n"),
        ({"parameters": {"act": {}}}, "/parameters/act"),
        ({"rows": None, "dataset": "short"}, "/dataset"),
        ({"rows": None, "dataset": {"sales": 7}}, "/dataset/sales"),
        ({"colour": "red"}, "/colour"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
)
def test_a_wrong_field_is_named_by_its_pointer(
    press: RunningPress, change: dict[str, Any], pointer: str
) -> None:
    answer = press.http.post("/v1/jobs", json={**GOOD, **change})
    problem = problem_of(answer, 422, "invalid_request")
    pointers = [fault["pointer"] for fault in problem["errors"]]
    assert pointer in pointers, problem
    assert len(pointers) == len(set(pointers)), "one detail for each place"
    assert all(_is_in({**GOOD, **change}, found) for found in pointers), problem


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_json_does_not_have_is_refused_where_it_stands(
    press: RunningPress, number: str
) -> None:
    body = f'{{"report": "double", "rows": [{{"n": {number}}}]}}'
    answer = press.http.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    problem = problem_of(answer, 422, "invalid_request")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/rows/0/n"]


def test_a_missing_field_is_named_where_it_should_stand(press: RunningPress) -> None:
    problem = problem_of(press.http.post("/v1/jobs", json={"rows": [{"n": 1}]}), 422, "invalid_request")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/report"]


def test_every_fault_is_named_at_once(press: RunningPress) -> None:
    answer = press.http.post("/v1/jobs", json={**GOOD, "priority": -1, "outputs": ["doc"], "x": 1})
    problem = problem_of(answer, 422, "invalid_request")
    assert {fault["pointer"] for fault in problem["errors"]} >= {"/priority", "/outputs/0", "/x"}


def test_a_job_has_one_source_of_rows(press: RunningPress) -> None:
    both = press.http.post("/v1/jobs", json={**GOOD, "dataset": SOME_ID})
    assert "either a dataset or rows" in problem_of(both, 422, "invalid_request")["detail"]
    neither = press.http.post("/v1/jobs", json={"report": "double"})
    assert "at least one dataset" in problem_of(neither, 400, "bad_request")["detail"]


def test_an_unknown_report_is_refused_with_the_names_there_are(press: RunningPress) -> None:
    problem = problem_of(press.http.post("/v1/jobs", json={**GOOD, "report": "nope"}), 404, "unknown_report")
    assert "double" in problem["hint"]
    problem_of(press.http.get("/v1/reports/nope"), 404, "unknown_report")
    problem_of(press.http.get("/v1/reports/nope/schema"), 404, "unknown_report")


def test_an_unknown_parameter_is_refused(press: RunningPress) -> None:
    problem = problem_of(press.ask(nonsense="1"), 422, "bad_parameters")
    assert "nonsense" in problem["detail"]


def test_an_unknown_dataset_is_refused(press: RunningPress) -> None:
    problem_of(press.http.post("/v1/jobs", json={"report": "double", "dataset": SOME_ID}), 404, "not_found")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b"null", b'{"report": NaN}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_body_that_is_no_json_object_is_refused(press: RunningPress, body: bytes) -> None:
    answer = press.http.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 413, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_of_another_type_is_refused(press: RunningPress) -> None:
    answer = press.http.post("/v1/jobs", content=b"report=double", headers={"Content-Type": "text/plain"})
    problem_of(answer, 415, "unsupported_media_type")


def test_json_longer_than_the_limit_is_refused(press: RunningPress) -> None:
    answer = press.http.post("/v1/jobs", json={**GOOD, "labels": ["x" * 200_000]})
    problem_of(answer, 413, "too_large")


@pytest.mark.parametrize(
    "parts",
    [
        {"file": ("a.csv", b"n\n1\n")},
        {"job": (None, "{}")},
        {"job": (None, "not json"), "file": ("a.csv", b"n\n1\n")},
        {"job": (None, json.dumps(GOOD)), "file": ("a.csv", b"n\n1\n")},
        {"job": (None, json.dumps({"report": "double"})), "file": ("../a.csv", b"n\n1\n")},
    ],
)
def test_a_form_that_is_not_job_then_file_is_refused(press: RunningPress, parts: dict[str, Any]) -> None:
    answer = press.http.post("/v1/jobs", files=parts)
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "\xe9\x07"])
def test_an_idempotency_key_that_is_none_is_refused(press: RunningPress, key: str) -> None:
    answer = press.http.post(
        "/v1/jobs",
        json=GOOD,
        headers=[(b"Idempotency-Key", key.encode("latin-1"))],  # type: ignore[arg-type]
    )
    assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/jobs/{SOME_ID}",
        f"/v1/jobs/{SOME_ID}/events",
        f"/v1/jobs/{SOME_ID}/files/a.pdf",
        "/v1/jobs/..%2f..",
        "/v1/jobs/x",
        "/v1/nothing",
        "/v2/jobs",
    ],
)
def test_what_is_not_there_is_not_found(press: RunningPress, path: str) -> None:
    problem_of(press.http.get(path), 404, "not_found")


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_an_unknown_job_can_be_neither_stopped_nor_repeated(press: RunningPress, action: str) -> None:
    problem_of(press.http.post(f"/v1/jobs/{SOME_ID}/{action}"), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("state=asleep", "/query/state"),
        ("limit=0", "/query/limit"),
        ("limit=x", "/query/limit"),
        ("label=%00", "/query/label"),
    ],
)
def test_a_wrong_filter_is_named(press: RunningPress, query: str, pointer: str) -> None:
    problem = problem_of(press.http.get(f"/v1/jobs?{query}"), 422, "invalid_request")
    assert problem["errors"][0]["pointer"] == pointer


def test_a_cursor_that_was_never_given_out_is_refused(press: RunningPress) -> None:
    problem_of(press.http.get("/v1/jobs?cursor=' OR 1=1"), 422, "invalid_request")


@pytest.mark.parametrize("wait", ["-1", "soon", "1e9"])
def test_a_wait_that_is_no_number_of_seconds_is_refused(press: RunningPress, wait: str) -> None:
    problem_of(press.http.get(f"/v1/jobs/{SOME_ID}", params={"wait": wait}), 422, "invalid_request")


def test_a_method_that_is_not_allowed_names_those_that_are(press: RunningPress) -> None:
    answer = press.http.put("/v1/jobs", json={})
    problem_of(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_a_call_for_another_host_is_refused(press: RunningPress) -> None:
    problem_of(press.http.get("/v1/jobs", headers={"Host": "rebound.example"}), 421, "misdirected")


@pytest.mark.parametrize("origin", ["https://evil.example", "http://[x", "null", "http://]"])
def test_a_page_of_another_origin_may_not_submit(press: RunningPress, origin: str) -> None:
    headers = {"Origin": origin, "Content-Type": "application/json"}
    answer = press.http.post("/v1/jobs", content=json.dumps(GOOD), headers=headers)
    problem_of(answer, 403, "forbidden")
    preflight = press.http.options(
        "/v1/jobs", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert "access-control-allow-origin" not in preflight.headers


def test_a_broken_report_is_named_without_the_servers_folders(press: RunningPress, broken: Path) -> None:
    listed = {report["name"]: report for report in press.http.get("/v1/reports").json()["reports"]}
    one = problem_of(press.http.get("/v1/reports/bad"), 422, "bad_definition")
    asked = problem_of(press.http.post("/v1/jobs", json={**GOOD, "report": "bad"}), 422, "bad_definition")
    for said in (listed["bad"], one, asked):
        assert "bad/report.yaml:4: columns.0.colour" in json.dumps(said)
        assert str(broken) not in json.dumps(said)


@pytest.fixture
def broken(press: RunningPress) -> Iterator[Path]:
    """The folder of reports, while there is a broken one in it."""
    folder = press.folder / "reports" / "bad"
    folder.mkdir(parents=True)
    (folder / "report.yaml").write_text(
        "name: bad\ntitle: B\ndata: {sql: SELECT 1 AS n}\ncolumns: [{field: n, colour: red}]\n"
    )
    yield folder.parent
    shutil.rmtree(folder.parent)


def _is_in(body: Any, pointer: str) -> bool:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(body, dict) and name in body:
            body = body[name]
        elif isinstance(body, list) and name.isdecimal() and int(name) < len(body):
            body = body[int(name)]
        else:
            return False
    return True
