"""Reading answers back: python -m bench.crunch.readback rows.parquet answers.json.

They are compared with those of DuckDB over the Parquet file, which are kept beside it.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

import duckdb

from bench.crunch.answers import Answers
from bench.crunch.forms import PARQUET
from bench.crunch.with_duckdb import QUERIES, Engine


def difference(parquet: str, answers: str) -> str | None:
    """Where the answers are not those of the dataset, or None."""
    return _right(Path(parquet)).difference(Answers.load(Path(answers)))


def _right(parquet: Path) -> Answers:
    asked = hashlib.sha256("".join((duckdb.__version__, *QUERIES.values())).encode()).hexdigest()
    kept = parquet.with_suffix(f".{asked[:8]}.answers.json")
    if not kept.is_file():
        with tempfile.TemporaryDirectory(dir=parquet.parent) as folder:
            engine = Engine(1, Path(folder))
            engine.open(PARQUET, parquet)
            temporary = kept.with_suffix(".tmp")
            engine.written(engine.answer(PARQUET)).save(temporary)
            temporary.replace(kept)
    return Answers.load(kept)


if __name__ == "__main__":
    sys.exit(difference(sys.argv[1], sys.argv[2]))
