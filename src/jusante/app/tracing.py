"""Traces of runs, for a collector of OpenTelemetry, where one is told."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from jusante.app.openlineage import Listener
from jusante.app.system import System
from jusante.core.run import Run, Task
from jusante.errors import ExtraMissing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def is_traced(system: System) -> bool:
    """Whether a collector is told, in jusante.yaml or by the variables of the standard, and they do not say no."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return system.project.environment.opentelemetry is not None or any(os.environ.get(name) for name in ENDPOINTS)


@contextmanager
def traced(system: System, run: Run, listener: Listener, undelivered: list[str]) -> Iterator[Listener]:
    """A listener that leaves a trace, too; what could not be delivered is added to `undelivered`. As given where nobody
    collects: nothing is imported then."""
    if not is_traced(system):
        yield listener
        return
    try:
        from jusante.receivers.opentelemetry import Trace
    except ModuleNotFoundError:
        fix = 'pip install "jusante[otel]"'
        raise ExtraMissing("the client of OpenTelemetry is not installed", fix=fix) from None
    trace = Trace(run, system.project.name, system.project.environment.opentelemetry, os.environ)

    def both(asset: str, task: Task | None) -> None:
        if task is None:
            trace.started(asset)
        else:
            trace.ended(task, system.graph[asset].kind)
        listener(asset, task)

    try:
        yield both
    finally:
        undelivered += trace.close()
