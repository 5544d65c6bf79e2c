"""Datasets and finished files, in a folder and in an object store: whole or not there at all."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from pressroom.errors import (
    BadData,
    BadRequest,
    BuildFailed,
    JobCancelled,
    NotFound,
    StorageFull,
    TooLarge,
)
from pressroom.files import Files, nothing
from pressroom.proofread import proofread
from pressroom.scratch import Scratch
from pressroom.settings import Settings
from pressroom.storage import Label, open_storage
from pressroom.upload import dataset_name
from tests.doubles.build import MEDIA_TYPES, tiny_pdf, tiny_xlsx
from tests.services import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pressroom.jobs import Dataset, PublishedFile
    from pressroom.storage import Storage

CSV = b"a,b\n1,2\n3,4\n"
PARTS = 20 << 20
"""More than two parts of a multipart upload, and of a download."""


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Each of the two, empty."""
    url = request.getfixturevalue("bucket").url if request.param == "s3" else None
    return open_storage(Settings(data_dir=tmp_path / "data", storage_url=url))


@pytest.fixture
def files(storage: Storage, tmp_path: Path) -> Files:
    """Files in it, with the scratch of this host."""
    return Files(Scratch(tmp_path / "data", reserve_bytes=0), storage)


def receive(files: Files, *chunks: bytes, name: str = "rows.csv", max_bytes: int = 1000) -> Dataset:
    return files.receive(iter(chunks), name, owner="ada", max_bytes=max_bytes, keep_seconds=60)


def everything(files: Files) -> list[str]:
    """Every key, and every file of the scratch."""
    root = files.scratch.root
    scratch = [path for name in ("work", "incoming") for path in (root / name).rglob("*") if path.is_file()]
    kept = [entry.key for area in ("datasets", "files") for entry in files._storage.entries(area)]
    # What stays of a job in a folder is an empty folder, until the sweep comes.
    named = [key for key in kept if not (root / key).is_dir()]
    return sorted(named + [path.relative_to(root).as_posix() for path in scratch])


def content(files: Files, what: Dataset | PublishedFile) -> bytes:
    return b"".join(files._storage.read(what.path, range(what.bytes)))


def publish(files: Files, made: Path, **changes: Any) -> PublishedFile:
    figures = {"media_type": MEDIA_TYPES[made.suffix[1:]], "size": made.stat().st_size, "rows": 3, **changes}
    return files.publish("job", 1, made, **figures)


def replaced(files: Files, what: Dataset, body: bytes, tmp_path: Path) -> None:
    """Somebody else puts other bytes in the place of a dataset."""
    other = tmp_path / "other"
    other.write_bytes(body)
    files._storage.remove(what.path)
    digest = hashlib.sha256(body).hexdigest()
    files._storage.put(other, what.path, Label("text/csv", "other"), digest, nothing)


@pytest.fixture
def made(files: Files) -> Path:
    path = files.scratch.begin_work("job", 1) / "ledger.pdf"
    path.write_bytes(tiny_pdf())
    return path


def test_a_dataset_is_kept_as_it_came(files: Files) -> None:
    dataset = receive(files, CSV[:5], CSV[5:])
    assert content(files, dataset) == CSV
    assert (dataset.bytes, dataset.sha256) == (len(CSV), hashlib.sha256(CSV).hexdigest())
    assert (dataset.name, dataset.format, dataset.owner) == ("rows.csv", "csv", "ada")
    assert (dataset.expires - dataset.created).total_seconds() == 60
    assert everything(files) == [dataset.path]


def test_a_broken_upload_leaves_nothing(files: Files) -> None:
    def broken() -> Iterator[bytes]:
        yield CSV
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        files.receive(broken(), "rows.csv", owner="ada", max_bytes=1000, keep_seconds=60)
    assert everything(files) == []


def test_an_upload_above_the_limit_leaves_nothing(files: Files) -> None:
    with pytest.raises(TooLarge):
        receive(files, CSV, CSV, max_bytes=len(CSV))
    assert everything(files) == []


def test_an_upload_announced_above_the_limit_is_refused_before_it_comes(files: Files) -> None:
    with pytest.raises(TooLarge):
        files.receiving("a.csv", owner="ada", max_bytes=10, keep_seconds=60, expected_bytes=11)
    assert everything(files) == []


def test_less_than_was_announced_is_refused(files: Files) -> None:
    with files.receiving("a.csv", owner="ada", max_bytes=100, keep_seconds=60, expected_bytes=99) as upload:
        upload.write(CSV)
        with pytest.raises(BadRequest):
            upload.finish()
    assert everything(files) == []


def test_an_empty_dataset_is_refused(files: Files) -> None:
    with pytest.raises(BadData):
        receive(files)
    assert everything(files) == []


@pytest.mark.parametrize(
    "name", ["../x.csv", "a/b.csv", "a\\b.csv", "", "  ", ".", "..", "a\0.csv", "a\n.csv", "x" * 201]
)
def test_a_path_is_no_name(name: str) -> None:
    with pytest.raises(BadRequest):
        dataset_name(name)


