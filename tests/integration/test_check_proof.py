"""`pressroom check` with data: the plate is proved, and its verdict can be looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pressroom.cli.app import BAD_USE, DONE, FAILED, main
from pressroom.plates.page import PageDesign

if TYPE_CHECKING:
    from pressroom.plates.cache import StoredPlate

DEFINITION = """
name: sales
title: Sales
data: {sql: SELECT * FROM dataset}
columns:
  - {field: city}
  - {field: amount, format: "#,##0.00;[Red]-#,##0.00", total: sum}
groups: [{field: land, bookmark: true}]
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    folder = tmp_path / "sales"
    folder.mkdir()
    (folder / "report.yaml").write_text(DEFINITION)
    rows = (f"{'NSW'[i // 700]},city {i},{i % 90 - 30}.5" for i in range(2_050))
    (tmp_path / "sales.csv").write_text("land,city,amount\n" + "\n".join(rows))
    return folder


def check(report: Path, *more: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(("check", str(report), "--data", str(report.parent / "sales.csv"), *more))
    assert isinstance(left.value.code, int)
    return left.value.code


def test_the_verdict_is_told_and_both_drawings_are_left(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = tmp_path / "new" / "proof"
    assert check(report, "--proof", str(proof)) == DONE
    said = capsys.readouterr().out
    assert "PDF: proof: 120 rows on" in said
    assert "0 in only one of them" in said
    names = {path.name for path in proof.iterdir()}
    assert {"weasyprint.pdf", "plate.pdf", "page-1.png", "page-2.png"} <= names


def test_a_plate_that_draws_otherwise_fails(
    report: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = PageDesign.stored_plate

    def damaged(self: PageDesign) -> StoredPlate:
        stored = whole(self)
        layout = json.loads(stored.layout)
        layout["bands"]["details"][0]["cells"][0]["baseline"] += 2
        object.__setattr__(stored, "layout", json.dumps(layout))
        return stored

    monkeypatch.setattr(PageDesign, "stored_plate", damaged)
    assert check(report) == FAILED
    said = capsys.readouterr()
    assert "column City" in said.out
    assert "pt too low" in said.out
    assert "would not draw what WeasyPrint draws" in said.err
    assert "--proof DIR" in said.err


def test_css_that_can_not_be_replayed_is_met_as_a_job_would(
    report: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (report / "report.html").write_text("<style>.detail { opacity: .5 }</style>{{ table() }}")
    assert check(report) == BAD_USE
    assert "opacity of <tr.detail.odd>" in capsys.readouterr().err
    monkeypatch.setenv("PRESSROOM_WEASYPRINT_ROWS", "3000")
    assert check(report) == DONE
    assert "printed by WeasyPrint alone" in capsys.readouterr().out
    (report / "report.yaml").write_text(DEFINITION + "pdf: {approximate: true}\n")
    assert check(report) == DONE
    assert "PDF: warning: opacity of" in capsys.readouterr().out


def test_a_proof_needs_rows(report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(("check", str(report), "--proof", str(tmp_path)))
    assert left.value.code == BAD_USE
    assert "--data FILE" in capsys.readouterr().err
