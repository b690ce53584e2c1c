"""The conformance suite of `jusante.testing`, passed by web APIs: a real server on this machine, read page by page."""

import datetime as dt
import json
import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from jusante.core.schema import Schema
from jusante.core.secret import Secret
from jusante.core.source import Limits, Source, SourceTable
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.ports.connector import Connector
from jusante.sources.http_api import HttpSourceOptions, HttpTableOptions, http
from jusante.testing import SAMPLES, ConnectorConformance, Row, SourceUnderTest

PAGE = 7_500
"""Many rows are a multiple of it, so that the last full page is followed by an empty one."""
SECRET = "geheim4711"
JSON_TYPES: Mapping[str, str] = {
    **{name: "string" for name in SAMPLES if name != "binary"},
    "boolean": "boolean",
    "int": "long",
    "long": "long",
    "float": "double",
    "double": "double",
    "decimal(12,2)": "double",
}
"""What JSON can hold, and what it is taken for."""


class RowsServer(ThreadingHTTPServer):
    """Rows at `/rows`: at once, or by `limit` and one of `page`, `cursor`; from a `version` on by `since`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.rows: list[Row] = []
        self.connections = 0
        self.counting = threading.Lock()

    def count(self, change: int) -> None:
        with self.counting:
            self.connections += change

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: RowsServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.server.count(1)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.server.count(-1)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path != "/rows":
            return self.answer({"error": "there is no such thing"}, 404)
        since = int(query["since"]) if "since" in query else None
        rows = [row for row in self.server.rows if since is None or row["version"] is None or row["version"] >= since]
        size = int(query.get("limit", len(rows) or 1))
        start = int(query.get("cursor", size * (int(query.get("page", 1)) - 1)))
        onward = str(start + size) if start + size < len(rows) else None
        return self.answer({"data": [as_json(row) for row in rows[start : start + size]], "next": onward})

    def answer(self, body: Any, status: int = 200) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


def as_json(row: Row) -> dict[str, Any]:
    return {name: value_as_json(value) for name, value in row.items()}


def value_as_json(value: Any) -> Any:
    match value:
        case Decimal():
            return float(value)
        case dt.date() | dt.time():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
    return value


class ApiUnderTest(SourceUnderTest):
    types: ClassVar[Mapping[str, str]] = JSON_TYPES
    tells_unchanged = False
    secret = SECRET

    def __init__(self, server: RowsServer, paging: Mapping[str, Any] | None) -> None:
        self.server = server
        self.paging = paging
        self.schema = Schema(())

    def load(self, rows: Sequence[Row], schema: Schema) -> None:
        self.server.rows, self.schema = list(rows), schema

    def add(self, rows: Sequence[Row]) -> None:
        self.server.rows += rows

    def change(self, key: int, row: Row) -> None:
        self.server.rows = [row if each["id"] == key else each for each in self.server.rows]

    def delete(self, key: int) -> None:
        self.server.rows = [each for each in self.server.rows if each["id"] != key]

    def connector(self) -> Connector:
        return self.opened(self.server.url, {"params": {"limit": str(PAGE)}} if self.paging else {})

    def table(self, **settings: Any) -> SourceTable:
        """Where there are no records nothing says what they are, so that the columns are declared."""
        declared = {column.name: {"type": column.type} for column in self.schema}
        settings = settings if self.server.rows else {"columns": declared, **settings}
        if "ingest" in settings:
            settings = {**settings, "ingest": {**settings["ingest"], "parameter": "since"}}
        return self.at("/rows", **settings)

    def missing(self) -> SourceTable:
        return self.at("/raws")

    def broken(self) -> Connector:
        """Nobody listens there. The secret is in the address and in the query."""
        auth = {"key": {"name": "key", "value": Secret(SECRET), "in": "query"}}
        return self.opened(f"http://me:{SECRET}@127.0.0.1:1", {"auth": auth, "headers": {"x-key": Secret(SECRET)}})

    def still_open(self) -> int:
        """Connections, once the server has noticed, and temporary files, which have no name any more."""
        deadline = time.monotonic() + 3
        while self.server.connections and time.monotonic() < deadline:
            time.sleep(0.01)
        links = Path("/proc/self/fd")
        if not links.is_dir():
            pytest.skip("open files can be counted on Linux only")
        return self.server.connections + sum("(deleted)" in os.path.realpath(link) for link in links.iterdir())

    def opened(self, address: str, options: Mapping[str, Any]) -> Connector:
        source = Source(
            source="api",
            kind="http",
            connection=Secret(address),
            limits=Limits(attempts=1, timeout_seconds=30),
            options=HttpSourceOptions.model_validate(options),
        )
        return http.open(source, Path(), UNUSED)

    def at(self, path: str, **settings: Any) -> SourceTable:
        table = SourceTable.model_validate({"key": ["id"], **settings})
        options = {"path": path, "records": "$.data", "paging": self.paging}
        return table.model_copy(update={"options": HttpTableOptions.model_validate(options)})


UNUSED: Any = None
"""An API is read without an engine."""


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(EngineSettings(memory="300MB", threads=2))
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[RowsServer]:
    made = RowsServer()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join(5)


class TestApiAtOnce(ConnectorConformance):
    @pytest.fixture
    def source(self, server: RowsServer) -> SourceUnderTest:
        return ApiUnderTest(server, None)


class TestApiByPage(ConnectorConformance):
    @pytest.fixture
    def source(self, server: RowsServer) -> SourceUnderTest:
        return ApiUnderTest(server, {"page": "page", "size": PAGE})


class TestApiByCursor(ConnectorConformance):
    @pytest.fixture
    def source(self, server: RowsServer) -> SourceUnderTest:
        return ApiUnderTest(server, {"cursor": "$.next", "parameter": "cursor"})