def test_names_of_every_script_are_kept_in_their_composed_form() -> None:
    assert dataset_name("Umsa\u0308tze 売上 ٢.csv") == "Umsätze 売上 ٢.csv"


@pytest.mark.parametrize("kind", ["pdf", "xlsx"])
def test_a_published_file_has_its_place_and_its_hash(files: Files, kind: str) -> None:
    body = tiny_pdf() if kind == "pdf" else tiny_xlsx()
    made = files.scratch.begin_work("job", 1) / f"ledger.{kind}"
    made.write_bytes(body)
    file = publish(files, made, pages=1)
    assert file.path == f"files/job/1/ledger.{kind}"
    assert content(files, file) == body
    assert file.sha256 == hashlib.sha256(body).hexdigest()
    assert not made.exists()


def test_a_published_file_is_never_replaced(files: Files, made: Path) -> None:
    body = made.read_bytes()
    file = publish(files, made)
    made.write_bytes(body)
    with pytest.raises(BuildFailed):
        publish(files, made)
    assert content(files, file) == body


@pytest.mark.parametrize("cut", [2, 20, 200])
@pytest.mark.parametrize("kind", ["pdf", "xlsx"])
def test_a_file_cut_short_is_not_published(files: Files, kind: str, cut: int) -> None:
    made = files.scratch.begin_work("job", 1) / f"ledger.{kind}"
    made.write_bytes((tiny_pdf() if kind == "pdf" else tiny_xlsx())[:-cut])
    with pytest.raises(BuildFailed):
        publish(files, made)
    assert everything(files) == [f"work/job.1/{made.name}"]


def test_a_file_of_another_length_is_not_published(files: Files, made: Path) -> None:
    with pytest.raises(BuildFailed, match="bytes on disk"):
        publish(files, made, size=made.stat().st_size + 1)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("pdf", b"GIF89a" + tiny_pdf()),
        ("pdf", tiny_pdf().replace(b"xref\n0", b"yref\n0")),
        ("xlsx", tiny_xlsx().replace(b"xl/workbook.xml", b"xl/workbooks.xm")),
        ("xlsx", tiny_pdf()),
    ],
)
def test_what_is_no_whole_file_of_its_type_is_seen(tmp_path: Path, kind: str, body: bytes) -> None:
    path = tmp_path / f"x.{kind}"
    path.write_bytes(body)
    with pytest.raises(BuildFailed):
        proofread(path, MEDIA_TYPES[kind], len(body))


def test_too_little_room_is_said_before_anything_is_written(storage: Storage, tmp_path: Path) -> None:
    files = Files(Scratch(tmp_path / "data", reserve_bytes=1 << 60), storage)
    with pytest.raises(StorageFull):
        receive(files, CSV)
    with pytest.raises(StorageFull):
        files.scratch.check_room(0)
    assert everything(files) == []


def test_forgetting_a_job_takes_its_own_rows_along(files: Files, made: Path) -> None:
    publish(files, made)
    rows, other = receive(files, CSV), receive(files, CSV)
    for _ in range(2):
        files.forget("job", rows.id)
    assert everything(files) == [other.path]


def test_removing_takes_everything_and_may_be_repeated(files: Files, made: Path) -> None:
    publish(files, made)
    dataset = receive(files, CSV)
    for _ in range(2):
        files.forget("job", None)
        files.remove_dataset(dataset)
        files.scratch.end_work("job", 1)
    assert everything(files) == []


def test_the_head_of_a_dataset_is_read_without_the_rest(files: Files) -> None:
    dataset = receive(files, CSV)
    assert files.head(dataset, 3) == CSV[:3]
    assert files.head(dataset, 1000) == CSV


