"""The press over an object store: clients are sent there for their files, or served from it."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pressroom.client import Client
from tests.conftest import opened_bucket
from tests.e2e.conftest import RunningPress, problem_of, running_press
from tests.objects import KEYS
from tests.services import ROOT, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Bucket
    from tests.objects import ObjectServer

CSV = b"n\n1\n2\n"
MEBIBYTES = 20
CALLS = 60
"""More than the API has threads."""


@pytest.fixture(scope="module")
def far(object_store: ObjectServer) -> Iterator[Bucket]:
    """A bucket for the whole module."""
    with pytest.MonkeyPatch.context() as patch, opened_bucket(object_store, patch) as bucket:
        yield bucket


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory, far: Bucket) -> Iterator[RunningPress]:
    """A press that keeps nothing but its scratch on this host."""
    folder = tmp_path_factory.mktemp("press")
    with running_press(folder, storage_url=far.url, storage_seconds=1) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(press: RunningPress) -> Iterator[httpx.Client]:
    """A client of a second API of this press, which passes the bytes on itself."""
    port = free_port()
    press.shop.environment |= {"PRESSROOM_STORAGE_REDIRECT": "false", "PRESSROOM_PORT": str(port)}
    api = press.shop.start("api")
    wait_for(lambda: api.says("running on"), "the API listens")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=40, trust_env=False) as http:
        yield http


@pytest.fixture(scope="module")
def file(press: RunningPress, far: Bucket) -> dict[str, Any]:
    """A long file of a job over a dataset, with its whole content as `content`."""
    dataset = press.http.post("/v1/datasets", params={"name": "a.csv"}, content=CSV)
    assert dataset.status_code == 201, dataset.text
    job = press.done(dataset=dataset.json()["id"], mebibytes=MEBIBYTES)
    assert job["completeness"]["rows_read"] == 3
    found: dict[str, Any] = job["files"][0]
    answer = far.server.client.get_object(
        Bucket=far.name, Key=f"a/prefix/files/{job['id']}/1/{found['name']}"
    )
    return {**found, "content": answer["Body"].read(), "job": job["id"]}


def test_a_download_is_sent_on_to_the_store_for_a_short_while(
    press: RunningPress, file: dict[str, Any]
) -> None:
    answer = press.http.get(file["url"])
    assert (answer.status_code, answer.content) == (307, b"")
    assert answer.headers["cache-control"] == "no-store"
    assert "X-Amz-Expires=300" in answer.headers["location"]
    there = httpx.get(answer.headers["location"])
    assert hashlib.sha256(there.content).hexdigest() == file["sha256"]
    assert len(there.content) == file["bytes"] > MEBIBYTES << 20
    assert there.headers["content-type"] == "application/pdf"
    assert there.headers["content-disposition"] == 'attachment; filename="double.pdf"'


def test_nothing_is_kept_on_the_host_but_its_scratch(press: RunningPress, file: dict[str, Any]) -> None:
    root = press.shop.settings.data_dir
    assert not (root / "files").exists()
    assert not (root / "datasets").exists()
    wait_for(lambda: not press.shop.work_folders(), "the work folder is gone")
    assert list((root / "incoming").iterdir()) == []


def test_head_and_a_file_that_the_client_has_are_answered_here(
    press: RunningPress, file: dict[str, Any]
) -> None:
    head = press.http.head(file["url"])
    assert (head.status_code, int(head.headers["content-length"])) == (200, file["bytes"])
    known = press.http.get(file["url"], headers={"If-None-Match": head.headers["etag"]})
    assert known.status_code == 304


def test_the_client_follows_and_goes_on_where_an_earlier_try_broke_off(
    press: RunningPress, file: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    half = file["bytes"] // 2
    (tmp_path / f".double.pdf.{file['sha256'][:16]}.part").write_bytes(file["content"][:half])
    came: list[int] = []
    with Client(str(press.http.base_url)) as client, caplog.at_level(logging.INFO):
        got = client.download(file, tmp_path, came=came.append)
        assert got.read_bytes() == file["content"]
        assert came[0] > half, "only the rest came"
        got.unlink()
        assert client.download(file, tmp_path).read_bytes() == file["content"]
    assert "HTTP Request: GET" in caplog.text
    assert "Signature" not in caplog.text


def test_an_address_of_the_store_is_in_no_log(press: RunningPress, file: dict[str, Any]) -> None:
    assert press.http.get(file["url"]).status_code == 307
    logs = [process.log.read_text() for process in press.shop.processes]
    assert any("/files/double.pdf" in log for log in logs)
    assert not any("X-Amz" in log for log in logs)


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=4194000-8389000", slice(4194000, 8389001)),
    ],
)
def test_as_a_proxy_the_api_answers_ranges_itself(
    proxy: httpx.Client, file: dict[str, Any], wanted: str, part: slice
) -> None:
    answer = proxy.get(file["url"], headers={"Range": wanted, "If-Range": f'"{file["sha256"]}"'})
    first, stop, _ = part.indices(file["bytes"])
    assert (answer.status_code, answer.content) == (206, file["content"][part])
    assert answer.headers["content-range"] == f"bytes {first}-{stop - 1}/{file['bytes']}"


def test_as_a_proxy_the_api_gives_the_whole_file_with_all_that_checks_it(
    proxy: httpx.Client, file: dict[str, Any], tmp_path: Path
) -> None:
    answer = proxy.get(file["url"], headers={"Range": "bytes=4-", "If-Range": '"another"'})
    digest = base64.b64encode(bytes.fromhex(file["sha256"])).decode()
    assert (answer.status_code, answer.content) == (200, file["content"])
    assert answer.headers["digest"] == f"sha-256={digest}"
    assert answer.headers["etag"] == f'"{file["sha256"]}"'
    outside = proxy.get(file["url"], headers={"Range": f"bytes={file['bytes']}-"})
    problem_of(outside, 416, "range_not_satisfiable")
    with Client(str(proxy.base_url)) as client:
        assert client.download(file, tmp_path).read_bytes() == file["content"]


def test_a_dataset_altered_in_the_store_fails_its_jobs(press: RunningPress, far: Bucket) -> None:
    dataset = press.http.post("/v1/datasets", params={"name": "a.csv"}, content=CSV).json()["id"]
    # As long as before, so that only its SHA-256 tells.
    far.server.client.put_object(Bucket=far.name, Key=f"a/prefix/datasets/{dataset}", Body=b"n\n1\n3\n")
    job = press.reaches(press.asked(dataset=dataset)["id"], "failed", "succeeded")
    assert job["state"] == "failed"
    assert job["error"]["code"] == "bad_data"
    assert "a.csv is not in the storage as it was handed in" in job["error"]["detail"]


def test_a_deleted_job_is_gone_from_the_store_with_its_rows(press: RunningPress, far: Bucket) -> None:
    before = far.contents()
    job = press.done()
    assert len(far.contents()) == len(before) + 3
    assert press.http.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert far.contents() == before


def test_what_is_deleted_while_the_store_is_away_goes_with_the_sweep(
    press: RunningPress, far: Bucket
) -> None:
    job = press.done()
    far.line.cut()
    assert press.http.delete(f"/v1/jobs/{job['id']}").status_code == 204
    far.line.mend()
    assert [key for key in far.contents() if job["id"] in key]
    store = press.shop.store
    assert f"files/{job['id']}/1" in press.shop.files.sweep(store.wanted, store.known_datasets)
    assert not [key for key in far.contents() if job["id"] in key]


def test_a_file_that_the_store_has_lost_is_gone(press: RunningPress, far: Bucket) -> None:
    job = press.done()
    far.server.client.delete_object(Bucket=far.name, Key=f"a/prefix/files/{job['id']}/1/double.pdf")
    problem_of(press.http.get(job["files"][0]["url"]), 410, "expired")


def test_a_store_that_is_away_is_said_and_nothing_is_half_kept(
    press: RunningPress, far: Bucket, file: dict[str, Any]
) -> None:
    before = far.contents()
    far.line.cut()
    try:
        ready = problem_of(press.http.get("/readyz"), 503, "unavailable")
        assert [fault["pointer"] for fault in ready["errors"]] == ["/storage"]
        for answer in (
            press.http.post("/v1/datasets", params={"name": "a.csv"}, content=CSV),
            press.ask(),
            press.http.get(file["url"]),
        ):
            problem_of(answer, 503, "unavailable")
            assert answer.headers["retry-after"]
    finally:
        far.line.mend()
    assert press.http.get("/readyz").status_code == 200
    assert far.contents() == before
    assert list((press.shop.settings.data_dir / "incoming").iterdir()) == []


def test_calls_that_wait_for_a_store_that_hangs_hold_up_no_other(
    press: RunningPress, far: Bucket, file: dict[str, Any]
) -> None:
    far.line.hold(1)
    with ThreadPoolExecutor(CALLS) as pool:
        try:
            waiting = [pool.submit(press.http.get, file["url"]) for _ in range(CALLS)]
            wait_for(lambda: far.line.held, "they wait for the store")
            asked = [press.http.get(f"/v1/jobs/{file['job']}", timeout=5) for _ in range(5)]
            assert [answer.status_code for answer in asked] == [200] * 5
        finally:
            far.line.release()
        assert {call.result().status_code for call in waiting} == {307}


@pytest.mark.parametrize("part", [("api",), ("worker", "--queue", "fast"), ("reaper",), ("up",)])
def test_a_part_whose_bucket_is_not_there_does_not_start_and_says_why(
    part: tuple[str, ...], tmp_path: Path, bucket: Bucket
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from pressroom.cli import main; main()", *part],
        env={
            **os.environ,
            "PRESSROOM_STORAGE_URL": "s3://press-that-is-not",
            "PRESSROOM_DATA_DIR": str(tmp_path),
            "REDIS_URL": f"redis://127.0.0.1:{free_port()}",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "error: s3://press-that-is-not: there is no such bucket" in done.stderr
    assert "PRESSROOM_STORAGE_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in done.stderr
