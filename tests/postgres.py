"""A real PostgreSQL for tests: a cluster of its own, on a Unix socket, run by a user that is not root."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER_PASSWORD = "owner's pass%word"
MISSING = "PostgreSQL is not installed here: scripts/system-libraries test brings it"


class Postgres:
    """A running server; `sql` works as its superuser."""

    def __init__(self, folder: Path, programs: Path, user: str | None) -> None:
        self.folder = folder
        self._programs = programs
        self._user = user

    def url(self, role: str = "reader", password: str = "correct horse", database: str = "books") -> str:
        """How Pressroom gets in."""
        return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={quote(str(self.folder))}"

    def sql(self, *statements: str, database: str = "books") -> str:
        """What psql prints."""
        commands = [option for statement in statements for option in ("-c", statement)]
        where = ["-h", str(self.folder), "-U", "owner", "-d", database]
        return self._run("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", *where, *commands)

    def add_tablespace(self, folder: Path) -> str:
        """A place for databases in `folder`; its name."""
        if self._user is not None:
            shutil.chown(folder, self._user)
        name = f"on_{folder.name}"
        self.sql(f"CREATE TABLESPACE {name} LOCATION '{folder}'", database="postgres")
        return name

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", log, "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server at once: whoever is connected is thrown out; `immediate` is a crash."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", mode, "stop")

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The server and all its sessions stopped as they are (SIGSTOP): only the kernel answers."""
        server = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        sessions = Path(f"/proc/{server}/task/{server}/children")
        stopped = [server]
        os.kill(server, signal.SIGSTOP)
        stopped += [int(pid) for pid in sessions.read_text().split()]
        for pid in stopped[1:]:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def make(self) -> None:
        """A cluster whose users need their passwords, with a database and a role that reads it."""
        secret = self.folder / "secret"
        secret.write_text(OWNER_PASSWORD)
        (self.folder / "pass").write_text(f"*:*:*:owner:{OWNER_PASSWORD}")
        (self.folder / "pass").chmod(0o600)
        if self._user is not None:
            for path in (self.folder, secret, self.folder / "pass"):
                shutil.chown(path, self._user)
        data = str(self.folder / "data")
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
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "PGPASSFILE": str(self.folder / "pass"), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            output.seek(0)
            said = output.read().decode(errors="replace")
        assert done.returncode == 0, f"{program}: {said}"
        return said


class JobDatabases:
    """Job databases in one server, each with a name of its own."""

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self._names = (f"jobs{n}" for n in itertools.count())

    def url(self, name: str) -> str:
        """How Pressroom gets in, as the owner of its tables."""
        return self.server.url("owner", OWNER_PASSWORD, name)

    def empty(self, name: str | None = None, *, tablespace: str = "pg_default") -> str:
        """A database without tables."""
        name = name or next(self._names)
        self.server.sql(f"CREATE DATABASE {name} TABLESPACE {tablespace}", database="postgres")
        return self.url(name)

    def drop(self, name: str) -> None:
        """Throw a database away, and whoever is connected."""
        self.server.sql(f"DROP DATABASE {name} WITH (FORCE)", database="postgres")

    @contextlib.contextmanager
    def copy_of(self, template: str) -> Iterator[str]:
        """A copy of `template`, to which nobody may be connected; dropped in the end."""
        name = next(self._names)
        self.server.sql(f"CREATE DATABASE {name} TEMPLATE {template}", database="postgres")
        yield self.url(name)
        self.drop(name)


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
