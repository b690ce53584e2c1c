"""OpenTelemetry: a trace of each run, by OTLP over HTTP. The client is the official one, the extra `otel`."""

from jusante.receivers.opentelemetry.trace import Trace

__all__ = ["Trace"]