def test_a_dataset_is_brought_to_where_it_can_be_opened(files: Files, tmp_path: Path) -> None:
    body = os.urandom(PARTS // 2)
    dataset = receive(files, b"n\n", body.replace(b"\0", b"0"), max_bytes=PARTS)
    folder = files.scratch.begin_work("job", 1)
    looks: list[None] = []
    path = files.bring(dataset, folder, lambda: looks.append(None))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == dataset.sha256
    files.scratch.end_work("job", 1)
    assert everything(files) == [dataset.path]


def test_a_dataset_of_another_length_is_found_before_it_is_read(files: Files, tmp_path: Path) -> None:
    dataset = receive(files, CSV)
    replaced(files, dataset, CSV + b"5,6\n", tmp_path)
    with pytest.raises(BadData, match=r"rows\.csv is not in the storage as it was handed in"):
        files.bring(dataset, files.scratch.begin_work("job", 1), nothing)


def test_a_dataset_that_is_gone_is_said_by_its_name(files: Files) -> None:
    dataset = receive(files, CSV)
    files.remove_dataset(dataset)
    with pytest.raises(NotFound, match=r"rows\.csv is no longer in the storage"):
        files.bring(dataset, files.scratch.begin_work("job", 1), nothing)


def test_any_range_of_a_file_is_read(files: Files) -> None:
    made = files.scratch.begin_work("job", 1) / "ledger.pdf"
    body = tiny_pdf(PARTS)
    made.write_bytes(body)
    file = publish(files, made)
    assert files.size(file) == file.bytes == len(body)
    for wanted in (range(1), range(len(body)), range(len(body) - 7, len(body)), range(5, 9 << 20)):
        assert b"".join(files.read(file, wanted)) == body[wanted.start : wanted.stop]


def test_a_range_that_is_not_all_there_is_an_error(files: Files, made: Path) -> None:
    file = publish(files, made)
    with pytest.raises(NotFound):
        list(files.read(file, range(file.bytes + 1)))
    files.unpublish("job", 1)
    with pytest.raises(NotFound):
        list(files.read(file, range(file.bytes)))
    assert files.size(file) is None


def test_a_publish_that_is_broken_off_leaves_nothing(files: Files) -> None:
    made = files.scratch.begin_work("job", 1) / "ledger.pdf"
    made.write_bytes(tiny_pdf(PARTS))

    def cancelled() -> None:
        raise JobCancelled("someone asked")

    with pytest.raises(JobCancelled):
        publish(files, made, look=cancelled)
    assert everything(files) == ["work/job.1/ledger.pdf"]


def test_unpublishing_takes_one_attempt_and_no_other(files: Files, made: Path) -> None:
    publish(files, made)
    for attempt in (2, 10):
        other = files.scratch.begin_work("job", attempt) / "ledger.pdf"
        other.write_bytes(tiny_pdf())
        files.publish("job", attempt, other, media_type="application/pdf", size=other.stat().st_size, rows=1)
    files.unpublish("job", 1)
    assert everything(files) == ["files/job/10/ledger.pdf", "files/job/2/ledger.pdf"]


def test_the_sweep_takes_what_nobody_wants(files: Files, made: Path, tmp_path: Path) -> None:
    publish(files, made)
    junk = tmp_path / "junk"
    junk.write_bytes(b"x")
    files._storage.put(
        junk, "files/junk", Label("text/plain", "junk"), hashlib.sha256(b"x").hexdigest(), nothing
    )
    kept, orphan = receive(files, CSV), receive(files, CSV)

    def sweep(seconds: float) -> set[str]:
        return set(
            files.sweep(
                lambda _: set(),
                lambda ids: {kept.id}.intersection(ids),
                older_than_seconds=seconds,
            )
        )

    assert sweep(3600) == {"files/job/1"}, "an attempt's at once, whatever else only when it is old"
    assert everything(files) == sorted(["files/junk", kept.path, orphan.path])
    # The store's clock counts whole seconds.
    assert {"files/junk", orphan.path} <= sweep(-60)
    assert everything(files) == [kept.path]


def test_what_an_active_attempt_has_published_is_not_swept(files: Files, made: Path) -> None:
    file = publish(files, made)
    assert files.sweep(lambda found: set(found), lambda _: set(), older_than_seconds=-60) == []
    assert everything(files) == [file.path]


LEAVES_A_FOLDER = """
import sys
from pathlib import Path
from pressroom.scratch import Scratch
(Scratch(Path(sys.argv[1])).begin_work("job", 1) / "spool.arrow").write_bytes(b"x")
"""


def test_the_scratch_is_swept_of_what_dead_processes_left(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path, reserve_bytes=0)
    subprocess.run([sys.executable, "-c", LEAVES_A_FOLDER, str(tmp_path)], cwd=ROOT, check=True)
    running = scratch.begin_work("job", 2) / "spool.arrow"
    running.write_bytes(b"x")
    old, fresh = scratch.incoming("old"), scratch.incoming("fresh")
    for path in (old, fresh):
        path.write_bytes(b"x")
    hour_ago = time.time() - 3700
    os.utime(old, (hour_ago, hour_ago))
    begun, begun_long_ago = tmp_path / "work" / ".job.3", tmp_path / "work" / ".job.4"
    for path in (begun, begun_long_ago):
        path.mkdir()
    os.utime(begun_long_ago, (hour_ago, hour_ago))
    assert Scratch(tmp_path).sweep_work(lambda found: found & {("job", 1)}) == ["work/.job.4"]
    assert Scratch(tmp_path).sweep_work(lambda _: set()) == ["work/job.1"]
    assert scratch.sweep_work(lambda _: set()) == [], "nor is its own"
    assert scratch.sweep_incoming() == ["incoming/old"]
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == [fresh, running]
    scratch.end_work("job", 2)
    (tmp_path / "work" / "stray").write_bytes(b"x")
    assert scratch.sweep_work(lambda _: set()) == []
    assert sorted((tmp_path / "work").iterdir()) == [begun, tmp_path / "work" / "stray"]
