"""The web API source against a real server on this machine that pages, authenticates and misbehaves."""

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from jusante.core.cursor import Cursor
from jusante.core.secret import Secret
from jusante.core.source import Limits, Source, SourceTable
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.errors import SourceDenied, SourceError, SourceUnavailable
from jusante.ports.connector import Request
from jusante.sources.http_api import HttpSourceOptions, HttpTableOptions
from jusante.sources.http_api.connector import HttpConnector
from jusante.sources.http_api.json_path import look
from jusante.sources.http_api.requests import retry_after

RECORDS = [
    {"id": i, "name": f"näme {i}", "price": i / 4, "tags": ["a"], "by": {"x": i}, "at": f"2026-01-{i:02d}"}
    for i in range(1, 26)
]


class Api(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.faults: list[Callable[[BaseHTTPRequestHandler], None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Api
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.server.asked.append((url.path, query, {k.lower(): v for k, v in self.headers.items()}))
        if self.server.faults:
            return self.server.faults.pop(0)(self)
        return self.route(url.path, query)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.asked.append(("POST", {}, {k.lower(): v for k, v in self.headers.items()}))
        self.answer({"access_token": f"token {len(self.server.asked)}"})

    def route(self, path: str, query: dict[str, str]) -> None:
        at = int(query.get("offset", 0)) + 10 * (int(query.get("page", 1)) - 1) + int(query.get("cursor", 0))
        page, onward = RECORDS[at : at + 10], at + 10 if at + 10 < len(RECORDS) else None
        match path:
            case "/all":
                self.answer({"data": [r for r in RECORDS if r["at"] >= query.get("since", "")]})
            case "/empty":
                self.answer({"data": []})
            case "/loop":
                self.answer({"data": page, "next": "0"})
            case "/mixed":
                self.answer({"data": [{"id": 1, "v": 1}, {"id": 2, "v": 2.5}, {"id": 3, "v": "x", "late": True}]})
            case "/away":
                self.answer({"data": page, "next": "http://localhost:1/steal"})
            case "/links":
                link = {"link": f'<{self.server.url}/links?cursor={onward}>; rel="next"'} if onward else {}
                self.answer({"data": page}, link)
            case "/next":
                self.answer({"data": page, "next": f"/next?cursor={onward}" if onward else None})
            case _:
                self.answer({"data": page, "next": onward and str(onward)})

    def answer(self, body: Any, headers: dict[str, str] | None = None, status: int = 200) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    server = Api()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(EngineSettings(memory="300MB"))
    yield made
    made.close()


class Opened:
    def __init__(self, api: Api, engine: DuckDBEngine, auth: Any = None, **limits: Any) -> None:
        options = HttpSourceOptions.model_validate({"auth": auth} if auth else {})
        source = Source(
            source="api",
            kind="http",
            connection=api.url,
            limits=Limits(**{"timeout_seconds": 2, **limits}),
            options=options,
        )
        self.connector = HttpConnector(source)
        self.slept: list[float] = []
        self.connector._asker._sleep = self.slept.append
        self.engine = engine

    def rows(self, path: str, since: Cursor | None = None, **options: Any) -> list[tuple[Any, ...]]:
        ingest = options.pop("ingest", {})
        columns = options.pop("columns", ("id", "name", "price"))
        table = SourceTable.model_validate({"ingest": ingest, "columns": options.pop("rules", {})})
        table = table.model_copy(
            update={"options": HttpTableOptions.model_validate({"path": path, "records": "$.data", **options})}
        )
        reading = self.connector.read(Request("t", table, columns, since=since))
        with self.engine.session({"api.t": reading.relation}) as session:
            return sorted(session.rows("select * from api.t"))


@pytest.fixture
def opened(api: Api, engine: DuckDBEngine) -> Iterator[Callable[..., Opened]]:
    made: list[Opened] = []

    def opening(auth: Any = None, **limits: Any) -> Opened:
        made.append(Opened(api, engine, auth, **limits))
        return made[-1]

    yield opening
    for each in made:
        each.connector.close()


WANTED = [(r["id"], r["name"], r["price"]) for r in RECORDS]


@pytest.mark.parametrize(
    ("path", "paging"),
    [
        ("/pages", {"page": "page", "size": 10}),
        ("/offsets", {"offset": "offset", "size": 10}),
        ("/cursors", {"cursor": "$.next", "parameter": "cursor"}),
        ("/next", {"next": "$.next"}),
        ("/links", {"link_header": True}),
        ("/all", None),
    ],
)
def test_each_way_of_paging_brings_every_record_once(path: str, paging: Any, opened: Callable[..., Opened]) -> None:
    assert opened().rows(path, paging=paging) == WANTED


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"bearer": Secret("t0ken")}, "authorization", "Bearer t0ken"),
        ({"basic": {"user": "u", "password": "p"}}, "authorization", "Basic dTpw"),
        ({"key": {"name": "x-key", "value": Secret("k")}}, "x-key", "k"),
    ],
)
def test_the_api_is_told_who_asks(auth: Any, header: str, value: str, api: Api, opened: Callable[..., Opened]) -> None:
    opened(auth).rows("/all")
    assert api.asked[0][2][header] == value


