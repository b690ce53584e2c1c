"""OpenTelemetry: traces that a collector of the standard decodes, over a real server; one that is down costs a run nothing but a word."""

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jusante.app import Lake, Report
from jusante.errors import UsageError
from projects import insert, run, write, write_shop

pytest.importorskip("opentelemetry.sdk")
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

CARD = "4111 1111 1111 1111"


class Collector:
    """Decodes what is sent to it. While it `holds`, it gives no answer."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.answer = 200
        self.released = threading.Event()
        self.released.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.released.wait(60)
                body = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
                outer.requests.append(ExportTraceServiceRequest.FromString(body))
                outer.paths.append(self.path)
                outer.headers.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(outer.answer)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing on the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def spans(self) -> dict[str, Any]:
        found = [s for r in self.requests for rs in r.resource_spans for ss in rs.scope_spans for s in ss.spans]
        assert len({span.name for span in found}) == len(found)
        return {span.name: span for span in found}

    def resource(self) -> dict[str, str]:
        return {each.key: each.value.string_value for each in self.requests[0].resource_spans[0].resource.attributes}

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    yield found
    found.close()


def traced(folder: Path, way: str) -> Path:
    write_shop(folder)
    return write(folder, {"jusante.yaml": f"name: small\nenvironments: {{dev: {{opentelemetry: {way}}}}}\n"})


def attributes(span: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


def undelivered(report: Report) -> list[str]:
    return [notice for notice in report.notices if "OpenTelemetry" in notice]


def test_a_run_is_a_span_and_each_task_one_below_it(tmp_path: Path, collector: Collector) -> None:
    report = run(traced(tmp_path, f"{{endpoint: '{collector.url}', service: shop}}"))
    spans = collector.spans()
    root = spans["jusante run"]
    assert undelivered(report) == []
    assert set(collector.paths) == {"/v1/traces"}
    assert set(spans) == {"jusante run", *(f"{task.action} {task.asset}" for task in report.tasks)}
    assert {span.trace_id for span in spans.values()} == {root.trace_id}
    assert {span.parent_span_id for name, span in spans.items() if name != "jusante run"} == {root.span_id}
    assert attributes(root)["jusante.run"] == report.run_id
    assert attributes(root)["jusante.status"] == "succeeded"
    orders = spans["ingest shop.orders"]
    assert attributes(orders)["jusante.task"] == f"{report.run_id}/shop.orders"
    assert attributes(orders)["jusante.rows_out"] == 4
    assert root.start_time_unix_nano <= orders.start_time_unix_nano < orders.end_time_unix_nano
    assert orders.end_time_unix_nano <= root.end_time_unix_nano
    assert collector.resource()["service.name"] == "shop"
    assert collector.resource()["deployment.environment.name"] == "dev"


def test_what_fails_bears_its_code_and_no_value(tmp_path: Path, collector: Collector) -> None:
    folder = traced(tmp_path, f"{{endpoint: '{collector.url}'}}")
    model = "from jusante import model\n\n\n@model()\ndef bad(prices='files.prices'):\n    raise ValueError('%s')\n"
    write(folder, {"models/marts/bad.py": model % CARD})
    run(folder)
    bad = collector.spans()["build marts.bad"]
    assert (bad.status.code, bad.status.message) == (2, "J410")
    assert attributes(bad)["error.type"] == "J410"
    assert collector.spans()["jusante run"].status.code == 2
    assert CARD not in str(collector.requests)


def test_an_idle_run_leaves_one_span(tmp_path: Path, collector: Collector) -> None:
    folder = traced(tmp_path, f"{{endpoint: '{collector.url}'}}")
    run(folder)
    collector.requests.clear()
    run(folder, "marts.priced")
    assert set(collector.spans()) == {"jusante run"}


def test_the_variables_of_the_standard_are_enough_and_a_trace_above_goes_on(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_shop(tmp_path)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=abc")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "nightly")
    monkeypatch.setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    run(folder)
    root = collector.spans()["jusante run"]
    assert root.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert root.parent_span_id.hex() == "b7ad6b7169203331"
    assert collector.resource()["service.name"] == "nightly"
    assert collector.headers[0]["x-key"] == "abc"
    collector.requests.clear()
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    run(folder, anew=True)
    assert collector.requests == []


def test_headers_by_reference_are_sent_and_shown_nowhere(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTLP_HEADERS", "authorization=Bearer%20k3y-of-ours")
    report = run(traced(tmp_path, f"{{endpoint: '{collector.url}', headers: '${{env:OTLP_HEADERS}}'}}"))
    assert collector.headers[0]["authorization"] == "Bearer k3y-of-ours"
    assert "k3y" not in str(report.as_dict()) + "".join(capfd.readouterr())


@pytest.mark.parametrize("fault", ["nobody listens", "it never answers", "it refuses"])
def test_a_collector_that_is_down_fails_nothing_and_is_told(
    tmp_path: Path, collector: Collector, fault: str, capfd: pytest.CaptureFixture[str]
) -> None:
    collector.answer = 400
    if fault == "it never answers":
        collector.released.clear()
    url = "http://127.0.0.1:9" if fault == "nobody listens" else collector.url
    report = run(traced(tmp_path, f"{{endpoint: '{url}'}}"))
    assert report.status == "succeeded"
    assert undelivered(report) == [f"OpenTelemetry: {len(report.tasks) + 1} spans could not be delivered"]
    assert "".join(capfd.readouterr()) == ""


def test_where_nobody_collects_the_client_is_not_imported(tmp_path: Path) -> None:
    write_shop(tmp_path)
    script = (
        f"import sys; from pathlib import Path; from jusante.app import Lake\n"
        f"with Lake.open(Path({str(tmp_path)!r})) as lake: assert lake.run().status == 'succeeded'\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'uvicorn', 'starlette', 'nats'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_interrupted_run_ends_its_span(tmp_path: Path, collector: Collector) -> None:
    folder = traced(tmp_path, f"{{endpoint: '{collector.url}'}}")
    insert(folder, [(9, "tea", 3, 9)])

    def stop(name: str, task: object) -> None:
        if task is not None:
            raise UsageError("enough")

    with Lake.open(folder) as lake, pytest.raises(UsageError):
        lake.run(listener=stop)
    assert "jusante run" in collector.spans()
