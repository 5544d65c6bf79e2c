"""Report folders: opened by name or path, and a digest that changes with any of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pressroom.errors import DefinitionError, UnknownReport
from pressroom.reports import installed_names, installed_report, open_report

if TYPE_CHECKING:
    from pathlib import Path

YAML = "name: {name}\ntitle: T\ndata: {{sql: SELECT 1 AS a}}\ncolumns: [{{field: a}}]\n"


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    for root, name in (("mine", "sales"), ("theirs", "sales"), ("theirs", "stock")):
        folder = tmp_path / root / name
        folder.mkdir(parents=True)
        (folder / "report.yaml").write_text(YAML.format(name=name))
    return [tmp_path / "mine", tmp_path / "theirs"]


def test_the_first_folder_that_has_a_name_wins(folders: list[Path]) -> None:
    assert installed_names(folders) == ["sales", "stock"]
    assert installed_report("sales", folders).folder == folders[0] / "sales"


@pytest.mark.parametrize("name", ["../theirs/stock", "/etc", "sales/", "", ".", "nothing"])
def test_a_client_can_only_name_installed_reports_never_a_path(folders: list[Path], name: str) -> None:
    with pytest.raises(UnknownReport) as caught:
        installed_report(name, folders)
    assert caught.value.hint == "installed: sales, stock"


def test_a_broken_report_is_named_by_its_path_only_to_who_is_on_the_machine(folders: list[Path]) -> None:
    path = folders[0] / "sales" / "report.yaml"
    path.write_text("name: [\n")
    with pytest.raises(DefinitionError, match=f"^{path}:2: not YAML"):
        open_report("sales", folders)
    with pytest.raises(DefinitionError, match=r"^sales/report\.yaml:2: not YAML"):
        installed_report("sales", folders)


def test_a_folder_is_opened_by_its_path(folders: list[Path]) -> None:
    assert open_report(str(folders[1] / "stock"), []).name == "stock"


def test_the_digest_changes_with_any_file_and_any_name(folders: list[Path]) -> None:
    folder = folders[0] / "sales"
    digests = {open_report(str(folder), []).digest}
    (folder / "report.html").write_text("<p>")
    digests.add(open_report(str(folder), []).digest)
    (folder / "report.html").rename(folder / "other.html")
    digests.add(open_report(str(folder), []).digest)
    assert len(digests) == 3
    assert open_report(str(folder), []).digest in digests