def test_a_key_can_go_into_the_query(api: Api, opened: Callable[..., Opened]) -> None:
    opened({"key": {"name": "k", "value": "v", "in": "query"}}).rows("/next", paging={"next": "$.next"})
    assert [query["k"] for _, query, _ in api.asked] == ["v", "v", "v"]
    assert [query.get("cursor") for _, query, _ in api.asked] == [None, "10", "20"]


def test_oauth2_gets_a_token_and_a_new_one_when_it_ran_out(api: Api, opened: Callable[..., Opened]) -> None:
    auth = {"oauth2": {"token_url": f"{api.url}/token", "client_id": "c", "client_secret": Secret("s")}}
    source = opened(auth)
    api.faults.append(lambda handler: handler.answer({}, status=401))
    assert source.rows("/all") == WANTED
    assert [path for path, _, _ in api.asked] == ["POST", "/all", "POST", "/all"]
    assert api.asked[-1][2]["authorization"] == "Bearer token 3"


def cut(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data": [')
    handler.close_connection = True


PASSING = [
    lambda handler: handler.answer({}, status=500),
    lambda handler: handler.answer({}, {"retry-after": "7"}, 429),
    cut,
    lambda handler: handler.answer(b'{"data": [{"id": 1}'),
]


def test_what_fails_in_passing_is_tried_again(api: Api, opened: Callable[..., Opened]) -> None:
    source = opened(attempts=5)
    api.faults += PASSING
    assert source.rows("/all") == WANTED
    assert len(source.slept) == 4
    assert source.slept[1] == 7.0


def test_a_source_that_stays_down_is_given_up_after_the_attempts(api: Api, opened: Callable[..., Opened]) -> None:
    source = opened({"bearer": Secret("t0ken")}, attempts=3)
    api.faults += [lambda handler: handler.answer({"token": "t0ken"}, status=503)] * 9
    with pytest.raises(SourceUnavailable) as caught:
        source.rows("/all")
    assert len(api.asked) == 3
    assert "table t, page 1" in caught.value.where
    assert caught.value.tried == 3


def test_an_answer_that_takes_too_long_counts_as_down(api: Api, opened: Callable[..., Opened]) -> None:
    source = opened(attempts=2, timeout_seconds=0.2)
    api.faults += [lambda _: time.sleep(0.6)] * 2
    with pytest.raises(SourceUnavailable):
        source.rows("/all")


def test_refusals_are_told_without_the_secret(api: Api, opened: Callable[..., Opened]) -> None:
    source = opened({"bearer": Secret("t0ken")})
    api.faults += [lambda handler: handler.answer(b"your token t0ken is bad", status=403)]
    with pytest.raises(SourceDenied) as caught:
        source.rows("/all")
    assert "t0ken" not in str(caught.value)
    api.faults += [lambda handler: handler.answer(b"no such thing", status=404)]
    with pytest.raises(SourceError, match="no such thing"):
        source.rows("/all")


def test_links_to_another_host_and_circles_are_refused(opened: Callable[..., Opened]) -> None:
    with pytest.raises(SourceError, match="another host, localhost:1"):
        opened().rows("/away", paging={"next": "$.next"})
    with pytest.raises(SourceError, match="circle"):
        opened().rows("/loop", paging={"cursor": "$.next", "parameter": "cursor"})


def test_only_asked_columns_come_and_objects_become_json(opened: Callable[..., Opened]) -> None:
    assert opened().rows("/all", columns=("by", "tags"))[0] == ('{"x": 10}', ["a"])


def test_types_are_found_over_all_records(opened: Callable[..., Opened]) -> None:
    assert opened().rows("/mixed", columns=("id", "v", "late")) == [(1, "1", None), (2, "2.5", None), (3, "x", True)]


def test_an_incremental_load_asks_from_the_cursor_on(api: Api, opened: Callable[..., Opened]) -> None:
    ingest = {"mode": "incremental", "cursor": "at", "parameter": "since"}
    rows = opened().rows("/all", Cursor("at", "2026-01-20"), ingest=ingest)
    assert api.asked[0][1] == {"since": "2026-01-20"}
    assert [row[0] for row in rows] == [20, 21, 22, 23, 24, 25]


def test_the_rate_limit_spaces_requests(opened: Callable[..., Opened]) -> None:
    source = opened(requests_per_second=2)
    source.connector._asker._clock = lambda: 100.0
    source.rows("/pages", paging={"page": "page", "size": 10})
    assert source.slept == [0.5, 1.0]


def test_an_empty_answer_is_an_empty_table(opened: Callable[..., Opened]) -> None:
    assert opened().rows("/empty") == []


def test_retry_after_is_a_number_or_a_date() -> None:
    now = dt.datetime(2026, 11, 24, 12, 0, 0, tzinfo=dt.UTC)
    assert retry_after("120", now) == 120
    assert retry_after("Tue, 24 Nov 2026 12:01:00 GMT", now) == 60
    assert retry_after("soon", now) is None


@pytest.mark.parametrize(
    ("path", "found"),
    [("$", {"a": [{"b": 1}]}), ("$.a[0].b", 1), ("$.a[*].b", [1]), ("$['a'][5]", None), ("$.x.y", None)],
)
def test_paths_into_json(path: str, found: Any) -> None:
    assert look({"a": [{"b": 1}]}, path) == found
