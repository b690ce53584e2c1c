"""A run as a trace: a span for it, and one below it for each task. No value, query or word of an error is in them.

What is to be sent waits in a bounded queue, is sent by a thread of its own, and is lost where the collector is not there.
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from opentelemetry import trace as otel
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.re import parse_env_headers

from jusante.core.others import OpenTelemetry
from jusante.core.run import Run, Task, outcome
from jusante.core.secret import Secret
from jusante.core.words import counted

MOST_WAITING = 10_000
EXPORT_SECONDS = 2
"""How long one delivery may take, with all its tries."""
LONGEST_GOODBYE_SECONDS = 3.0
"""How long the end of a run waits for what has not been delivered yet."""


class Trace:
    """The trace of one run. Where TRACEPARENT is set, as a scheduler above sets it, it goes on with that one's trace."""

    def __init__(self, run: Run, project: str, told: OpenTelemetry | None, variables: Mapping[str, str]) -> None:
        # What goes wrong is told by `close`; without a handler Python would print the client's own words.
        logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
        self._run = run
        self._exporter = _Counting(_exporter(told or OpenTelemetry.model_validate({}), variables))
        provider = TracerProvider(resource=_resource(run, project, told, variables), shutdown_on_exit=False)
        provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter,
                max_queue_size=MOST_WAITING,
                schedule_delay_millis=1_000,
                export_timeout_millis=EXPORT_SECONDS * 1_000,
            )
        )
        self._provider = provider
        self._tracer = provider.get_tracer("jusante", version("jusante"))
        carrier = {name: variables[name.upper()] for name in ("traceparent", "tracestate") if name.upper() in variables}
        above = TraceContextTextMapPropagator().extract(carrier)
        self._span = self._tracer.start_span(
            "jusante run",
            context=above,
            attributes={"jusante.run": run.run_id, "jusante.project": project, "jusante.environment": run.environment},
        )
        self._below = otel.set_span_in_context(self._span)
        self._began: dict[str, int] = {}
        self._tasks: list[Task] = []
        self._spans = 1

    def started(self, asset: str) -> None:
        """A task has begun."""
        self._began[asset] = time.time_ns()

    def ended(self, task: Task, kind: str) -> None:
        """A task has ended. One that had nothing to do leaves no span."""
        self._tasks.append(task)
        began = self._began.pop(task.asset, None)
        if task.status == "skipped":
            return
        now = time.time_ns()
        span = self._tracer.start_span(
            f"{task.action} {task.asset}",
            context=self._below,
            start_time=now if began is None else began,
            attributes=_attributes(self._run.run_id, task, kind),
        )
        if task.error or task.status == "failed":
            span.set_status(Status(StatusCode.ERROR, _code(task)))
        span.end(now)
        self._spans += 1

    def close(self) -> tuple[str, ...]:
        """End the run's span, and wait for what is on its way, for some seconds at the most; what was lost, in words."""
        status = outcome(tuple(self._tasks))
        failed = [task for task in self._tasks if task.error]
        self._span.set_attributes(
            {"jusante.status": status, "jusante.tasks": len(self._tasks), "jusante.failed": len(failed)}
        )
        if failed:
            self._span.set_status(Status(StatusCode.ERROR, _code(failed[0])))
        self._span.end()
        ending = threading.Thread(target=self._provider.shutdown, name="jusante-traces", daemon=True)
        ending.start()
        ending.join(LONGEST_GOODBYE_SECONDS)
        lost = self._spans - self._exporter.sent
        return (f"OpenTelemetry: {counted(lost, 'span')} could not be delivered",) if lost else ()


class _Counting(SpanExporter):
    """Counts what has arrived."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self.sent = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        found = self._inner.export(spans)
        if found is SpanExportResult.SUCCESS:
            self.sent += len(spans)
        return found

    def shutdown(self) -> None:
        self._inner.shutdown()


def _exporter(told: OpenTelemetry, variables: Mapping[str, str]) -> SpanExporter:
    """The exporter of the standard's variables, with what the project says in their place."""
    given: dict[str, Any] = {}
    if told.endpoint:
        given["endpoint"] = _plain(told.endpoint).rstrip("/").removesuffix("/v1/traces") + "/v1/traces"
    if told.headers:
        given["headers"] = parse_env_headers(_plain(told.headers), liberal=True)
    if not {"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"} & variables.keys():
        given["timeout"] = EXPORT_SECONDS
    return OTLPSpanExporter(**given)


def _resource(run: Run, project: str, told: OpenTelemetry | None, variables: Mapping[str, str]) -> Resource:
    named = told.service if told else None
    service = {} if "OTEL_SERVICE_NAME" in variables and not named else {"service.name": named or "jusante"}
    about = {"service.version": version("jusante"), "service.namespace": project, "host.name": run.host}
    return Resource.create({**service, **about, "deployment.environment.name": run.environment})


def _attributes(run_id: str, task: Task, kind: str) -> dict[str, str | int]:
    """What is known of a task, but for what may quote a value."""
    known: dict[str, str | int | None] = {
        "jusante.run": run_id,
        "jusante.task": f"{run_id}/{task.asset}",
        "jusante.asset": task.asset,
        "jusante.kind": kind,
        "jusante.action": task.action,
        "jusante.status": task.status,
        "jusante.rows_in": task.rows_in,
        "jusante.rows_out": task.rows_out,
        "jusante.bytes_scanned": task.bytes_scanned,
        "jusante.snapshot": task.snapshot_id,
        "error.type": _code(task) if task.error else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _code(task: Task) -> str:
    return (task.error or {}).get("code", "J000")


def _plain(value: Any) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)
