"""OpenLineage: events that the client itself reads, over a real server; a receiver that is down costs a run nothing but a word."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jusante.app import Lake, Report, check
from projects import insert, run, write, write_shop

pytest.importorskip("openlineage.client")


class Server:
    """A receiver on this machine. `answer` is the status it gives; while `holds`, it gives none."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: set[str] = set()
        self.answer = 201
        self.released = threading.Event()
        self.released.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.released.wait(60)
                outer.events.append(json.loads(body))
                outer.headers.append(dict(self.headers))
                outer.paths.add(self.path)
                self.send_response(outer.answer)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing on the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


def telling(folder: Path, way: str) -> Path:
    write_shop(folder)
    return write(folder, {"jusante.yaml": f"name: small\nenvironments: {{dev: {{openlineage: {way}}}}}\n"})


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def of(events: list[dict[str, Any]], job: str, kind: str) -> dict[str, Any]:
    return next(each for each in events if each["job"]["name"] == job and each["eventType"] == kind)


def lineage_of(event: dict[str, Any]) -> Any:
    return event["outputs"][0]["facets"]["columnLineage"]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What a second run tells, in which all is made anew and a check fails."""
    folder = telling(tmp_path_factory.mktemp("told"), "{file: told.ndjson}")
    run(folder)
    insert(folder, [(9, "planted-tea", -7770777, 9)])
    write(folder, {"prices.csv": "product,price\ntea,4.50\nplanted-tea,9.90\n"})
    (folder / "told.ndjson").unlink()
    run(folder, anew=True)
    return lines(folder / "told.ndjson")


def test_each_task_begins_and_ends_once(events: list[dict[str, Any]]) -> None:
    kinds: dict[str, list[str]] = {}
    for event in events:
        kinds.setdefault(event["job"]["name"], []).append(event["eventType"])
    assert kinds["shop.orders"] == ["START", "COMPLETE"]
    assert kinds["marts.priced"] == ["START", "FAIL"]
    assert "marts.dear" not in kinds, "it was left alone: nothing happened"
    runs = {
        event["job"]["name"]: {e["run"]["runId"] for e in events if e["job"]["name"] == event["job"]["name"]}
        for event in events
    }
    assert all(len(ids) == 1 for ids in runs.values())
    assert len({event["run"]["facets"]["parent"]["run"]["runId"] for event in events}) == 1


def test_a_dataset_has_its_schema_owner_source_and_rows(events: list[dict[str, Any]]) -> None:
    event = of(events, "shop.orders", "COMPLETE")
    output = event["outputs"][0]
    assert (output["namespace"], output["name"]) == ("jusante://small/dev", "shop.orders")
    assert [field["name"] for field in output["facets"]["schema"]["fields"]] == ["id", "product", "quantity", "changed"]
    assert output["facets"]["schema"]["fields"][1]["type"] == "string"
    assert output["facets"]["ownership"]["owners"][0]["name"] == "shop@b.example"
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 5
    assert [(each["namespace"], each["name"]) for each in event["inputs"]] == [("sqlite://shop", "orders")]


def test_column_lineage_says_what_is_done_to_a_value_and_what_decides_the_rows(tmp_path: Path) -> None:
    folder = telling(tmp_path, "{file: told.ndjson}")
    masked = "select product, count(price) as n, max(price) as dearest from files.prices where product <> '' group by product"
    write(folder, {"models/marts/masked.sql": masked})
    run(folder)
    facet = lineage_of(of(lines(folder / "told.ndjson"), "marts.masked", "COMPLETE"))
    price = {"namespace": "jusante://small/dev", "name": "files.prices", "field": "price"}
    count = {"type": "DIRECT", "subtype": "AGGREGATION", "masking": True}
    assert facet["fields"]["n"]["inputFields"] == [price | {"transformations": [count]}]
    assert facet["fields"]["dearest"]["inputFields"] == [price | {"transformations": [count | {"masking": False}]}]
    (rows,) = facet["dataset"]
    assert rows["field"] == "product"
    assert {each["subtype"] for each in rows["transformations"]} == {"FILTER", "GROUP_BY"}


def test_a_failure_is_told_by_its_code_and_without_a_value(events: list[dict[str, Any]]) -> None:
    said = of(events, "marts.priced", "FAIL")["run"]["facets"]["errorMessage"]["message"]
    assert said.startswith("J500: marts.priced failed; jusante logs r")
    text = json.dumps(events)
    assert "planted-tea" not in text
    assert "-7770777" not in text
    assert "shop.db" not in text, "how to reach a source is nobody's business"


def test_the_client_of_the_standard_reads_what_it_is_sent(events: list[dict[str, Any]]) -> None:
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

    for event in events:
        job = Job(event["job"]["namespace"], event["job"]["name"])
        read = RunEvent(
            eventTime=event["eventTime"],
            eventType=RunState[event["eventType"]],
            run=Run(event["run"]["runId"]),
            job=job,
            producer=event["producer"],
        )
        assert read.schemaURL == event["schemaURL"]


def test_events_go_over_http_with_the_key(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_KEY", "open-sesame")
    folder = telling(tmp_path, f"{{url: '{server.url}', api_key: '${{env:LINEAGE_KEY}}'}}")
    report = run(folder)
    assert report.notices == ()
    assert server.paths == {"/api/v1/lineage"}
    assert {headers["Authorization"] for headers in server.headers} == {"Bearer open-sesame"}
    assert {event["job"]["name"] for event in server.events} == {task.asset for task in report.tasks}


def test_an_idle_run_tells_nothing(tmp_path: Path) -> None:
    folder = telling(tmp_path, "{file: told.ndjson}")
    run(folder)
    (folder / "told.ndjson").unlink()
    run(folder, "marts.by_product", "marts.priced")
    assert not (folder / "told.ndjson").exists()


def down(folder: Path, url: str) -> Report:
    return run(telling(folder, f"{{url: '{url}', timeout_seconds: 0.2}}"))


def test_a_receiver_that_is_down_fails_no_run(tmp_path: Path, server: Server) -> None:
    server.close()
    report = down(tmp_path, server.url)
    assert report.status == "succeeded"
    (notice,) = report.notices
    assert "could not be delivered (ConnectionError)" in notice


def test_a_receiver_that_refuses_fails_no_run(tmp_path: Path, server: Server) -> None:
    server.answer = 500
    report = down(tmp_path, server.url)
    assert report.status == "succeeded"
    assert "could not be delivered" in report.notices[0]
    assert len(server.events) == 3, "after three failures nothing more is tried"


def test_a_receiver_that_never_answers_keeps_no_run_waiting(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jusante.receivers.openlineage.receiver.LONGEST_GOODBYE_SECONDS", 0.1)
    server.released.clear()
    report = run(telling(tmp_path, f"{{url: '{server.url}', timeout_seconds: 30}}"))
    assert report.status == "succeeded"
    assert "could not be delivered" in report.notices[0]


WRONG = [
    ("{}", "openlineage goes one way"),
    ("{file: a, console: true}", "openlineage goes one way"),
    ("{url: 'http://x', api_key: open}", "the api_key is written out"),
]


@pytest.mark.parametrize(("way", "what"), WRONG)
def test_settings_that_make_no_sense_are_told(tmp_path: Path, way: str, what: str) -> None:
    _, problems = check(telling(tmp_path, way))
    assert any(what in problem.what for problem in problems), problems


def test_the_graph_as_it_stands_is_exported_whole(tmp_path: Path) -> None:
    run(write_shop(tmp_path))
    command = [sys.executable, "-m", "jusante", "export", "openlineage", "--json", "--project", str(tmp_path)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    with Lake.open(tmp_path) as lake:
        assert [event["job"]["name"] for event in told] == list(lake.project.graph.order)
    (priced,) = [event for event in told if event["job"]["name"] == "marts.priced"]
    origins = {(each["name"], each["field"]) for each in lineage_of(priced)["fields"]["price"]["inputFields"]}
    assert origins == {("files.prices", "price")}
    assert "eventType" not in priced
