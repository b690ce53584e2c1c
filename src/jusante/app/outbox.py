"""Notices on their way: what was to be told, what has arrived, and what could not be sent, all in the ledger."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
FAILURES_ALONE = 2
"""A notice that has failed so often may be the reason itself: another one has to show whether the channel is down."""


class Outboxes:
    """The notices of all channels. What the ledger tells of one sort is read when it is first asked for, once for all of them."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata
        self._read: dict[str, dict[str, list[Event]]] = {}

    def of(self, channel: str) -> "Outbox":
        """Those of one channel."""
        return Outbox(self, channel)

    def events(self, kind: str, channel: str) -> Sequence[Event]:
        """What there is of a kind about a channel, newest first."""
        if kind not in self._read:
            found = self._read[kind] = {}
            for event in self._metadata.latest(kind, REMEMBERED):
                found.setdefault(event.payload["channel"], []).append(event)
        return self._read[kind].get(channel, ())

    def tell(self, kind: str, channel: str, events: Sequence[Event]) -> None:
        """Write down what happened, and know it from now on."""
        self._metadata.tell(events)
        if kind in self._read:
            self._read[kind].setdefault(channel, [])[:0] = reversed(events)


class Outbox:
    """The notices of one channel."""

    def __init__(self, all_: Outboxes, channel: str) -> None:
        self._all = all_
        self._channel = channel
        self._failures: Counter[str] = Counter()

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

        The `patient` leave alone for a while what just failed, and the whole channel where it was just down.
        """
        arrived = self._events(SENT)
        sent = {event.payload["key"] for event in arrived}
        tries: dict[str, list[Event]] = {}
        for event in self._events(TRIED):
            tries.setdefault(event.payload["key"], []).append(event)
        self._failures = Counter({key: len(tried) for key, tried in tries.items()})
        waiting: dict[str, Notice] = {}
        for event in reversed(self._events(POSTED)):
            key = event.payload["notice"]["key"]
            if key not in sent and not (key in tries and now - event.at > GIVEN_UP_AFTER):
                waiting.setdefault(key, Notice(**event.payload["notice"]))
        if patient:
            failed = {key: tries[key] for key in waiting if key in tries}
            pauses = {key for key, tried in failed.items() if now < _next_try(tried)}
            if pauses & _witnesses(failed, (arrived[0].seq or 0) if arrived else 0):
                return ()
            waiting = {key: notice for key, notice in waiting.items() if key not in pauses}
        return tuple(waiting.values())[:limit]

    def sent(self, notice: Notice, now: dt.datetime) -> None:
        """A notice has arrived."""
        self._tell(SENT, [{"key": notice.key}], now)

    def tried(self, notice: Notice, now: dt.datetime, *, down: bool) -> None:
        """A notice could not be sent: the receiver was down, or refused it."""
        self._failures[notice.key] += 1
        self._tell(TRIED, [{"key": notice.key, "down": down}], now)

    def fails_again(self, notice: Notice) -> bool:
        """Whether a notice that fails now has failed before, so often that it may be the reason itself."""
        return self._failures[notice.key] + 1 >= FAILURES_ALONE

    def least_tried_first(self, notices: Sequence[Notice]) -> list[Notice]:
        """These with the one in front that has failed least often, the oldest of several: it is tried in place of others."""
        first = min(range(len(notices)), key=lambda n: self._failures[notices[n].key], default=0)
        return [*notices[first : first + 1], *notices[:first], *notices[first + 1 :]]

    def _events(self, kind: str) -> Sequence[Event]:
        return self._all.events(kind, self._channel)

    def _tell(self, kind: str, payloads: Iterable[dict[str, object]], now: dt.datetime) -> None:
        events = [Event(kind, now, payload={"channel": self._channel, **each}) for each in payloads]
        if events:
            self._all.tell(kind, self._channel, events)


def _next_try(tried: list[Event]) -> dt.datetime:
    """When a notice is tried again that was tried before, the last time first."""
    wait: dt.timedelta = min(FIRST_WAIT * 2 ** min(len(tried) - 1, 12), LONGEST_WAIT)
    return tried[0].at + wait


def _witnesses(failed: Mapping[str, Sequence[Event]], arrived: int) -> set[str]:
    """The notices that show that the channel is down: they failed as if it were, and none has arrived since that event.

    One that failed again and again while others arrived, or while no other was tried, shows nothing but that it cannot be
    sent itself. Pure.
    """
    found = {
        key: len(tried)
        for key, tried in failed.items()
        if tried[0].payload.get("down", True)
        and (tried[0].seq or 0) > arrived
        and sum((event.seq or 0) < arrived for event in tried) < FAILURES_ALONE
    }
    return set() if len(found) == 1 and max(found.values()) >= FAILURES_ALONE else set(found)
