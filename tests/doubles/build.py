"""A build that takes its orders from the job's parameters and prints small, valid files.

`act` is one of `print`, `wait` (until the file `gate` exists, or a cancel), `stubborn` (the same, deaf to
cancels), `die`, `die_once`, `die_before_success`, `boom`, `full`, `hog` (takes memory without end), `short`.
A PDF has `mebibytes`.
"""

import io
import logging
import os
import signal
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rust_core
from pressroom.errors import JobCancelled, StorageFull
from pressroom.jobs import Phase
from pressroom.watcher import Unwatched, Watcher

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class BuiltFile:
    """As `pressroom.build.BuiltFile`, whose import takes a worker's child seconds."""

    name: str
    path: Path
    media_type: str
    rows: int
    bytes: int
    seconds: float
    pages: int | None
    sheets: int | None
    cells: int | None


@dataclass(frozen=True)
class Built:
    """As `pressroom.build.Built`."""

    rows: int
    files: tuple[BuiltFile, ...]
    completeness: Mapping[str, Any]
    warnings: tuple[str, ...]
    phases: dict[str, float]


def build(
    report: Any,
    datasets: Sequence[Any],
    parameters: Mapping[str, Any],
    outputs: Sequence[str],
    folder: Path,
    *,
    control: rust_core.JobControl,
    memory_limit_bytes: int,
    weasyprint_rows: int,
    databases: Any = None,
    cache: Any = None,
    watcher: Watcher | None = None,
) -> Built:
    """`pressroom.build.build`, on a leash."""
    act = parameters.get("act") or "print"
    logging.getLogger("tests.doubles").info("building")
    _note(folder)
    watcher = watcher or Unwatched()
    watcher.enter(Phase.READING)
    rows = sum(dataset.path.read_bytes().count(b"\n") for dataset in datasets)
    match act:
        case "wait" | "stubborn":
            _wait(Path(str(parameters["gate"])), control if act == "wait" else None)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "die_once" if folder.name.endswith(".1"):
            os.kill(os.getpid(), signal.SIGKILL)
        case "boom":
            raise ValueError("a secret path: /etc/shadow")
        case "hog":
            hoard = []
            while True:
                hoard.append(b"x" * 2**24)
        case "full":
            raise StorageFull("no space left on the device: spool.arrow")
    watcher.enter(Phase.WRITING)
    padding = int(parameters.get("mebibytes") or 0) << 20
    files = [_print(folder, report.name, output, rows, padding) for output in outputs]
    completeness: Mapping[str, Any] = {
        "rows_read": rows,
        "rows_written": {file.name: file.rows for file in files},
        "control_totals": {},
    }
    if act == "die_before_success" and folder.name.endswith(".1"):
        completeness = _Trap(completeness)
    return Built(
        rows + (act == "short"),
        tuple(files),
        completeness,
        warnings=(),
        phases={},
    )


class _Trap(Mapping[str, Any]):
    """Kills the process that copies it: after the files are published, before the row says so."""

    def __init__(self, inner: Mapping[str, Any]) -> None:
        self._inner = inner

    def __getitem__(self, key: str) -> Any:
        return self._inner[key]

    def __len__(self) -> int:
        return len(self._inner)

    def __iter__(self) -> Iterator[str]:
        os.kill(os.getpid(), signal.SIGKILL)
        return iter(self._inner)


def runs_of(data_dir: Path) -> list[str]:
    """`job.attempt` of every run there was, in order."""
    log = data_dir / "runs.log"
    return log.read_text().split() if log.exists() else []


def _note(folder: Path) -> None:
    handle = os.open(folder.parent.parent / "runs.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(handle, f"{folder.name}\n".encode())
    finally:
        os.close(handle)


def _wait(gate: Path, control: rust_core.JobControl | None) -> None:
    while not gate.exists():
        if control is not None and control.cancelled:
            raise JobCancelled("stopped")
        time.sleep(0.01)


def _print(folder: Path, name: str, output: str, rows: int, padding: int) -> BuiltFile:
    path = folder / f"{name}.{output}"
    path.write_bytes(tiny_pdf(padding) if output == "pdf" else tiny_xlsx())
    return BuiltFile(
        name=path.name,
        path=path,
        media_type=MEDIA_TYPES[output],
        rows=rows,
        bytes=path.stat().st_size,
        seconds=0.0,
        pages=1 if output == "pdf" else None,
        sheets=None if output == "pdf" else 1,
        cells=None if output == "pdf" else rows,
    )


def tiny_pdf(padding: int = 0) -> bytes:
    """A PDF of one empty page, with a comment of so many bytes."""
    bodies = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
    )
    out, offsets = io.BytesIO(b"%PDF-1.4\n%" + bytes(range(65, 81)) * (padding // 16) + b"\n"), []
    out.seek(0, io.SEEK_END)
    for number, body in enumerate(bodies, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % o for o in offsets))
    out.write(b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def tiny_xlsx() -> bytes:
    """A package with the parts that every workbook has."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()
