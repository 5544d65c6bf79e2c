"""A folder as storage: what only a folder can do wrong."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from pressroom.errors import NotFound, StorageRefused
from pressroom.files import nothing
from pressroom.storage import FolderStorage, Label

if TYPE_CHECKING:
    from pathlib import Path

BODY = b"1,2\n"
LABEL = Label("text/csv", "a.csv")


def put(folder: FolderStorage, made: Path) -> None:
    made.write_bytes(BODY)
    folder.put(made, "datasets/a", LABEL, hashlib.sha256(BODY).hexdigest(), nothing)


def test_across_file_systems_a_file_is_copied_beside_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, rename = tmp_path / "made", type(tmp_path).rename

    def elsewhere(self: Path, target: Path) -> Path:
        if self == made:
            raise OSError(18, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(type(made), "rename", elsewhere)
    folder = FolderStorage(tmp_path / "data")
    put(folder, made)
    assert b"".join(folder.read("datasets/a", range(len(BODY)))) == BODY
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a"]


def test_a_key_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = FolderStorage(tmp_path / "data")
    for key in ("files/../../etc/passwd", "/etc/passwd"):
        with pytest.raises(NotFound):
            folder.size(key)


def test_an_empty_folder_of_a_job_is_an_entry_that_can_be_removed(tmp_path: Path) -> None:
    folder = FolderStorage(tmp_path)
    (tmp_path / "files" / "job").mkdir(parents=True)
    assert [entry.key for entry in folder.entries("files")] == ["files/job"]
    folder.remove("files/job")
    assert list(folder.entries("files")) == []


def test_a_folder_that_was_empty_when_it_was_listed_keeps_what_has_come_since(tmp_path: Path) -> None:
    folder = FolderStorage(tmp_path)
    (tmp_path / "files" / "job").mkdir(parents=True)
    (empty,) = folder.entries("files")
    published = tmp_path / "files" / "job" / "2" / "a.csv"
    published.parent.mkdir()
    published.write_bytes(BODY)
    folder.remove(empty.key)
    assert published.read_bytes() == BODY


def test_a_data_folder_that_is_a_file_is_said_by_its_setting(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"")
    with pytest.raises(StorageRefused) as raised:
        FolderStorage(tmp_path / "data").check()
    assert "PRESSROOM_DATA_DIR" in str(raised.value.hint)
