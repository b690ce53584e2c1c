"""MariaDB, where `mariadbd` is installed; there is no wheel of it."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from servers.process import end, free_port, wait_until

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
_SETTINGS = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--skip-log-bin",
    "--skip-name-resolve",
)


def mariadb_is_installed() -> bool:
    """Whether the server and what sets it up are found here."""
    return all(_find(name) for name in ("mariadbd", "mariadb-install-db", "mariadb"))


class MariaDB:
    """A server with its data in `folder`; superuser `root` without a password. It can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._me = getpass.getuser()
        command = [
            _found("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            f"--user={self._me}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]
        subprocess.run(command, check=True, capture_output=True)

    def start(self, *settings: str) -> None:
        """Start it and wait until it answers. `settings` are extra command line options."""
        command = [
            _found("mariadbd"),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self._socket}",
            f"--pid-file={self.folder / 'pid'}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            f"--user={self._me}",
            *_SETTINGS,
            *settings,
        ]
        log = self.folder / "server.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        wait_until(self._answers, self._process, log.read_text)

    def stop(self) -> None:
        """Kill it: sessions are cut off."""
        if self._process:
            self._process.kill()
            end(self._process)
        self._process = None

    def url(self, database: str = "", user: str = "root", password: str = "") -> str:
        """The address of a database, with the user's name and password in it."""
        word = f":{quote(password, safe='')}" if password else ""
        return f"mysql://{quote(user, safe='')}{word}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def run(self, sql: str, database: str = "") -> str:
        """Run SQL as root. Gives rows as lines, values divided by tabs."""
        done = subprocess.run(
            self._client("--batch", "--skip-column-names", *([database] if database else [])),
            input=sql,
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    @property
    def _socket(self) -> Path:
        return self.folder / "s"

    def _client(self, *options: str) -> list[str]:
        place = "--user=root", f"--socket={self._socket}", "--default-character-set=utf8mb4"
        return [_found("mariadb"), "--no-defaults", *place, *options]

    def _answers(self) -> bool:
        return subprocess.run(self._client("-e", "select 1"), check=False, capture_output=True).returncode == 0


@contextmanager
def mariadb() -> Iterator[MariaDB]:
    """A new, running server, gone with all its data at the end."""
    folder = Path(tempfile.mkdtemp(prefix="jusante-mariadb-"))
    try:
        server = MariaDB(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find(name: str) -> str | None:
    return shutil.which(name, path=_PATH)


def _found(name: str) -> str:
    path = _find(name)
    assert path, f"{name} is not installed"
    return path
