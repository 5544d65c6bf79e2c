"""`make demo`: the flights report through the whole press, as a user would send it, in one go."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from pressroom.cli.screen import size
from pressroom.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
OUT = ROOT / "out"
PRESSROOM = str(Path(sys.executable).with_name("pressroom"))
TABLES = ("flights", "airlines", "airports")
START_SECONDS = 60
STOP_SECONDS = 30


def main() -> int:
    """Run the demo; 0 when both files are in out/."""
    console = Console(highlight=False)
    began = time.monotonic()
    data = OUT / "data"
    subprocess.run([sys.executable, str(ROOT / "examples" / "flights" / "data.py"), str(data)], check=True)
    with press(console) as url:
        files = [argument for name in TABLES for argument in ("--data", str(data / f"{name}.csv"))]
        command = ["submit", "flights", *files, "--label", "demo", "--out", str(OUT), "--url", url]
        shown = " ".join(part.replace(f"{ROOT}/", "") for part in command)
        console.print(f"[bold]$ pressroom {shown}[/bold]")
        subprocess.run([PRESSROOM, *command], check=True)
        with Client(url) as client:
            job = client.job(client.jobs(label="demo", limit=1)["jobs"][0]["id"])
        show(console, job)
    console.print(f"stopped cleanly after {time.monotonic() - began:.1f} s in all")
    return 0


@contextlib.contextmanager
def press(console: Console) -> Iterator[str]:
    """`pressroom up` on free ports with its data in out/press; yields the API's address."""
    command = [PRESSROOM, "up", "--data-dir", str(OUT / "press")]
    command += ["--port", str(free(8000)), "--flower-port", str(free(5555))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield address(process, console)
            process.send_signal(signal.SIGINT)
            if status := process.wait(STOP_SECONDS):
                raise SystemExit(f"error: pressroom up ended with {status}")
        finally:
            if process.poll() is None:
                process.terminate()


def address(process: subprocess.Popen[str], console: Console) -> str:
    """The API's address, from what `up` prints; its lines are shown as they come."""
    url = None
    for line in process.stdout or ():
        console.print(line.rstrip())
        if found := re.match(r"API\s+(http://[^/\s]+)", line):
            url = found[1]
        if line.startswith("Ctrl-C"):
            break
    if url is None:
        raise SystemExit("error: pressroom up did not start; see out/press/logs")
    return url


def free(port: int) -> int:
    """`port` when nothing listens there, else 0: any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def show(console: Console, job: dict[str, object]) -> None:
    """The job's figures as a table."""
    table = Table("file", "rows", "pages / sheets", "size", box=None, pad_edge=False, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    for file in job["files"]:  # type: ignore[attr-defined]
        extent = f"{file['pages']:,} pages" if file["pages"] else f"{file['sheets']} sheet(s)"
        table.add_row(f"out/{file['name']}", f"{file['rows']:,}", extent, size(file["bytes"]))
    console.print(table)
    started, finished = (dt.datetime.fromisoformat(str(job[key])) for key in ("started", "finished"))
    console.print(f"built in {(finished - started).total_seconds():.1f} s")


if __name__ == "__main__":
    sys.exit(main())
