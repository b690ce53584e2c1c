"""Notices on their way: what was to be told, what has arrived, and what could not be sent, all in the ledger."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

from jusante.core.event import Event
from jusante.ports.metadata_store import MetadataStore
from jusante.ports.notifier import Notice

POSTED, SENT, TRIED = "notice.posted", "notice.sent", "notice.tried"
REMEMBERED = 5_000
"""So many notices back it is known what was told; older ones wait no more."""
MOST_ATTEMPTS = 20
"""A notice that could not be sent so often is given up: whoever was to have it is not there."""


class Outbox:
    """The notices of one channel."""

    def __init__(self, metadata: MetadataStore, channel: str) -> None:
        self._metadata = metadata
        self._channel = channel

    def post(self, notices: Iterable[Notice], now: dt.datetime) -> None:
        """Keep notices until they are sent; one that was kept or sent before under its key is no news."""
        known = {event.payload["notice"]["key"] for event in self._events(POSTED)}
        fresh = {notice.key: notice for notice in notices if notice.key not in known}
        self._tell(POSTED, [{"notice": asdict(notice)} for notice in fresh.values()], now)

    def unsent(self, limit: int) -> tuple[Notice, ...]:
        """The notices that wait to be sent, oldest first. One that was tried in vain too often waits no more."""
        sent = {event.payload["key"] for event in self._events(SENT)}
        tried = Counter(event.payload["key"] for event in self._events(TRIED))
        posted = [Notice(**event.payload["notice"]) for event in reversed(self._events(POSTED))]
        waiting = [n for n in posted if n.key not in sent and tried[n.key] < MOST_ATTEMPTS]
        return tuple(waiting[:limit])

    def sent(self, notice: Notice, now: dt.datetime) -> None:
        """A notice has arrived."""
        self._tell(SENT, [{"key": notice.key}], now)

    def tried(self, notice: Notice, now: dt.datetime) -> None:
        """A notice could not be sent."""
        self._tell(TRIED, [{"key": notice.key}], now)

    def _events(self, kind: str) -> tuple[Event, ...]:
        found = self._metadata.latest(kind, REMEMBERED)
        return tuple(event for event in found if event.payload["channel"] == self._channel)

    def _tell(self, kind: str, payloads: list[dict[str, object]], now: dt.datetime) -> None:
        self._metadata.tell([Event(kind, now, payload={"channel": self._channel, **each}) for each in payloads])
