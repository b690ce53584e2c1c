"""What begins the making of each asset where nobody looks at conditions and measures: clocks, people, and news."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from jusante.core.cron import Cron
from jusante.core.duration import words
from jusante.orchestration.conducting.clocks import Clock, Every
from jusante.orchestration.conducting.laws import Law
from jusante.orchestration.conducting.targets import is_carried
from jusante.orchestration.handover.crons import is_said
from jusante.orchestration.handover.plan import HAND, Note, Start

QUARTER = dt.timedelta(minutes=15)
UNMEASURED = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)

Leads = Mapping[str, dt.timedelta]
"""How long before its target the work towards an asset begins, where that was measured."""


@dataclass(frozen=True, slots=True)
class Found:
    """The start of each asset that has one of its own, those from which each is reached, and what is other than in jusante."""

    own: Mapping[str, Start]
    reach: Mapping[str, frozenset[Start]]
    notes: tuple[Note, ...]


def starts(laws: Mapping[str, Law], leads: Leads) -> Found:
    """Where each asset that a run makes is reached from: its own clock or conditions, or those of what it follows."""
    targets, notes = _targets(laws, leads)
    own: dict[str, Start] = {}
    reach: dict[str, frozenset[Start]] = {}
    for name, law in laws.items():
        start = _own(law) or targets.get(name)
        above = frozenset(each for asset in law.inputs for each in reach[asset]) if law.follows else frozenset[Start]()
        if start or not above:
            own[name] = start or HAND
        reach[name] = frozenset({own[name]}) if name in own else above
    return Found(own, reach, notes)


def _own(law: Law) -> Start | None:
    if law.paused or is_unsaid(law):
        return HAND
    if law.clock:
        return Start("clock", law.clock, catch_up="all" if law.catch_up == "all" else "one")
    return Start("when", when=tuple(sorted(map(str, law.when)))) if law.when else None


def is_unsaid(law: Law) -> bool:
    """Whether a clock makes it that others have no form for."""
    return law.clock is not None and not is_said(law.clock)


def _targets(laws: Mapping[str, Law], leads: Leads) -> tuple[Mapping[str, Start], tuple[Note, ...]]:
    """The starts that targets give to what stands first above them and has none of its own; the most frequent one wins."""
    chosen: dict[str, Clock] = {}
    notes = []
    for law in laws.values():
        if not law.is_pulled or law.paused:
            continue
        clock, note = _aim(law, leads)
        notes.append(note)
        for name in law.above:
            first = name == law.asset or is_carried(laws[name])
            if first and not _has_start_above(laws[name], laws):
                chosen[name] = min(chosen.get(name, clock), clock, key=_pace)
    return {name: Start("clock", clock) for name, clock in chosen.items()}, tuple(notes)


def _has_start_above(law: Law, laws: Mapping[str, Law]) -> bool:
    """Whether something that it reads is made here, so that news of that begin it."""
    return law.follows and any(not laws[name].paused for name in law.inputs)


def _aim(law: Law, leads: Leads) -> tuple[Clock, Note]:
    """The clock that serves a target, and what is lost with it."""
    if law.deadline:
        ahead = leads.get(law.asset, UNMEASURED)
        ahead = min(-(-ahead // QUARTER) * QUARTER, DAY - QUARTER)
        hour_text, minute_text = law.deadline.expression.split()[1], law.deadline.expression.split()[0]
        begin = (dt.timedelta(hours=int(hour_text), minutes=int(minute_text)) - ahead) % DAY // MINUTE
        clock: Clock = Cron(f"{begin % 60} {begin // 60} * * *", law.deadline.zone)
        what = (
            f"has to be there by {int(hour_text):02}:{minute_text:0>2} {law.deadline.zone}; work towards it begins "
            f"{words(ahead)} before, whatever the durations"
        )
        return clock, Note(what, (law.asset,))
    assert law.fresh
    half = max(law.fresh // 2 // MINUTE * MINUTE, MINUTE)
    every = Every(_short(half), half)
    return every, Note(f"may be {words(law.fresh)} old; it is made {every}, however long that takes", (law.asset,))


def _short(length: dt.timedelta) -> str:
    minutes = length // MINUTE
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def _pace(clock: Clock) -> tuple[float, str]:
    return (clock.step.total_seconds() if isinstance(clock, Every) else DAY.total_seconds(), str(clock))
