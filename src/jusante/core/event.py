"""The ledger: what happened, one entry for each change, in the order in which it happened, chained so that edits show.

Events are gathered into segments. A segment bears a digest of its events and of the segment before it, so whoever has
kept a copy of the last one (`Segment.digest`, the head) can tell whether anything before it was edited, taken out, put
in or put into another order.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

GENESIS = "0" * 64
"""What stands before the first segment."""


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the ledger. `payload` holds no personal data and no secrets. `seq` is given by the store.

    `actor` is who did it (`user@host`, or a program's name), empty until the store fills it in; `task` names one try of a
    run at an asset.
    """

    kind: str
    at: dt.datetime
    run_id: str | None = None
    asset: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    seq: int | None = None
    actor: str = ""
    task: str | None = None
    column: str | None = None
    snapshot_id: int | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over all that it says, but for its place in the ledger, as 64 hexadecimal digits."""
        said = [
            *(self.kind, self.at.isoformat(), self.actor, self.run_id, self.task, self.asset, self.column),
            self.snapshot_id,
            self.payload,
        ]
        return _sha(json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str))

    def as_dict(self) -> dict[str, Any]:
        """The event as `--json` prints it; the time in ISO 8601, UTC."""
        return {name: getattr(self, name) for name in self.__slots__} | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it stands in the ledger, and the digest that was written with it."""

    event: Event
    digest: str

    @property
    def seq(self) -> int:
        """Its number."""
        assert self.event.seq is not None
        return self.event.seq


@dataclass(frozen=True, slots=True)
class Segment:
    """A sealed part of the ledger. `bag` is a digest of its events without regard to their order."""

    number: int
    first_seq: int
    last_seq: int
    events: int
    bag: str
    digest: str
    sealed_at: dt.datetime

    def as_dict(self) -> dict[str, Any]:
        """The segment as `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"sealed_at": self.sealed_at.isoformat()}


FaultKind = Literal["edited", "missing", "inserted", "reordered", "broken", "head"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the ledger that is not as it was written. `first_seq` and `last_seq` say where."""

    kind: FaultKind
    first_seq: int
    last_seq: int
    what: str

    def as_dict(self) -> dict[str, Any]:
        """The fault as `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Stray:
    """A projection that does not follow from the ledger: how many rows it has, and how many it should have."""

    projection: str
    rows: int
    meant: int

    @property
    def what(self) -> str:
        """What is wrong with it, for a person."""
        if self.rows == self.meant:
            return f"some of the {self.rows:,} rows of {self.projection} say something else than the ledger"
        return f"{self.projection} has {self.rows:,} rows, and {self.meant:,} follow from the ledger"

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"what": self.what}


def sealed(before: Segment | None, events: Sequence[tuple[int, str]], now: dt.datetime) -> Segment:
    """The segment of these events, each its number and digest, after the one before."""
    digests = [digest for _, digest in events]
    return Segment(
        number=before.number + 1 if before else 1,
        first_seq=events[0][0],
        last_seq=events[-1][0],
        events=len(events),
        bag=_bag(digests),
        digest=_chained(before.digest if before else GENESIS, events),
        sealed_at=now,
    )


def faults(segments: Sequence[Segment], entries: Iterable[Entry], head: str | None = None) -> Iterator[Fault]:
    """All that is not as it was written. Both come by their number; `head` is a digest kept from an earlier time.

    What came after the last segment is not sealed yet: of that only edits can be told.
    """
    waiting = iter(entries)
    ahead = next(waiting, None)
    before, last = GENESIS, 0
    for segment in segments:
        found: list[Entry] = []
        while ahead is not None and ahead.seq <= segment.last_seq:
            found.append(ahead)
            ahead = next(waiting, None)
        yield from _edited(found)
        yield from _differs(segment, before, last, found)
        before, last = segment.digest, segment.last_seq
    yield from _edited(chain([ahead] if ahead else [], waiting))
    yield from _numbering(segments)
    if head is not None and head not in {segment.digest for segment in segments}:
        yield Fault(
            "head", 1, last, "no segment ends in the head that was kept: the ledger was written anew, or cut off"
        )


def _edited(entries: Iterable[Entry]) -> Iterator[Fault]:
    for entry in entries:
        if entry.event.digest != entry.digest:
            what = f"event {entry.seq:,} ({entry.event.kind}) says something else than it did"
            yield Fault("edited", entry.seq, entry.seq, what)


def _differs(segment: Segment, before: str, after: int, entries: list[Entry]) -> Iterator[Fault]:
    """What is wrong with the events after that number, which the segment sealed."""
    events = [(entry.seq, entry.digest) for entry in entries]
    if segment.digest == _chained(before, events):
        return
    lacking = segment.events - len(events)
    if lacking > 0:
        yield _fault("missing", segment, after, f"{lacking:,} of {segment.events:,} events are gone")
    elif lacking < 0:
        yield _fault("inserted", segment, after, f"{-lacking:,} events were put in after these were sealed")
    elif segment.bag == _bag([digest for _, digest in events]):
        yield _fault("reordered", segment, after, "the events are those that were written, in another order")
    else:
        yield _fault("broken", segment, after, "the seal does not fit these events and the seal before them")


def _numbering(segments: Sequence[Segment]) -> Iterator[Fault]:
    for number, segment in enumerate(segments, 1):
        if segment.number != number:
            yield Fault("missing", segment.first_seq, segment.last_seq, f"seal {number} is gone")
            return


def _fault(kind: FaultKind, segment: Segment, after: int, what: str) -> Fault:
    return Fault(kind, after + 1, segment.last_seq, what)


def _chained(before: str, events: Sequence[tuple[int, str]]) -> str:
    return _sha("\n".join([before, *(f"{seq} {digest}" for seq, digest in events)]))


def _bag(digests: Sequence[str]) -> str:
    return _sha("\n".join(sorted(digests)))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
