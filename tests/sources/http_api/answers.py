"""A server that answers as it is told, and a way to read a table from it."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from jusante.core.schema import Schema
from jusante.core.source import Limits, Source, SourceTable
from jusante.ports.connector import Request
from jusante.ports.relation import Batches
from jusante.sources.http_api import HttpSourceOptions, HttpTableOptions, http
from jusante.sources.http_api.connector import HttpConnector

Answer = tuple[int, Mapping[str, str], Any]
"""Status, headers and body: bytes as they are, anything else as JSON."""


class Answers(ThreadingHTTPServer):
    """Gives each path's answers one after another, the last of them again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[str] = []
        self.clients: list[Client] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def tell(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        self.answers.setdefault(path, []).append((status, headers, body))


class Handler(BaseHTTPRequestHandler):
    server: Answers
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.asked.append(self.path)
        waiting = self.server.answers[path]
        status, headers, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.do_GET()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def answering() -> Iterator[Answers]:
    server = Answers()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        for client in server.clients:
            client.connector.close()
        server.shutdown()
        server.server_close()
        thread.join(5)


class Client:
    """The connector to a server, with one table. It does not sleep before it tries again."""

    def __init__(self, server: Answers, auth: Any = None, attempts: int = 1, **table: Any) -> None:
        source = Source(
            source="api",
            kind="http",
            connection=server.url,
            limits=Limits(attempts=attempts, timeout_seconds=10),
            options=HttpSourceOptions.model_validate({"auth": auth} if auth else {}),
        )
        unused: Any = None
        opened = http.open(source, Path(), unused)
        assert isinstance(opened, HttpConnector)
        self.connector = opened
        server.clients.append(self)
        self.slept: list[float] = []
        opened._asker._sleep = self.slept.append
        options = HttpTableOptions.model_validate({"path": "/rows", **table})
        self.table = SourceTable().model_copy(update={"options": options})

    def schema(self, known: Schema | None = None) -> dict[str, str]:
        return {column.name: column.type for column in self.connector.schema("t", self.table, known)}

    def read(self, *columns: str) -> pa.Table:
        relation = self.connector.read(Request("t", self.table, columns)).relation
        assert isinstance(relation, Batches)
        return pa.Table.from_batches(relation.batches, relation.schema)

    def values(self, column: str = "v") -> list[Any]:
        found: list[Any] = self.read(column).column(column).to_pylist()
        return found
