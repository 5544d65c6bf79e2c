"""A press on PostgreSQL: every part a process, a report of real flights from the client to its files."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from python_calamine import CalamineWorkbook

from tests.postgres import OWNER_PASSWORD
from tests.services import ROOT, Shop, free_port, open_shop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres import JobDatabases

HEAVY_ROWS, FAST_ROWS = 4_000, 50


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real flights, airlines and airports as CSV."""
    folder = tmp_path_factory.mktemp("flights")
    subprocess.run([sys.executable, str(ROOT / "examples/flights/data.py"), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, job_databases: JobDatabases) -> Iterator[Shop]:
    """The parts as containers start them, once the database is migrated."""
    folder = tmp_path_factory.mktemp("press")
    with (
        job_databases.copy_of("migrated") as url,
        open_shop(folder, database_url=url, port=free_port(), threads=2, fast_cells=70_000) as opened,
    ):
        api = opened.start("api")
        opened.start_reaper()
        for queue in ("heavy", "fast"):
            opened.start_worker(queue, real=True)
        wait_for(lambda: api.says("running on"), "the API listens")
        yield opened


@pytest.mark.parametrize(("rows", "queue"), [(HEAVY_ROWS, "heavy"), (FAST_ROWS, "fast")])
def test_flights_go_from_the_client_to_their_files(
    shop: Shop, flights: Path, tmp_path: Path, rows: int, queue: str
) -> None:
    lines = (flights / "flights.csv").read_text().splitlines(keepends=True)
    (tmp_path / "flights.csv").write_text("".join(lines[: rows + 1]))
    files = [tmp_path / "flights.csv", flights / "airlines.csv", flights / "airports.csv"]
    data = [option for file in files for option in ("--data", str(file))]
    url = f"http://127.0.0.1:{shop.settings.port}"
    command = ["submit", "flights", *data, "--wait", "--out", str(tmp_path / "out"), "--url", url]
    subprocess.run([sys.executable, "-c", "from pressroom.cli import main; main()", *command], check=True)
    job = shop.store.jobs(limit=1)[0][0]
    assert (job.queue, job.state, job.completeness["rows_read"]) == (queue, "succeeded", rows)
    assert (tmp_path / "out" / "flights.pdf").read_bytes().startswith(b"%PDF-")
    sheet = CalamineWorkbook.from_path(str(tmp_path / "out" / "flights.xlsx")).get_sheet_by_name("Flights")
    assert len(sheet.to_python()) > rows


def test_every_part_is_named_in_the_servers_sessions(shop: Shop, job_databases: JobDatabases) -> None:
    assert httpx.get(f"http://127.0.0.1:{shop.settings.port}/readyz").status_code == 200
    wanted = {"pressroom api", "pressroom reaper", "pressroom worker"}

    def named() -> bool:
        names = job_databases.server.sql("SELECT application_name FROM pg_stat_activity", database="postgres")
        return wanted <= set(names.splitlines())

    wait_for(named, "all sessions")


def test_each_line_of_a_build_names_its_job(shop: Shop) -> None:
    jobs = {job.id for job in shop.store.jobs()[0]}
    lines = [line for process in shop.processes for line in process.lines()]
    of_jobs = [line for line in lines if line["logger"].startswith(("worker.run", "pressroom", "weasy"))]
    assert {line["job"] for line in of_jobs} == jobs
    assert all(line["attempt"] == 1 for line in of_jobs)


def test_the_password_is_in_no_log(shop: Shop) -> None:
    logs = "".join(process.log.read_text() for process in shop.processes)
    assert logs
    assert OWNER_PASSWORD not in logs
    assert "owner%27s" not in logs
