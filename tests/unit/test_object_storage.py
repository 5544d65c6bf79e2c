"""An object store as storage: what only a store far away can do, and do wrong."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from pressroom.errors import (
    BadData,
    BadRequest,
    BuildFailed,
    JobCancelled,
    StorageFull,
    StorageRefused,
    Unavailable,
)
from pressroom.files import Files, nothing, open_files
from pressroom.scratch import Scratch
from pressroom.settings import Settings
from pressroom.storage import Label, Storage, open_storage
from pressroom.storage.objects import CHECK_SECONDS
from tests.conftest import Bucket, opened_bucket
from tests.objects import KEYS, object_server
from tests.services import ROOT, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pressroom.jobs import Dataset

KEY = "files/job/1/Größe.pdf"
PARTS = bytes(range(256)) * (20 << 12)
"""20 MiB: three parts of a multipart upload."""


def opened(url: str, **settings: Any) -> Storage:
    return open_storage(Settings(storage_url=url, **{"storage_seconds": 0.2, **settings}))


@pytest.fixture
def storage(bucket: Bucket) -> Storage:
    return opened(bucket.url)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "made"
    path.write_bytes(PARTS)
    return path


def put(storage: Storage, made: Path, *, sha256: str | None = None, look: Any = nothing) -> None:
    digest = sha256 or hashlib.sha256(made.read_bytes()).hexdigest()
    storage.put(made, KEY, Label("application/pdf", "Größe.pdf"), digest, look)


def test_a_link_gives_the_file_its_type_and_its_name_to_anybody(storage: Storage, made: Path) -> None:
    put(storage, made)
    link = storage.link(KEY, 120)
    assert link is not None
    assert parse_qs(urlsplit(link).query)["X-Amz-Expires"] == ["120"]
    answer = httpx.get(link)
    assert (answer.status_code, answer.content) == (200, PARTS)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].endswith("filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf")
    part = httpx.get(link, headers={"Range": "bytes=7-9"})
    assert (part.status_code, part.content) == (206, PARTS[7:10])


def test_a_file_that_changed_while_it_was_sent_is_never_completed(
    storage: Storage, bucket: Bucket, made: Path
) -> None:
    with pytest.raises(BuildFailed, match="changed while it was sent"):
        put(storage, made, sha256="0" * 64)
    assert (bucket.contents(), bucket.server.unfinished(bucket.name)) == ([], [])


def test_an_upload_that_is_broken_off_half_way_is_aborted(
    storage: Storage, bucket: Bucket, made: Path
) -> None:
    looks: list[None] = []

    def look() -> None:
        looks.append(None)
        if len(looks) == 18:
            raise JobCancelled("someone asked")

    with pytest.raises(JobCancelled):
        put(storage, made, look=look)
    assert (bucket.contents(), bucket.server.unfinished(bucket.name)) == ([], [])
    assert made.exists()


def test_an_upload_goes_on_when_the_line_is_back_in_time(bucket: Bucket, made: Path) -> None:
    storage = opened(bucket.url, storage_seconds=30)
    bucket.line.hold(10 << 20)
    uploading = threading.Thread(target=put, args=(storage, made))
    uploading.start()
    wait_for(lambda: bucket.line.held, "the upload is half-way")
    bucket.line.cut()
    bucket.line.mend()
    uploading.join()
    assert storage.size(KEY) == len(PARTS)
    assert b"".join(storage.read(KEY, range(len(PARTS)))) == PARTS
    assert bucket.server.unfinished(bucket.name) == []


def test_an_upload_whose_line_stays_cut_is_not_there(bucket: Bucket, made: Path) -> None:
    bucket.line.hold(10 << 20)
    raised: list[BaseException] = []

    def upload() -> None:
        with pytest.raises(Unavailable, match=f"{bucket.url} does not answer") as caught:
            put(opened(bucket.url), made)
        raised.append(caught.value)

    uploading = threading.Thread(target=upload)
    uploading.start()
    wait_for(lambda: bucket.line.held, "the upload is half-way")
    bucket.line.cut()
    uploading.join()
    assert raised
    assert bucket.contents() == []
    assert made.exists()


PUTS = """
import hashlib, pathlib, sys
from pressroom.files import nothing
from pressroom.settings import Settings
from pressroom.storage import Label, open_storage

def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024

made = pathlib.Path(sys.argv[1])
with made.open("rb") as file:
    digest = hashlib.file_digest(file, "sha256").hexdigest()
