"""The kernels of bench/techniques: pure Python checked by hand, the others against it in own processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.services import ROOT

pytest.importorskip("numpy", reason="`make bench` installs it")
pa = pytest.importorskip("pyarrow")

from bench.machine import installed  # noqa: E402
from bench.techniques.build import BUILDERS, function  # noqa: E402
from bench.techniques.contenders import contender, lines  # noqa: E402
from bench.techniques.dataset import HALF, MAKERS, halves, made, rows_of  # noqa: E402
from bench.techniques.kernel import KERNELS  # noqa: E402
from bench.techniques.oracle import arrow, difference, right  # noqa: E402
from bench.techniques.technique import ALONE, TECHNIQUES  # noqa: E402

ROWS = 2_000
OTHERS = [name for name in TECHNIQUES if name != "python"]


def integers(**columns: list[int]) -> Any:
    of_keys = {"region", "branch", "agent"}
    types = {name: pa.int32() if name in of_keys else pa.int64() for name in columns}
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})


def computed(kernel: str, table: Any) -> dict[str, list[Any]]:
    return {name: arrow(column).to_pylist() for name, column in function("python", kernel)(table, 1).items()}


def test_commission_rises_with_what_the_agent_has_sold_and_bands_are_in_the_order_of_print() -> None:
    table = integers(
        region=[1, 1, 1, 2],
        branch=[1, 1, 2, 2],
        agent=[7, 7, 7, 7],
        amount=[900_000, 200_000, 6_000_000, -25],
    )
    # 2 % of 9,000; 2 % of 1,000 and 3.5 % of 1,000; 2 % of 10,000, 3.5 % of 40,000, 5 % of 10,000; nothing.
    assert computed("banded", table) == {
        "commission": [18_000, 5_500, 210_000, 0],
        "level": [3, 2, 3, 2, 1, 3, 2, 1, 0],
        "end": [2, 2, 3, 3, 3, 4, 4, 4, 4],
        "amount": [1_100_000, 1_100_000, 6_000_000, 6_000_000, 7_100_000, -25, -25, -25, 7_099_975],
        "total": [23_500, 23_500, 210_000, 210_000, 233_500, 0, 0, 0, 233_500],
    }


def test_each_row_of_commission_is_rounded_to_the_cent_also_where_it_is_taken_back() -> None:
    table = integers(region=[1] * 4, branch=[1] * 4, agent=[1] * 4, amount=[75, 74, -25, -26])
    # 1.5 and 1.48 cents, then -0.5 and -0.52.
    assert computed("banded", table)["commission"] == [2, 1, 0, -1]


def test_a_sale_takes_the_oldest_lots_of_its_account() -> None:
    table = integers(
        account=[5, 9, 5, 5, 9, 5],
        quantity=[10, 3, 10, -15, -3, -2],
        price=[100, 1, 200, 300, 2, 100],
    )
    assert computed("fifo_lots", table) == {
        "gain": [0, 0, 0, 10 * 200 + 5 * 100, 3, 2 * -100],
        "left": [0, 0, 3, 0, 0, 0],
    }


def test_a_node_adds_up_all_that_is_below_it() -> None:
    table = integers(id=[4, 2, 1, 3, 9], parent=[2, 1, 0, 1, 0], amount=[1_000, 100, 10, 1, -5])
    assert computed("roll_up", table) == {"total": [1_000, 1_100, 1_111, 1, -5]}


def test_account_numbers_are_tidied_checked_grouped_and_masked() -> None:
    texts = [
        "DE89 3704 0044 0532 0130 00",
        "gb29nwbk60161331926819",
        "DE88 3704 0044 0532 0130 00",
        "NO93 8601 1117 947",
        "NO93 8601 1117 9-7",
        "ſE89370400440532013000",
        "",
    ]
    assert computed("account_numbers", pa.table({"text": texts})) == {
        "formatted": [
            "DE89 3704 0044 0532 0130 00",
            "GB29 NWBK 6016 1331 9268 19",
            None,
            "NO93 8601 1117 947",
            None,
            None,
            None,
        ],
        "masked": ["*" * 18 + "3000", "*" * 18 + "6819", None, "*" * 11 + "7947", None, None, None],
        "invalid": [4],
    }


@pytest.mark.parametrize("kernel", MAKERS)
def test_rows_are_the_same_each_time_and_their_halves_are_all_of_them(kernel: str) -> None:
    table = rows_of(kernel, ROWS)
    assert table.equals(rows_of(kernel, ROWS))
    first, second = halves(table)
    assert first.num_rows + second.num_rows == ROWS
    assert min(first.num_rows, second.num_rows) > ROWS // 4
    # What a half computes of its own must be what the whole has there.
    for half, part in enumerate((first, second)):
        whole = arrow(next(iter(function("python", kernel)(table, 1).values())))
        of_half = arrow(next(iter(function("python", kernel)(part, 1).values())))
        assert of_half.equals(whole.filter(pa.compute.equal(table[HALF], half).combine_chunks()))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("technique", OTHERS)
def test_every_technique_computes_what_pure_python_does(technique: str, kernel: str, tmp_path: Path) -> None:
    missing = [package for package in TECHNIQUES[technique].packages if not installed(package)]
    if missing:
        pytest.skip(f"`make bench` installs {', '.join(missing)}")
    data, expected = made(kernel, ROWS), right(kernel, ROWS)
    for way in (ALONE, *TECHNIQUES[technique].ways):
        # It ends with an error where a result differs.
        run = contender(technique, kernel, way, expected, 0.0).run(data, tmp_path, limit_seconds=250)
        assert run.phases["call"] > 0
        assert ("build" in run.phases) == (technique in BUILDERS)


REFUSED = """
import json, sys
import pyarrow as pa
from bench.techniques.build import function
kernel, technique, faults = sys.argv[1:]
for columns in json.loads(faults):
    table = pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()})
    for threads in (1, 2):
        try:
            function(technique, kernel)(table, threads)
        except ValueError:
            continue
        sys.exit(f"computed with {threads} threads: {columns}")
