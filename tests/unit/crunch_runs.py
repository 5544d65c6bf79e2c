"""Running the crunch over rows in batches of any size, and comparing all that it answers with the oracle."""

from __future__ import annotations

import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from arro3.core import RecordBatch, RecordBatchReader

import rust_core
from tests.oracles.crunch import OPEN, Answer
from tests.oracles.totals import Near

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arro3.core import Array


SPOOL = "spool.arrow"


def cut(columns: dict[str, Array], rows: int, cuts: Sequence[int]) -> list[RecordBatch]:
    """The rows in batches that end at each of `cuts`, slices of one; two equal cuts give an empty batch."""
    whole = RecordBatch.from_pydict(columns)
    ends = sorted(min(end, rows) for end in cuts)
    return [whole.slice(start, end - start) for start, end in zip([0, *ends], [*ends, rows], strict=True)]


def stream(batches: Sequence[RecordBatch]) -> RecordBatchReader:
    return RecordBatchReader.from_batches(batches[0].schema, batches)


def crunch(
    rows: Any,
    plan: dict[str, Any],
    folder: Path,
    threads: int = 1,
    control: rust_core.JobControl | None = None,
) -> rust_core.Crunched:
    control = control or rust_core.JobControl(threads)
    return rust_core.crunch(rows, json.dumps(plan), str(folder / SPOOL), control)


def answered(batches: Sequence[RecordBatch], plan: dict[str, Any], threads: Sequence[int]) -> Answer:
    """What the core answers, after a look that it is the same, bit for bit, for any number of threads."""
    seen = set()
    for number in threads:
        with TemporaryDirectory() as folder:
            crunched = crunch(stream(batches), plan, Path(folder), number)
            spool = Path(folder, SPOOL)
            groups = [crunched.groups(level, crunched.rows) for level in range(len(plan["groups"]))]
            columns: dict[str, list[Any]] = {column["name"]: [] for column in plan["columns"]}
            for batch in RecordBatchReader.from_stream(rust_core.read_ipc(str(spool))):
                for name, values in columns.items():
                    values += batch[name].to_pylist()
            seen.add((repr((crunched.summary(), groups, crunched.control)), spool.read_bytes()))
    assert len(seen) == 1
    return Answer(crunched.summary(), groups, crunched.control, columns)


def assert_alike(ours: Any, theirs: Any, *place: str | int) -> None:
    """Equal in type and value, floats bit for bit unless the oracle tells how near they must be."""
    if theirs is OPEN:
        return
    if isinstance(theirs, Answer):
        ours, theirs = ours._asdict(), theirs._asdict()
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys(), place
        for name, value in theirs.items():
            assert_alike(ours[name], value, *place, name)
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs), place
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            assert_alike(one, other, *place, number)
    else:
        assert same(ours, theirs), (place, ours, theirs)


def same(ours: Any, theirs: Any) -> bool:
    if not isinstance(theirs, Near):
        # Decimal("1.0") is not Decimal("1.00"), and -0.0 not 0.0.
        return type(ours) is type(theirs) and repr(ours) == repr(theirs)
    if math.isinf(theirs.within):
        return ours is None or isinstance(ours, float)
    if not isinstance(ours, float):
        return False
    if math.isfinite(theirs.value):
        return abs(ours - theirs.value) <= theirs.within
    return repr(ours) == repr(theirs.value)