size = made.stat().st_size
storage = open_storage(Settings())
storage.check()
before = peak()
storage.put(made, "files/job/1/long.pdf", Label("application/pdf", "long.pdf"), digest, nothing)
up = peak() - before
got = sum(len(chunk) for chunk in storage.read("files/job/1/long.pdf", range(size)))
print(got == size, up, peak() - before)
"""


def test_a_long_file_goes_up_and_comes_down_in_little_memory(bucket: Bucket, tmp_path: Path) -> None:
    long = tmp_path / "long"
    size = 192 << 20
    with long.open("wb") as file:
        for _ in range(192):
            file.write(os.urandom(1 << 20))
    done = subprocess.run(
        [sys.executable, "-c", PUTS, str(long)],
        env={**os.environ, "PRESSROOM_STORAGE_URL": bucket.url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    whole, up, both = done.stdout.split()
    assert whole == "True"
    assert int(up) <= int(both) < size // 2, f"{int(up) >> 20} MiB up, {int(both) >> 20} MiB in all"


# A dataset on its way to a worker.


def kept(bucket: Bucket, folder: Path, **scratch: int) -> tuple[Files, Dataset]:
    """Files over the bucket, and a dataset in it that takes several calls to bring here."""
    files = Files(Scratch(folder, **{"reserve_bytes": 0, **scratch}), opened(bucket.url))
    lines = [b"n\n", *[b"1234567\n" * 131_072] * 9]
    dataset = Files(Scratch(folder, reserve_bytes=0), opened(bucket.url)).receive(
        lines, "a.csv", owner="ada", max_bytes=1 << 30, keep_seconds=60
    )
    return files, dataset


def test_bringing_a_dataset_can_be_broken_off(bucket: Bucket, tmp_path: Path) -> None:
    files, dataset = kept(bucket, tmp_path)
    looks: list[None] = []

    def look() -> None:
        looks.append(None)
        if len(looks) == 2:
            raise JobCancelled("someone asked")

    with pytest.raises(JobCancelled):
        files.bring(dataset, files.scratch.begin_work("job", 1), look)
    (half,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert half.stat().st_size < dataset.bytes
    files.scratch.end_work("job", 1)
    assert not half.exists()


def test_a_dataset_is_not_brought_where_it_has_no_room(bucket: Bucket, tmp_path: Path) -> None:
    files, dataset = kept(bucket, tmp_path, reserve_bytes=1 << 60)
    with pytest.raises(StorageFull):
        files.bring(dataset, tmp_path, nothing)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_dataset_of_another_content_is_found_by_its_hash(bucket: Bucket, tmp_path: Path) -> None:
    files, dataset = kept(bucket, tmp_path)
    other = b"x" * dataset.bytes
    bucket.server.client.put_object(Bucket=bucket.name, Key=f"a/prefix/{dataset.path}", Body=other)
    with pytest.raises(BadData, match="another SHA-256"):
        files.bring(dataset, files.scratch.begin_work("job", 1), nothing)


# What is wrong at the start is said with the variable to set, and without a secret.


def refusal(storage: Storage) -> StorageRefused:
    with pytest.raises(StorageRefused) as raised:
        storage.check()
    said = f"{raised.value.message} {raised.value.hint}"
    assert not any(secret in said for secret in (KEYS["AWS_SECRET_ACCESS_KEY"], KEYS["AWS_ACCESS_KEY_ID"]))
    return raised.value


def test_a_bucket_that_is_there_is_ready(storage: Storage) -> None:
    storage.check()


def test_a_data_folder_that_is_a_file_is_said_beside_an_object_store_too(
    bucket: Bucket, tmp_path: Path
) -> None:
    (tmp_path / "data").write_bytes(b"")
    with pytest.raises(StorageRefused, match="the data folder can't be made") as raised:
        open_files(Settings(data_dir=tmp_path / "data", storage_url=bucket.url))
    assert "PRESSROOM_DATA_DIR" in str(raised.value.hint)


def test_a_missing_bucket_is_said_by_its_name(bucket: Bucket) -> None:
    error = refusal(opened("s3://press-that-is-not/there"))
    assert error.message == "s3://press-that-is-not/there: there is no such bucket"
    assert "PRESSROOM_STORAGE_URL" in str(error.hint)


def test_missing_credentials_are_said_by_their_variables(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    # Where a machine of a cloud would find its role's: nobody is there.
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    error = refusal(opened(bucket.url))
    assert "no credentials" in error.message
    assert "AWS_ACCESS_KEY_ID" in str(error.hint)


def test_credentials_that_are_not_let_in_are_said_by_their_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        # The one call it takes without asking who calls makes the bucket.
        object_server(tmp_path, INITIAL_NO_AUTH_ACTION_COUNT="1") as server,
        opened_bucket(server, monkeypatch) as bucket,
    ):
        error = refusal(opened(bucket.url))
    assert error.message == f"{bucket.url} does not let us in (InvalidAccessKeyId)"
    assert "AWS_ACCESS_KEY_ID" in str(error.hint)


def test_an_endpoint_without_tls_has_to_be_allowed(bucket: Bucket) -> None:
    error = refusal(opened(bucket.url, storage_allow_http=False))
    assert "AWS_ALLOW_HTTP" in str(error.hint)


def test_a_store_that_is_away_is_said_by_its_name(storage: Storage, bucket: Bucket) -> None:
    bucket.line.cut()
    for ask in (storage.check, lambda: storage.size(KEY), lambda: list(storage.entries("files"))):
        with pytest.raises(Unavailable, match=f"{bucket.url} does not answer"):
            ask()
    bucket.line.mend()
    storage.check()


def test_a_look_at_a_store_that_hangs_is_over_within_seconds(storage: Storage, bucket: Bucket) -> None:
    bucket.line.hold(1)
    start = time.monotonic()
    with pytest.raises(Unavailable):
        storage.check()
    assert time.monotonic() - start < 3 * CHECK_SECONDS


@pytest.mark.parametrize(
    "url", ["s3://key:secret@bucket/x", "https://host/secret", "s3://", "secret", "s3://b/../x"]
)
def test_an_address_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(BadRequest) as raised:
        opened(url)
    assert "secret" not in f"{raised.value.message}".lower()
    assert "PRESSROOM_STORAGE_URL" in raised.value.message


# A server that misbehaves as no sound one does: it answers what the test tells it.


class Answers(BaseHTTPRequestHandler):
    """Answers each call with the next (status, length, body) of the script."""

    protocol_version = "HTTP/1.1"
    script: list[tuple[int, int | None, bytes]]
    calls: list[str]

    def do_HEAD(self) -> None:
        self.calls.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("content-length", 0)))
        status, length, body = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.send_response(status)
        for name, value in {
            "Content-Length": str(len(body) if length is None else length),
            "ETag": '"x"',
            "Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD  # noqa: N815 - names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def calls() -> list[str]:
    """What the server was asked."""
    return []


@pytest.fixture
def script(
    monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> Iterator[list[tuple[int, int | None, bytes]]]:
    """What the server answers, which the environment says how to reach; the last answer again and again."""
    script: list[tuple[int, int | None, bytes]] = []
    handler = type("Scripted", (Answers,), {"script": script, "calls": calls})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": address, "AWS_ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(name, value)
    yield script
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_that_arrived_shorter_is_no_success(
    script: list[tuple[int, int | None, bytes]], tmp_path: Path
) -> None:
    made = tmp_path / "made"
    made.write_bytes(b"0123456789")
    script += [(404, None, b""), (200, None, b""), (200, 3, b"")]
    with pytest.raises(Unavailable, match="3 of the 10 bytes"):
        put(opened("s3://press"), made)
    assert made.exists()


@pytest.mark.parametrize(
    "answer",
    [
        (507, None, b""),
        (403, None, b"<Error><Code>QuotaExceeded</Code></Error>"),
        (503, None, b"<Error><Code>XMinioStorageFull</Code></Error>"),
    ],
)
def test_a_full_store_is_said_as_such(
    script: list[tuple[int, int | None, bytes]], tmp_path: Path, answer: tuple[int, int | None, bytes]
) -> None:
    made = tmp_path / "made"
    made.write_bytes(b"0123456789")
    script += [(404, None, b""), answer]
    with pytest.raises(StorageFull, match="s3://press is full"):
        put(opened("s3://press"), made)


def test_an_upload_of_which_a_part_is_refused_is_aborted(
    script: list[tuple[int, int | None, bytes]], calls: list[str], made: Path
) -> None:
    begun = b"<Bucket>b</Bucket><Key>k</Key><UploadId>u</UploadId>"
    begun = b"<InitiateMultipartUploadResult>" + begun + b"</InitiateMultipartUploadResult>"
    script += [
        (404, None, b""),
        (200, None, begun),
        *[(200, None, b"")] * 2,
        (400, None, b""),
        (204, None, b""),
    ]
    with pytest.raises(Unavailable):
        put(opened("s3://press"), made)
    assert calls[-1].startswith("DELETE")
    assert "uploadId=u" in calls[-1]
    assert made.exists()