"""
FAULTS = {
    "roll_up": [
        {"id": [1, 2, 3], "parent": [0, 3, 2], "amount": [1, 1, 1]},
        {"id": [1, 2, 3], "parent": [0, 9, 1], "amount": [1, 1, 1]},
        {"id": [4], "parent": [4], "amount": [1]},
    ],
    "fifo_lots": [
        {"account": [5, 5, 7], "quantity": [10, -4, -1], "price": [1, 1, 1]},
        {"account": [5, 7, 5], "quantity": [10, 9, -11], "price": [1, 1, 1]},
    ],
}


@pytest.mark.parametrize("kernel", FAULTS)
@pytest.mark.parametrize("technique", TECHNIQUES)
def test_every_technique_refuses_cycles_missing_parents_and_sales_of_what_is_not_held(
    technique: str, kernel: str
) -> None:
    missing = [package for package in TECHNIQUES[technique].packages if not installed(package)]
    if missing:
        pytest.skip(f"`make bench` installs {', '.join(missing)}")
    ended = subprocess.run(
        [sys.executable, "-c", REFUSED, kernel, technique, json.dumps(FAULTS[kernel])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_a_wrong_result_is_told_with_the_value_that_differs() -> None:
    expected = {"total": pa.array([1, 2, 3])}
    assert difference({"total": pa.array([1, 2, 3])}, expected) is None
    assert (
        difference({"total": pa.array([1, 9, 3])}, expected)
        == "total, int64 instead of int64: value 1 is 9, not 2"
    )
    assert str(difference({"total": pa.array([1, 2])}, expected)).endswith("length differs")
    assert str(difference({"sum": pa.array([1, 2, 3])}, expected)).startswith("has the columns ['sum']")


def test_lines_of_code_are_those_that_say_something(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    paths = {"python": tmp_path / "a.py", "rust": tmp_path / "a.rs"}
    paths["python"].write_text(
        '"""Doc\nstring."""\n\n# why\nX = (\n    1,\n)\ndef f():\n    """Doc."""\n    return "text"\n'
    )
    paths["rust"].write_text("//! Doc.\n\n/// Doc.\nfn f() {\n    // why\n    1\n}\n")
    monkeypatch.setattr("bench.techniques.contenders.source", lambda technique, _kernel: paths[technique])
    assert lines("python", "a") == 5
    assert lines("rust", "a") == 3
