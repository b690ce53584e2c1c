"""The ways that events go: into a file, to a receiver over HTTP, or onto the console."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jusante.core.environment import OpenLineage
from jusante.core.secret import Secret

Way = Callable[[Any], None]
"""Delivers one event; raises OSError, or whatever the client raises, where it cannot."""


def way_of(chosen: OpenLineage, folder: Path) -> Way:
    """The way that the settings choose. Raises ImportError where the client is not installed."""
    import openlineage.client  # noqa: F401  # said at once, not with the first event

    if chosen.url:
        return _by_http(_plain(chosen.url), _plain(chosen.api_key), chosen.timeout_seconds)
    return _into_file(folder / chosen.file) if chosen.file else _onto_console


def line_of(event: Any) -> str:
    """An event as one line of JSON."""
    from openlineage.client.serde import Serde

    return Serde.to_json(event)


def _by_http(url: str, api_key: str, timeout_seconds: float) -> Way:
    from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider

    auth = ApiKeyTokenProvider({"apiKey": api_key}) if api_key else TokenProvider({})
    # The client tries again five times by itself, and each may take as long as the time-out: too long for a run.
    config = HttpConfig(url=url, timeout=timeout_seconds, auth=auth, retry={"total": 0})
    transport = HttpTransport(config)

    def deliver(event: Any) -> None:
        transport.emit(event)

    return deliver


def _into_file(path: Path) -> Way:
    def deliver(event: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line_of(event) + "\n")

    return deliver


def _onto_console(event: Any) -> None:
    sys.stderr.write(line_of(event) + "\n")


def _plain(value: Any) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value or "")
