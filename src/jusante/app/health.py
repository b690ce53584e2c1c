"""How `jusante up` does, told over HTTP to whoever asks on this machine: `GET /health`."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from jusante.errors import UsageError

ADDRESS = "127.0.0.1"


@contextmanager
def told(port: int, state: Callable[[], dict[str, Any]]) -> Iterator[int]:
    """Answer on a port of the loopback interface while the block runs; the port, chosen by the system for 0."""
    try:
        server = ThreadingHTTPServer((ADDRESS, port), _handler(state))
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror}", fix="choose another: --health 8321") from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _handler(state: Callable[[], dict[str, Any]]) -> type[BaseHTTPRequestHandler]:
    class Health(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            """The state, as one JSON document."""
            known = self.path == "/health"
            body = json.dumps(state() if known else {"error": "ask for /health"}, default=str).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name for it
            """Questions are no news."""

    return Health
