"""Datasets in, files out."""

from __future__ import annotations

import base64
import hashlib
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.e2e.conftest import problem_of, running_press
from tests.services import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import RunningPress

CSV = b"n\n1\n2\n"


@pytest.fixture(scope="module")
def file(press: RunningPress) -> dict[str, Any]:
    """A finished file, with its whole content as `content`."""
    found: dict[str, Any] = press.done()["files"][0]
    return {**found, "content": press.http.get(found["url"]).content}


def test_a_download_says_everything_needed_to_check_it(press: RunningPress, file: dict[str, Any]) -> None:
    answer = press.http.get(file["url"])
    digest = hashlib.sha256(answer.content)
    assert answer.status_code == 200
    assert digest.hexdigest() == file["sha256"]
    assert len(answer.content) == file["bytes"] == int(answer.headers["content-length"])
    assert answer.headers["etag"] == f'"{file["sha256"]}"'
    assert answer.headers["digest"] == f"sha-256={base64.b64encode(digest.digest()).decode()}"
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="double.pdf"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=10-", slice(10, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=5-999999", slice(5, None)),
    ],
)
def test_a_range_is_answered_with_exactly_these_bytes(
    press: RunningPress, file: dict[str, Any], wanted: str, part: slice
) -> None:
    answer = press.http.get(file["url"], headers={"Range": wanted})
    content = file["content"]
    first, stop, _ = part.indices(len(content))
    assert answer.status_code == 206
    assert answer.content == content[part]
    assert answer.headers["content-range"] == f"bytes {first}-{stop - 1}/{len(content)}"
    assert answer.headers["etag"] == f'"{file["sha256"]}"'


