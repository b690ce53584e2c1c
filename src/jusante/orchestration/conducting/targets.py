"""From targets backwards: when work has to begin so that an asset is there in time, and when it will be there.

Durations are those of the last times: nine of ten were not longer. What was never measured is taken to last no time.
"""

import datetime as dt
from collections.abc import Callable, Mapping

from jusante.core import quiet_hours
from jusante.orchestration.conducting.clocks import next_tick, next_time, tick_before
from jusante.orchestration.conducting.decision import Late, Situation
from jusante.orchestration.conducting.holding import is_still_held
from jusante.orchestration.conducting.laws import Law
from jusante.orchestration.conducting.retrying import next_try
from jusante.orchestration.conducting.traces import NOTHING, Trace, quantile

USUAL_SHARE = 0.9
RESERVE = 1.1
LEAST_RESERVE = dt.timedelta(seconds=30)

Lasts = Callable[[str], dt.timedelta]


def lasting(traces: Mapping[str, Trace]) -> Lasts:
    """How long making each asset takes."""
    kept: dict[str, dt.timedelta] = {}

    def lasts(name: str) -> dt.timedelta:
        if name not in kept:
            kept[name] = dt.timedelta(seconds=quantile(traces.get(name, NOTHING).seconds, USUAL_SHARE))
        return kept[name]

    return lasts


def lead(law: Law, situation: Situation, lasts: Lasts) -> dt.timedelta:
    """How long before its target a run towards it begins: the longest way through all above it, and a reserve."""
    ends: dict[str, dt.timedelta] = {}
    for name in law.above:
        if name == law.asset or is_carried(situation.laws[name]):
            before = max(
                (ends[above] for above in situation.laws[name].inputs if above in ends), default=dt.timedelta()
            )
            ends[name] = before + lasts(name)
    return ends[law.asset] * RESERVE + LEAST_RESERVE


def is_carried(law: Law) -> bool:
    """Whether a run towards a target below makes it, too: no clock or condition of its own says when it is made."""
    return law.clock is None and not law.when and not law.paused


def window(law: Law, due: dt.datetime) -> dt.datetime:
    """Since when an asset must have been begun to count for a deadline: its age is told, or the deadline before."""
    if law.fresh:
        return due - law.fresh
    assert law.deadline
    return tick_before(law.deadline, due)


def is_there(trace: Trace, since: dt.datetime) -> bool:
    """Whether an asset was made of what was there at that time or later."""
    return trace.begun is not None and trace.begun > since


def expected(law: Law, situation: Situation, since: dt.datetime, now: dt.datetime, lasts: Lasts) -> dt.datetime | None:
    """When an asset will be there if all goes as usual; None where nothing will make it. `since` as in `is_there`."""
    ends: dict[str, dt.datetime | None] = {}
    for name in law.above:
        ends[name] = _end(situation.laws[name], situation, ends, law, since, now, lasts)
    return ends[law.asset]


def _end(  # noqa: PLR0913  # one step of the walk needs all that the walk knows
    law: Law,
    situation: Situation,
    ends: Mapping[str, dt.datetime | None],
    target: Law,
    since: dt.datetime,
    now: dt.datetime,
    lasts: Lasts,
) -> dt.datetime | None:
    trace = situation.traces.get(law.asset, NOTHING)
    if is_there(trace, since) and trace.failed is None:
        return trace.made
    aimed = situation.traces.get(target.asset, NOTHING).aimed
    starts = [now, _start(law, trace, target, aimed, now) if not _is_held(law.asset, situation, now) else None]
    if not law.clock or trace.is_owed:
        starts += [ends[name] for name in law.inputs if name in ends and not _is_held(name, situation, now)]
    known = [start for start in starts if start]
    if len(known) < len(starts):
        return None
    start = max(known)
    return ((quiet_hours.until(law.quiet, start) if law.quiet else None) or start) + lasts(law.asset)


def _is_held(name: str, situation: Situation, now: dt.datetime) -> bool:
    """Whether it keeps what it has, and what is below goes on with that."""
    return is_still_held(situation.laws[name], situation.traces, situation.up_since, now)


def _start(law: Law, trace: Trace, target: Law, aimed: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    """When its own law lets an asset begin; None where nothing will. What waits for a condition may begin at any time."""
    if law.paused if trace.paused is None else trace.paused:
        return None
    again = next_try(law, trace)
    if trace.failed and again:
        return again
    if trace.is_owed:
        return now
    if law.clock:
        tick = next_tick(law.clock, trace.dealt_with or now)
        return next_tick(law.clock, now) if trace.failed and tick <= now else tick
    return None if trace.failed and not _is_still_pulled(law, target, aimed, now) else now


def _is_still_pulled(law: Law, target: Law, aimed: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a run towards the target is still to come, and will make this, too."""
    return target.is_pulled and (aimed is None or aimed <= now) and (law.asset == target.asset or is_carried(law))


def late(law: Law, situation: Situation, now: dt.datetime, lasts: Lasts) -> list[Late]:
    """What is to be told of an asset's deadline, and was not: that it is at risk, that it was missed."""
    assert law.deadline
    trace = situation.traces.get(law.asset, NOTHING)
    found = []
    due = next_time(law.deadline, now)
    before = tick_before(law.deadline, due)
    if trace.since and trace.since < before and (trace.missed is None or trace.missed < before):
        since = window(law, before)
        if not (is_there(trace, since) if law.fresh else trace.made is not None and trace.made > since):
            found.append(Late(law.asset, before, _not_there(before, law, now), is_over=True))
    since = window(law, due)
    if trace.at_risk == due or is_there(trace, since) or now < since:
        return found
    when = expected(law, situation, since, now, lasts)
    if when is None:
        found.append(
            Late(law.asset, due, f"nothing that is planned makes it before {_local(due, law, now)}", is_over=False)
        )
    elif when > due:
        why = f"it is expected at {_local(when, law, now)}, {_minutes(when - due)} late"
        found.append(Late(law.asset, due, why, is_over=False, expected=when))
    return found


def _not_there(due: dt.datetime, law: Law, now: dt.datetime) -> str:
    when = _local(due, law, now)
    return f"it was due at {when} and is not there" if " " in when else f"it is {when} and it is not there"


def _local(moment: dt.datetime, law: Law, now: dt.datetime) -> str:
    """A time on the wall where the deadline is, with the date where that is not today's."""
    import zoneinfo

    assert law.deadline
    zone = zoneinfo.ZoneInfo(law.deadline.zone)
    there = moment.astimezone(zone)
    return f"{there:%H:%M}" if there.date() == now.astimezone(zone).date() else f"{there:%H:%M on %d %b}"


def _minutes(long: dt.timedelta) -> str:
    return f"{max(1, round(long.total_seconds() / 60)):,} min"
