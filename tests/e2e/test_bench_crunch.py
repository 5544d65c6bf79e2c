"""bench/crunch: a tiny run from data to page, and answers that differ are told."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.contender import Contender
from bench.crunch.answers import FIGURES, Answers
from bench.crunch.readback import difference
from bench.dataset import made_dataset
from tests.e2e.test_bench import bench

if TYPE_CHECKING:
    from pathlib import Path

RIGHT = Answers(
    report=[float(number) for number in range(len(FIGURES))],
    cities={"Oslo": [1.0, 2.5], "Wien": [3.0, 4.0]},
    accounts={"Oslo | 1000": [1.0]},
    kinds={"Oslo | Fee": [1.0], "Oslo | ": [1.0]},
    largest=[3, 1, 2],
    days={"2016-01-01": [1.0]},
    columns={"city": [2, "Oslo", "Wien", 4]},
    running=[2, 3.5],
)


def test_a_quick_run_compares_ours_with_duckdb(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = bench("crunch", "--quick", "--peers", "duckdb", "--out", out, cache=tmp_path)
    assert ended.returncode == 0, ended.stderr
    found = {
        (each["contender"], each["rows"]): each["runs"]
        for each in json.loads((out / "results.json").read_text())["found"]
    }
    for engine in ("pressroom", "duckdb"):
        forms = [f"{engine}-arrow-1", f"{engine}-arrow-2", f"{engine}-csv-2"]
        assert {name for name, _ in found if name.startswith(engine)} == {*forms, f"{engine}-parquet-2"}
        for name in forms:
            for rows in (2_000, 20_000):
                ((run),) = found[name, rows]
                assert 0 < run["seconds"] < 100
                assert run["peak_bytes"] > 50_000_000
    assert "| **Pressroom** | 20,000 |" in ended.stdout
    page = (out / "benchmarks.md").read_text(encoding="utf-8")
    assert ended.stdout.strip() in page
    assert "groups' totals only" in page


def test_answers_of_other_rows_are_told(tmp_path: Path) -> None:
    data = made_dataset(50, tmp_path).path
    assert difference(str(data), str(_saved(RIGHT, tmp_path))) is not None
    (kept,) = data.parent.glob("*.answers.json")
    answers = Answers.load(kept)
    assert answers.running[0] == 50
    assert answers.columns["entry"] == [50, 1.0, 50.0, None]
    assert difference(str(data), str(_saved(answers, tmp_path))) is None


def test_what_a_contender_tells_counts_instead_of_its_whole_process(tmp_path: Path) -> None:
    def command(_data: Path, folder: Path) -> list[str]:
        return [sys.executable, "-c", f"open({str(folder / 'file')!r}, 'w').write('12')"]

    told = {"seconds": 12.5, "peak_bytes": 7}
    run = Contender("one", "One", "file", command, told=lambda _folder: told).run(
        tmp_path, tmp_path, limit_seconds=30
    )
    assert (run.seconds, run.peak_bytes, run.file_bytes) == (12.5, 7, 2)
    assert 0 < run.cpu_seconds < 12.5


def test_what_differs_is_named() -> None:
    assert RIGHT.difference(RIGHT) is None
    assert RIGHT.difference(replace(RIGHT, running=[2, 3.5 + 1e-12])) is None
    wrong = replace(RIGHT, cities={"Oslo": [1.0, 2.6], "Wien": [3.0, 4.0]})
    assert RIGHT.difference(wrong) == "cities, 'Oslo' [1] is 2.6, not 2.5"
    assert RIGHT.difference(replace(RIGHT, days={})) == "days, '2016-01-01' is None, not [1.0]"
    assert RIGHT.difference(replace(RIGHT, largest=[3, 2, 1])) == "largest [1] is 2, not 1"
    assert RIGHT.difference(replace(RIGHT, columns={"city": [2, "Oslo", "Wien", 5]})) is not None


def _saved(answers: Answers, folder: Path) -> Path:
    path = folder / "answers.json"
    answers.save(path)
    return path
