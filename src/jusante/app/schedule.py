"""What is made when, and why, as far as clocks tell; pausing and resuming."""

import datetime as dt
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jusante.app.conductor import Memory
from jusante.app.lake import Lake
from jusante.core import duration
from jusante.core.cron import Cron
from jusante.core.event import Event
from jusante.orchestration.conducting.deciding import is_paused, is_skipped
from jusante.orchestration.conducting.laws import Law, laws
from jusante.orchestration.conducting.targets import is_carried, lasting, lead
from jusante.orchestration.conducting.traces import NOTHING, Trace, median
from jusante.orchestration.selection import made_among

BY_HAND, ONCE = "by hand", "once"


@dataclass(frozen=True, slots=True)
class Planned:
    """One time at which an asset is to be made. `zone` is that of its clock, `seconds` how long it usually takes."""

    at: dt.datetime
    asset: str
    why: str
    zone: str
    seconds: float | None

    def as_dict(self) -> dict[str, Any]:
        """The time as `--json` prints it, in UTC."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Standing:
    """An asset that no clock makes, or that is paused, and what makes it."""

    asset: str
    made: str
    paused: bool

    def as_dict(self) -> dict[str, Any]:
        """The asset as `--json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


def schedule(
    lake: Lake, wishes: tuple[str, ...], now: dt.datetime, most: int
) -> tuple[tuple[Planned, ...], tuple[Standing, ...]]:
    """The next time at which each asset is to be made, and how those without a clock come to be made.

    Of assets that are named, all times are told; `most` is how many times, at the most.
    """
    chosen = made_among(lake.project.graph, wishes)
    wanted = laws(lake.project.graph)
    traces = Memory(lake).traces
    clocks, rest = [], []
    for law in wanted.values():
        if law.asset not in chosen:
            continue
        paused = is_paused(law, traces.get(law.asset, NOTHING))
        if paused or not (law.clock or (law.is_pulled and law.deadline)):
            rest.append(Standing(law.asset, _made(law), paused))
        else:
            clocks.append(islice(_times(law, wanted, traces, now), most if wishes else 1))
    planned = islice(heapq.merge(*clocks, key=lambda planned: (planned.at, planned.asset)), most)
    return tuple(planned), tuple(rest)


def _times(law: Law, wanted: Mapping[str, Law], traces: Mapping[str, Trace], now: dt.datetime) -> Iterator[Planned]:
    from jusante.orchestration.conducting.decision import Situation

    seconds = traces.get(law.asset, NOTHING).seconds
    usual = median(seconds) if seconds else None
    if law.clock:
        zone = law.clock.zone if isinstance(law.clock, Cron) else "UTC"
        why = law.clock.expression if isinstance(law.clock, Cron) else str(law.clock)
        trace = traces.get(law.asset, NOTHING)
        for number, tick in enumerate(law.clock.ticks(now)):
            passes = is_skipped(trace, tick) and (number == 0 or trace.skips_until is not None)
            yield Planned(tick, law.asset, f"{why}{_skipped(trace)}" if passes else why, zone, usual)
    elif law.deadline:
        ahead = lead(law, Situation(wanted, {}, now, traces), lasting(traces))
        minute, hour = law.deadline.expression.split()[:2]
        for due in law.deadline.ticks(now):
            yield Planned(due - ahead, law.asset, f"to be there by {hour:0>2}:{minute:0>2}", law.deadline.zone, usual)


def _skipped(trace: Trace) -> str:
    """That a time is passed over, and until when they are, here."""
    return f", skipped until {trace.skips_until:%d %b %H:%M} UTC" if trace.skips_until else ", skipped"


def _made(law: Law) -> str:
    """What makes an asset that has no clock, in words."""
    if law.clock:
        return str(law.clock)
    if law.when:
        return "when " + " or ".join(str(condition) for condition in law.when)
    if law.fresh:
        return f"no older than {duration.words(law.fresh)}"
    if law.follows and law.inputs:
        return "when its inputs bring news"
    return BY_HAND if not law.follows or is_carried(law) else ONCE


def unprompted(lake: Lake, wishes: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the assets chosen that neither a clock nor a condition makes: there is nothing to skip."""
    chosen = made_among(lake.project.graph, wishes)
    wanted = laws(lake.project.graph).values()
    return tuple(law.asset for law in wanted if law.asset in chosen and _made(law) in {BY_HAND, ONCE})


def going(lake: Lake, wishes: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the assets chosen that are neither paused nor skipped: there is nothing to resume."""
    chosen, wanted = made_among(lake.project.graph, wishes), laws(lake.project.graph)
    traces = Memory(lake).traces
    rests = {name for name, law in wanted.items() if is_paused(law, traces.get(name, NOTHING))}
    return tuple(sorted(name for name in chosen - rests if not traces.get(name, NOTHING).skips))


def pause(lake: Lake, wishes: tuple[str, ...], now: dt.datetime, *, resume: bool) -> tuple[str, ...]:
    """Pause or resume assets: an entry in the ledger, which `up` heeds within seconds. Those it was said of."""
    chosen = sorted(made_among(lake.project.graph, wishes))
    kind = "asset.resumed" if resume else "asset.paused"
    lake.metadata.tell([Event(kind, now, asset=name) for name in chosen])
    return tuple(chosen)


def skip(
    lake: Lake, wishes: tuple[str, ...], now: dt.datetime, *, until: dt.datetime | None, why: str
) -> tuple[str, ...]:
    """Pass over what is due for assets: the next time, or all until a moment. Those it was said of. `run` still makes them."""
    chosen = sorted(made_among(lake.project.graph, wishes))
    said = {"until": until.isoformat() if until else None, "why": why}
    payload = {key: value for key, value in said.items() if value}
    lake.metadata.tell([Event("asset.skip", now, asset=name, payload=payload) for name in chosen])
    return tuple(chosen)