def test_a_range_behind_the_end_is_refused_with_the_size(press: RunningPress, file: dict[str, Any]) -> None:
    answer = press.http.get(file["url"], headers={"Range": f"bytes={file['bytes']}-"})
    problem_of(answer, 416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{file['bytes']}"


@pytest.mark.parametrize("wanted", ["lines=1-2", "bytes=9-2", "bytes=0-1,4-5", "bytes=x-", "bytes=-"])
def test_a_range_that_is_not_understood_gets_the_whole_file(
    press: RunningPress, file: dict[str, Any], wanted: str
) -> None:
    answer = press.http.get(file["url"], headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (200, file["content"])


def test_a_part_is_given_only_of_the_file_that_the_client_began(
    press: RunningPress, file: dict[str, Any]
) -> None:
    same = {"Range": "bytes=4-", "If-Range": f'"{file["sha256"]}"'}
    assert press.http.get(file["url"], headers=same).status_code == 206
    other = {"Range": "bytes=4-", "If-Range": '"another"'}
    answer = press.http.get(file["url"], headers=other)
    assert (answer.status_code, answer.content) == (200, file["content"])


def test_a_file_that_the_client_has_is_not_sent_again(press: RunningPress, file: dict[str, Any]) -> None:
    answer = press.http.get(file["url"], headers={"If-None-Match": f'W/"{file["sha256"]}"'})
    assert (answer.status_code, answer.content) == (304, b"")


def test_head_says_the_size_and_sends_nothing(press: RunningPress, file: dict[str, Any]) -> None:
    answer = press.http.head(file["url"])
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == file["bytes"]


def test_a_file_of_a_job_that_is_not_done_is_a_conflict(press: RunningPress) -> None:
    with press.waiting() as job:
        answer = press.http.get(f"/v1/jobs/{job['id']}/files/double.pdf")
        problem_of(answer, 409, "conflict")


@pytest.mark.parametrize("name", ["other.pdf", "..%2f..%2fpressroom.db", "%2e%2e", "double.pdf%00"])
def test_a_file_that_the_job_does_not_have_is_not_found(press: RunningPress, name: str) -> None:
    job = press.done()
    assert press.http.get(f"/v1/jobs/{job['id']}/files/{name}").status_code == 404


def test_a_dataset_is_kept_with_its_hash_and_its_unicode_name(press: RunningPress) -> None:
    answer = press.http.post("/v1/datasets", params={"name": "Flüge für 日本 🛫.csv"}, content=CSV)
    assert answer.status_code == 201, answer.text
    dataset = answer.json()
    assert dataset["name"] == "Flüge für 日本 🛫.csv"
    assert dataset["bytes"] == len(CSV)
    assert dataset["sha256"] == hashlib.sha256(CSV).hexdigest()
    assert dataset["format"] == "csv"
    job = press.asked(dataset=dataset["id"])
    assert press.reaches(job["id"], "succeeded")["completeness"]["rows_read"] == 3


def test_a_dataset_may_come_as_a_form(press: RunningPress) -> None:
    answer = press.http.post("/v1/datasets", files={"file": ("Größe.csv", CSV)})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["name"], answer.json()["bytes"]) == ("Größe.csv", len(CSV))


def test_a_dataset_is_forgotten_when_its_owner_says_so(press: RunningPress) -> None:
    known = press.http.post("/v1/datasets", params={"name": "a.csv"}, content=CSV).json()
    place = press.shop.settings.data_dir / "datasets" / known["id"]
    address = f"/v1/datasets/{known['id']}"
    assert press.http.get(address).json() == known
    job = press.done(dataset=known["id"])
    with press.waiting(dataset=known["id"]):
        busy = problem_of(press.http.delete(address), 409, "conflict")
        assert known["id"] in busy["detail"]
        assert place.exists()
    wait_for(lambda: press.http.delete(address).status_code == 204, "the job that read it has ended")
    assert not place.exists()
    for answer in (press.http.get(address), press.http.delete(address)):
        problem_of(answer, 404, "not_found")
    problem_of(press.ask(dataset=known["id"]), 404, "not_found")
    assert press.http.get(job["files"][0]["url"]).status_code == 200, "what was made of it stays"
    problem_of(press.http.get("/v1/datasets/a.csv"), 404, "not_found")


def test_an_empty_body_is_refused_and_leaves_nothing(press: RunningPress) -> None:
    before = _datasets(press)
    problem_of(press.http.post("/v1/datasets", content=b""), 422, "bad_data")
    problem_of(press.http.post("/v1/datasets", files={"file": ("a.csv", b"")}), 422, "bad_data")
    assert _datasets(press) == before


def test_ten_gigabytes_announced_are_refused_before_anything_is_sent(press: RunningPress) -> None:
    with _raw(press) as line:
        line.sendall(_head(press, "Content-Length: 10000000000"))
        assert b" 413 " in line.recv(4096).split(b"\r\n")[0]


def test_a_chunked_body_is_refused_where_it_passes_the_limit(press: RunningPress) -> None:
    before = _datasets(press)

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"1\n" * 50_000

    try:
        answer = press.http.post("/v1/datasets", content=endless())
    except httpx.WriteError:
        pass  # the server hung up before all was sent, which is just as good
    else:
        problem_of(answer, 413, "too_large")
    wait_for(lambda: _datasets(press) == before, "nothing is left")


def test_an_upload_that_breaks_off_leaves_nothing(press: RunningPress) -> None:
    before = _datasets(press)
    with _raw(press) as line:
        line.sendall(_head(press, "Content-Length: 1000000") + b"n\n" + b"1\n" * 200_000)
        wait_for(lambda: _datasets(press) != before, "the upload has begun")
    wait_for(lambda: _datasets(press) == before, "nothing is left")


def test_a_form_without_its_end_is_refused_and_leaves_nothing(press: RunningPress) -> None:
    before = _datasets(press)
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nn\n1\n'
    answer = press.http.post(
        "/v1/datasets", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    problem_of(answer, 400, "bad_request")
    assert _datasets(press) == before


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b.csv", "..", "a\\b.csv", "a\x00b.csv", "x" * 300])
def test_a_dataset_name_that_is_a_path_or_none_is_refused(press: RunningPress, name: str) -> None:
    before = _datasets(press)
    problem_of(press.http.post("/v1/datasets", params={"name": name}, content=CSV), 400, "bad_request")
    assert _datasets(press) == before


def test_an_expired_job_says_so_and_its_files_are_gone(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("expiry")
    with running_press(folder, retention_seconds=2) as press:
        job = press.done()
        url = job["files"][0]["url"]
        wait_for(lambda: press.http.get(url).status_code == 410, "the file is gone before the reaper comes")
        problem_of(press.http.get(url), 410, "expired")
        assert press.job(job["id"])["state"] == "succeeded"
        # The reaper cleans once a minute; this is what it calls then.
        expired = wait_for(lambda: press.shop.store.expire(), "the job's time is over", 30)
        for one in expired:
            press.shop.files.forget(one.id, one.rows_dataset)
        assert press.job(job["id"])["state"] == "expired"
        assert press.job(job["id"])["files"] == []
        problem_of(press.http.get(job["files"][0]["url"]), 410, "expired")


def _datasets(press: RunningPress) -> list[str]:
    """What is kept, and what is being received."""
    root = press.shop.settings.data_dir
    return sorted(path.name for name in ("datasets", "incoming") for path in (root / name).glob("*"))


def _raw(press: RunningPress) -> socket.socket:
    return socket.create_connection(("127.0.0.1", press.shop.settings.port), timeout=10)


def _head(press: RunningPress, length: str) -> bytes:
    host = f"127.0.0.1:{press.shop.settings.port}"
    return f"POST /v1/datasets?name=a.csv HTTP/1.1\r\nHost: {host}\r\n{length}\r\n\r\n".encode()
