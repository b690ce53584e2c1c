"""What was decided, and what it was decided from."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jusante.core.event import Event
from jusante.orchestration.conducting.laws import Law
from jusante.orchestration.conducting.traces import Trace

DueKind = Literal["again", "retry", "clock", "condition", "target", "news"]


@dataclass(frozen=True, slots=True)
class News:
    """Why something that follows its inputs is not as it should be, and since when."""

    why: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Probe:
    """What a look at a condition found. `mark` changes when what was found does; it holds no data."""

    mark: str
    holds: bool
    why: str


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision depends on, but the time. `readers` are those who read each asset; `up_since` is when the process
    that decides began; `at_once` is how many are begun at once, at the most.

    `resting` is what a decision before found out (`Decision.rests`) about assets to which nothing has happened since: until
    then only news can make them due. It makes no difference to what is decided, only to how long that takes.
    """

    laws: Mapping[str, Law]
    readers: Mapping[str, tuple[str, ...]]
    up_since: dt.datetime
    traces: Mapping[str, Trace] = field(default_factory=dict)
    news: Mapping[str, News] = field(default_factory=dict)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    pools: Mapping[str, int] = field(default_factory=dict)
    at_once: int = 64
    resting: Mapping[str, dt.datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Due:
    """An asset that is to be made now. `tick` is that of its clock, `target` what it has to be there for.

    `also` are assets to be made in the same run: those above it that its target needs.
    """

    asset: str
    kind: DueKind
    why: str
    since: dt.datetime
    tick: dt.datetime | None = None
    target: dt.datetime | None = None
    mark: str = ""
    also: tuple[str, ...] = ()

    def event(self, now: dt.datetime) -> Event:
        """The entry of the ledger that says so."""
        return self._event("trigger.fired", now)

    def skipped(self, now: dt.datetime) -> Event:
        """The entry of the ledger that says that it was passed over."""
        return self._event("trigger.skipped", now)

    def _event(self, kind: str, now: dt.datetime) -> Event:
        said = {"kind": self.kind, "why": self.why, "tick": _iso(self.tick), "for": _iso(self.target)}
        given: dict[str, Any] = {key: value for key, value in {**said, "mark": self.mark}.items() if value}
        return Event(kind, now, asset=self.asset, payload=given)


@dataclass(frozen=True, slots=True)
class Missed:
    """Ticks that nothing is made for any more: one run stood for them all, or none was wanted. Counted up to a thousand."""

    asset: str
    first: dt.datetime
    last: dt.datetime
    ticks: int

    def event(self, now: dt.datetime) -> Event:
        """The entry of the ledger that says so."""
        said = {"first": _iso(self.first), "last": _iso(self.last), "ticks": self.ticks}
        return Event("trigger.missed", now, asset=self.asset, payload=said)


@dataclass(frozen=True, slots=True)
class Late:
    """A deadline that is at risk or was missed. `expected` is when the asset will be there; None where nobody can say."""

    asset: str
    due: dt.datetime
    why: str
    is_over: bool
    expected: dt.datetime | None = None

    def event(self, now: dt.datetime) -> Event:
        """The entry of the ledger that says so."""
        kind = "deadline.missed" if self.is_over else "deadline.at_risk"
        said = {"due": _iso(self.due), "expected": _iso(self.expected), "why": self.why}
        return Event(kind, now, asset=self.asset, payload=said)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done now. `waiting` are due as well and find no place yet; `skipped` are passed over by
    request; `wake` is when to decide anew; `rests` are assets that nothing but news makes due before a time. `ahead` are
    times of assets that lie after now, as the clock was put back: they count as of now."""

    due: tuple[Due, ...] = ()
    selection: tuple[str, ...] = ()
    missed: tuple[Missed, ...] = ()
    late: tuple[Late, ...] = ()
    waiting: tuple[Due, ...] = ()
    skipped: tuple[Due, ...] = ()
    wake: dt.datetime | None = None
    rests: Mapping[str, dt.datetime] = field(default_factory=dict)
    ahead: Mapping[str, dt.datetime] = field(default_factory=dict)

    def events(self, now: dt.datetime) -> tuple[Event, ...]:
        """What the ledger is told of it, before anything is done."""
        back = (
            Event("trigger.turned_back", now, asset=name, payload={"latest": _iso(latest)})
            for name, latest in self.ahead.items()
        )
        passed = [*(missed.event(now) for missed in self.missed), *(late.event(now) for late in self.late)]
        skipped = (due.skipped(now) for due in self.skipped)
        return (*back, *passed, *skipped, *(due.event(now) for due in self.due))


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
