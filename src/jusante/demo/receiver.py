"""Somebody's receiver of webhooks: a real HTTP server on this machine that keeps what arrives, to be shown."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MOST = 1_000
"""So many messages are kept; the demo sends some dozens."""


@dataclass(frozen=True, slots=True)
class Message:
    """What arrived: its id, of which kind it is, for whom, and about which incident of which asset."""

    id: str
    kind: str
    to: str
    incident: str
    asset: str


class Receiver(ThreadingHTTPServer):
    """Answers 204 to each POST, and keeps it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.messages: list[Message] = []
        self._shown = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def news(self) -> tuple[Message, ...]:
        """What arrived since it was asked last."""
        found = tuple(self.messages[self._shown :])
        self._shown += len(found)
        return found


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["content-length"])))
        data = said["data"]
        if len(self.server.messages) < MOST:
            about = data.get("incident", {"incident": "", "asset": ""})
            message = Message(self.headers["webhook-id"], said["type"], data["to"], about["incident"], about["asset"])
            self.server.messages.append(message)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name in the standard library
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """The receiver, running in a thread until the end of the block."""
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, name="receiver", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
