"""Notices on their way: what was to be told, what has arrived, and what could not be sent, all in the ledger."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict

from jusante.core.event import Event
from jusante.ports.metadata_store import MetadataStore
from jusante.ports.notifier import Notice

POSTED, SENT, TRIED = "notice.posted", "notice.sent", "notice.tried"
REMEMBERED = 5_000
"""So many notices back it is known what was told; older ones wait no more."""
GIVEN_UP_AFTER = dt.timedelta(days=3)
"""A notice that could not be sent for so long is given up: whoever was to have it is not there."""
FIRST_WAIT = dt.timedelta(seconds=30)
LONGEST_WAIT = dt.timedelta(minutes=15)
"""Between two tries lies twice the time of the one before, up to this, for whoever asks again and again."""


class Outbox:
    """The notices of one channel."""

    def __init__(self, metadata: MetadataStore, channel: str) -> None:
        self._metadata = metadata
        self._channel = channel

    @property
    def known(self) -> frozenset[str]:
        """The keys of all that was posted here."""
        return frozenset(event.payload["notice"]["key"] for event in self._events(POSTED))

    def post(self, notices: Iterable[Notice], now: dt.datetime) -> None:
        """Keep notices until they are sent; one that was kept or sent before under its key is no news."""
        known = self.known
        fresh = {notice.key: notice for notice in notices if notice.key not in known}
        self._tell(POSTED, [{"notice": asdict(notice)} for notice in fresh.values()], now)

    def unsent(self, limit: int, now: dt.datetime, *, patient: bool = False) -> tuple[Notice, ...]:
        """The notices that wait to be sent, oldest first: that something is over must not come before that it began.

        The `patient` leave alone for a while what was just refused, and the whole channel where it was just down.
        """
        sent = {event.payload["key"] for event in self._events(SENT)}
        tries: dict[str, list[Event]] = {}
        for event in self._events(TRIED):
            tries.setdefault(event.payload["key"], []).append(event)
        waiting: dict[str, Notice] = {}
        for event in reversed(self._events(POSTED)):
            notice = Notice(**event.payload["notice"])
            tried = tries.get(notice.key, [])
            if notice.key in sent or (tried and now - event.at > GIVEN_UP_AFTER):
                continue
            if patient and tried and now < _next_try(tried):
                if tried[0].payload.get("down", True):
                    return ()
                continue
            waiting.setdefault(notice.key, notice)
        return tuple(waiting.values())[:limit]

    def sent(self, notice: Notice, now: dt.datetime) -> None:
        """A notice has arrived."""
        self._tell(SENT, [{"key": notice.key}], now)

    def tried(self, notice: Notice, now: dt.datetime, *, down: bool) -> None:
        """A notice could not be sent: the receiver was down, or refused it."""
        self._tell(TRIED, [{"key": notice.key, "down": down}], now)

    def _events(self, kind: str) -> tuple[Event, ...]:
        found = self._metadata.latest(kind, REMEMBERED)
        return tuple(event for event in found if event.payload["channel"] == self._channel)

    def _tell(self, kind: str, payloads: list[dict[str, object]], now: dt.datetime) -> None:
        self._metadata.tell([Event(kind, now, payload={"channel": self._channel, **each}) for each in payloads])


def _next_try(tried: list[Event]) -> dt.datetime:
    """When a notice is tried again that was tried before, the last time first."""
    wait: dt.timedelta = min(FIRST_WAIT * 2 ** min(len(tried) - 1, 12), LONGEST_WAIT)
    return tried[0].at + wait
