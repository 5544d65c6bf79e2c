"""A real PostgreSQL for tests: a cluster of its own, on a Unix socket, run by a user that is not root."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

MISSING = "PostgreSQL is not installed here: scripts/system-libraries test brings it"


class Postgres:
    """A running server; `sql` works as its superuser."""

    def __init__(self, folder: Path, programs: Path, user: str | None) -> None:
        self._folder = folder
        self._programs = programs
        self._user = user

    def url(self, role: str = "reader", password: str = "correct horse", database: str = "books") -> str:
        """How Pressroom gets in."""
        return f"postgresql://{role}:{quote(password)}@/{database}?host={quote(str(self._folder))}"

    def sql(self, *statements: str, database: str = "books") -> str:
        """What psql prints."""
        commands = [option for statement in statements for option in ("-c", statement)]
        where = ["-h", str(self._folder), "-U", "owner", "-d", database]
        return self._run("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", *where, *commands)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-c listen_addresses= -c unix_socket_directories={self._folder} -c fsync=off"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """Stop the server at once: whoever is connected is thrown out."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-m", "fast", "stop")

    def make(self) -> None:
        """A cluster whose users need their passwords, with a database and a role that reads it."""
        secret = self._folder / "secret"
        secret.write_text("owner's")
        (self._folder / "pass").write_text("*:*:*:owner:owner's")
        (self._folder / "pass").chmod(0o600)
        if self._user is not None:
            for path in (self._folder, secret, self._folder / "pass"):
                shutil.chown(path, self._user)
        data = str(self._folder / "data")
        access = ["-A", "scram-sha-256", f"--pwfile={secret}", "-U", "owner"]
        self._run("initdb", "-D", data, "-E", "UTF8", "--locale=C", "--no-sync", *access)
        self.start()
        self.sql("CREATE DATABASE books", database="postgres")
        self.sql("CREATE ROLE reader LOGIN PASSWORD 'correct horse'", "GRANT pg_read_all_data TO reader")

    def _run(self, program: str, *arguments: str) -> str:
        # pg_ctl's server would keep a pipe open: its output goes to a file.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(self._programs / program), *arguments],
                user=self._user,
                cwd=self._folder,
                env={"PATH": os.environ["PATH"], "PGPASSFILE": str(self._folder / "pass"), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            output.seek(0)
            said = output.read().decode(errors="replace")
        assert done.returncode == 0, f"{program}: {said}"
        return said


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server for a module of tests; skips them where PostgreSQL is not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = programs[-1] if programs else shutil.which("initdb")
    if found is None:
        pytest.skip(MISSING)
    # PostgreSQL refuses to be root, and a test's own folder is nobody else's.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pressroom-postgres-"))
    try:
        server = Postgres(folder, Path(found).parent, user)
        server.make()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
