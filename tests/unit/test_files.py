"""The data folder: whole files or none, whatever goes wrong."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pressroom.errors import BadData, BadRequest, BuildFailed, NotFound, StorageFull, TooLarge
from pressroom.files import Files
from pressroom.proofread import proofread
from pressroom.upload import dataset_name
from tests.doubles.build import MEDIA_TYPES, tiny_pdf, tiny_xlsx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pressroom.jobs import Dataset, PublishedFile

CSV = b"a,b\n1,2\n3,4\n"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path, reserve_bytes=0)


def receive(files: Files, *chunks: bytes, name: str = "rows.csv", max_bytes: int = 1000) -> Dataset:
    return files.receive(iter(chunks), name, owner="ada", max_bytes=max_bytes, keep_seconds=60)


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def publish(files: Files, made: Path, **changes: Any) -> PublishedFile:
    figures = {"media_type": MEDIA_TYPES[made.suffix[1:]], "size": made.stat().st_size, "rows": 3, **changes}
    return files.publish("job", 1, made, **figures)


@pytest.fixture
def made(files: Files) -> Path:
    path = files.begin_work("job", 1) / "ledger.pdf"
    path.write_bytes(tiny_pdf())
    return path


def test_a_dataset_is_on_disk_as_it_came(files: Files) -> None:
    dataset = receive(files, CSV[:5], CSV[5:])
    assert files.path(dataset).read_bytes() == CSV
    assert (dataset.bytes, dataset.sha256) == (len(CSV), hashlib.sha256(CSV).hexdigest())
    assert (dataset.name, dataset.format, dataset.owner) == ("rows.csv", "csv", "ada")
    assert (dataset.expires - dataset.created).total_seconds() == 60
    assert everything(files.root) == [dataset.path]


def test_a_broken_upload_leaves_nothing(files: Files) -> None:
    def broken() -> Iterator[bytes]:
        yield CSV
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        files.receive(broken(), "rows.csv", owner="ada", max_bytes=1000, keep_seconds=60)
    assert everything(files.root) == []


def test_an_upload_above_the_limit_leaves_nothing(files: Files) -> None:
    with pytest.raises(TooLarge):
        receive(files, CSV, CSV, max_bytes=len(CSV))
    assert everything(files.root) == []


def test_an_upload_announced_above_the_limit_is_refused_before_it_comes(files: Files) -> None:
    with pytest.raises(TooLarge):
        files.receiving("a.csv", owner="ada", max_bytes=10, keep_seconds=60, expected_bytes=11)
    assert everything(files.root) == []


def test_less_than_was_announced_is_refused(files: Files) -> None:
    with files.receiving("a.csv", owner="ada", max_bytes=100, keep_seconds=60, expected_bytes=99) as upload:
        upload.write(CSV)
        with pytest.raises(BadRequest):
            upload.finish()
    assert everything(files.root) == []


def test_an_empty_dataset_is_refused(files: Files) -> None:
    with pytest.raises(BadData):
        receive(files)
    assert everything(files.root) == []


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
    made = files.begin_work("job", 1) / f"ledger.{kind}"
    made.write_bytes(body)
    file = publish(files, made, pages=1)
    assert file.path == f"files/job/1/ledger.{kind}"
    assert files.path(file).read_bytes() == body
    assert file.sha256 == hashlib.sha256(body).hexdigest()
    assert not made.exists()


def test_a_published_file_is_never_replaced(files: Files, made: Path) -> None:
    body = made.read_bytes()
    file = publish(files, made)
    made.write_bytes(body)
    with pytest.raises(BuildFailed):
        publish(files, made)
    assert files.path(file).read_bytes() == body


def test_across_file_systems_a_file_is_copied_beside_its_place(
    files: Files, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = type(made).rename

    def elsewhere(self: Path, target: Path) -> Path:
        if self == made:
            raise OSError(18, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(type(made), "rename", elsewhere)
    file = publish(files, made)
    assert hashlib.sha256(files.path(file).read_bytes()).hexdigest() == file.sha256
    assert everything(files.root) == [file.path]


@pytest.mark.parametrize("cut", [2, 20, 200])
@pytest.mark.parametrize("kind", ["pdf", "xlsx"])
def test_a_file_cut_short_is_not_published(files: Files, kind: str, cut: int) -> None:
    made = files.begin_work("job", 1) / f"ledger.{kind}"
    made.write_bytes((tiny_pdf() if kind == "pdf" else tiny_xlsx())[:-cut])
    with pytest.raises(BuildFailed):
        publish(files, made)
    assert not files.root.joinpath("files", "job", "1", made.name).exists()


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


def test_a_path_never_leads_out_of_the_data_folder(files: Files, made: Path) -> None:
    file = publish(files, made)
    with pytest.raises(NotFound):
        files.path(replace(file, path="files/../../etc/passwd"))


def test_too_little_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    files = Files(tmp_path, reserve_bytes=1 << 60)
    with pytest.raises(StorageFull):
        receive(files, CSV)
    with pytest.raises(StorageFull):
        files.begin_work("job", 1)
    assert everything(tmp_path) == []


def test_forgetting_a_job_takes_its_own_rows_along(files: Files, made: Path) -> None:
    publish(files, made)
    rows, other = receive(files, CSV), receive(files, CSV)
    for _ in range(2):
        files.forget("job", rows.id)
    assert everything(files.root) == [other.path]


def test_removing_takes_everything_and_may_be_repeated(files: Files, made: Path) -> None:
    publish(files, made)
    dataset = receive(files, CSV)
    for _ in range(2):
        files.remove("job")
        files.remove_dataset(dataset)
        files.end_work("job", 1)
    assert everything(files.root) == []


def test_the_sweep_takes_what_nobody_wants(files: Files, made: Path) -> None:
    publish(files, made)
    (files.begin_work("job", 2) / "spool.arrow").write_bytes(b"x")
    kept, orphan, fresh = (receive(files, CSV) for _ in range(3))
    left = files.root / "datasets" / ".upload.tmp"
    left.write_bytes(b"x")
    hour_ago = time.time() - 3700
    for path in (files.path(kept), files.path(orphan), left):
        os.utime(path, (hour_ago, hour_ago))
    swept = files.sweep(
        lambda _, attempt, published: attempt == 2 and not published, lambda id_: id_ == kept.id
    )
    assert {path.name for path in swept} == {"job.1", "1", orphan.id, ".upload.tmp"}
    assert everything(files.root) == sorted(["work/job.2/spool.arrow", kept.path, fresh.path])
