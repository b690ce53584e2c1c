"""`decide`: what is to be made now, what is late, and when to look again. Pure: the same is decided of the same."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from jusante.core import quiet_hours
from jusante.core.cron import Cron
from jusante.orchestration.conducting.clocks import EPOCH, Clock, next_tick, next_time, passed
from jusante.orchestration.conducting.decision import Decision, Due, Late, Missed, Situation
from jusante.orchestration.conducting.holding import dear_since, is_still_held, next_month
from jusante.orchestration.conducting.laws import Law
from jusante.orchestration.conducting.retrying import next_try
from jusante.orchestration.conducting.targets import Lasts, is_carried, is_there, lasting, late, lead, window
from jusante.orchestration.conducting.traces import NOTHING, SKEW, Trace, turned_back

LOOK_AT_DEADLINES = dt.timedelta(minutes=1)
FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(slots=True)
class _Found:
    """What a look at all assets found."""

    due: list[Due] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    skipped: list[Due] = field(default_factory=list)
    wakes: list[dt.datetime] = field(default_factory=list)


def decide(situation: Situation, now: dt.datetime) -> Decision:
    """What is to be done now. Asking again after what was decided has been told to the ledger decides nothing twice."""
    ahead = _ahead(situation, now)
    if ahead:
        mended = {name: turned_back(situation.traces[name], now) for name in ahead}
        situation = replace(situation, traces={**situation.traces, **mended})
    found = _Found()
    shadow = _shadow(situation)
    lasts = lasting(situation.traces)
    traces = situation.traces
    awake = {*situation.news, *ahead}
    resting = {name: until for name, until in situation.resting.items() if until > now and name not in awake}
    rests = dict(resting)
    for name, law in situation.laws.items():
        if name in resting:
            continue
        trace = traces.get(name, NOTHING)
        if is_paused(law, trace):
            rests[name] = FOREVER
            continue
        known = len(found.wakes)
        if law.deadline:
            found.late += late(law, situation, now, lasts)
            found.wakes += [next_time(law.deadline, now), now + LOOK_AT_DEADLINES]
        due = _due(law, trace, situation, now, found, shadow, lasts)
        if due and law.quiet and (until := quiet_hours.until(law.quiet, now)):
            found.wakes.append(until)
        elif due:
            (found.skipped if is_skipped(trace, now) else found.due).append(due)
        elif _may_rest(law, trace):
            rests[name] = min(found.wakes[known:], default=FOREVER)
    found.wakes += [until for until in resting.values() if until is not FOREVER]
    chosen, waiting = _placed(found.due, situation)
    return Decision(
        due=chosen,
        selection=_selection(chosen, situation, now, shadow),
        missed=_kept_back(found.missed, waiting),
        late=tuple(found.late),
        waiting=waiting,
        skipped=tuple(found.skipped),
        wake=now if waiting or found.skipped else min(found.wakes, default=None),
        rests=rests,
        ahead=ahead,
    )


def _ahead(situation: Situation, now: dt.datetime) -> dict[str, dt.datetime]:
    """The latest times of assets that a clock wrote which was ahead of what it is now."""
    limit, found = now + SKEW, {}
    for name in situation.laws:
        trace = situation.traces.get(name)
        if trace and (latest := trace.latest) and latest > limit:
            found[name] = latest
    return found


def is_paused(law: Law, trace: Trace) -> bool:
    """Whether it is made by hand only: somebody said so last, or else its file does."""
    return law.paused if trace.paused is None else trace.paused


def is_skipped(trace: Trace, now: dt.datetime) -> bool:
    """Whether what is due for it now is to be passed over: somebody said so."""
    return trace.skips and (trace.skips_until is None or now < trace.skips_until)


def _may_rest(law: Law, trace: Trace) -> bool:
    """Whether what makes it due, but for news, is its clock alone."""
    return not (
        law.when or law.is_pulled or law.deadline or trace.is_open or trace.is_owed or trace.failed or trace.held
    )


def _shadow(situation: Situation) -> set[str]:
    """All below what failed last and has not been made since: left as it was until that is."""
    failing = [name for name, trace in situation.traces.items() if trace.failed is not None]
    found: set[str] = set()
    while failing:
        for reader in situation.readers.get(failing.pop(), ()):
            if reader not in found:
                found.add(reader)
                failing.append(reader)
    return found


def _due(  # noqa: PLR0913  # all ways to become due, in the order in which they count
    law: Law, trace: Trace, situation: Situation, now: dt.datetime, found: _Found, shadow: set[str], lasts: Lasts
) -> Due | None:
    if trace.is_open:
        return Due(law.asset, "again", "the run that began for it was cut off", trace.fired or now)
    if law.clock and (due := _by_clock(law, trace, situation, now, found)):
        return due
    if law.when and (due := _by_condition(law, trace, situation, now)):
        return due
    if law.is_pulled and (due := _by_target(law, trace, situation, now, found, lasts)):
        return due
    if again := next_try(law, trace):
        if again <= now:
            why = f"attempt {trace.failures + 1} of {law.attempts} after {trace.code}"
            return Due(law.asset, "retry", why, again)
        found.wakes.append(again)
        return None
    return None if law.asset in shadow else _by_what_is_above(law, trace, situation, now, found)


def _by_what_is_above(law: Law, trace: Trace, situation: Situation, now: dt.datetime, found: _Found) -> Due | None:
    """News, and what was left undone for a reason that may be over; nothing above it has failed."""
    is_held = is_still_held(law, situation.traces, situation.up_since, now)
    if dear := dear_since(trace):
        if trace.failed and next_month(dear) <= now:
            return Due(law.asset, "again", "the month of the budget that refused it is over", trace.fired or now)
        if next_month(dear) > now:
            found.wakes.append(next_month(dear))
    if trace.is_owed and not is_held:
        why = "what held it may be over" if trace.held else "what had failed above it is made"
        return Due(law.asset, "again", why, trace.fired or now)
    if law.follows and law.asset in situation.news:
        return _by_news(law, trace, situation, now, is_held=is_held)
    return None


def _by_clock(law: Law, trace: Trace, situation: Situation, now: dt.datetime, found: _Found) -> Due | None:
    """A tick that has passed and was not dealt with yet, as its policy for catching up says."""
    assert law.clock
    base = _dealt_with(law.clock, trace, now) or situation.up_since
    first = next_tick(law.clock, base)
    if first > now:
        found.wakes.append(first)
        return None
    found.wakes.append(next_tick(law.clock, first if law.catch_up == "all" else now))
    if law.catch_up == "all":
        return Due(law.asset, "clock", str(law.clock), first, tick=first)
    until = now.replace(second=0, microsecond=0) if isinstance(law.clock, Cron) else now
    ticks = passed(law.clock, base, until)
    assert ticks, "the first one has passed"
    if law.catch_up == "none" and ticks.last < situation.up_since:
        found.missed.append(Missed(law.asset, first, ticks.last, ticks.ticks))
        return None
    if first < ticks.last:
        found.missed.append(Missed(law.asset, first, ticks.before_last, ticks.ticks - 1))
    return Due(law.asset, "clock", str(law.clock), ticks.last, tick=ticks.last)


def _dealt_with(clock: Clock, trace: Trace, now: dt.datetime) -> dt.datetime | None:
    """Up to when ticks were dealt with; also those before the clock was behind for a while, and that it passes over now."""
    base, beyond = trace.dealt_with, trace.beyond
    if base is None or beyond is None or not base < beyond <= now:
        return base
    # Where the clock was ahead, each tick up to there comes by itself, one after the other.
    return beyond if next_tick(clock, next_tick(clock, base)) <= beyond else base


def _by_condition(law: Law, trace: Trace, situation: Situation, now: dt.datetime) -> Due | None:
    probe = situation.probes.get(law.asset)
    if probe is None or not probe.holds or probe.mark == trace.mark:
        return None
    return Due(law.asset, "condition", probe.why, now, mark=probe.mark)


def _by_target(
    law: Law, trace: Trace, situation: Situation, now: dt.datetime, found: _Found, lasts: Lasts
) -> Due | None:
    """A run towards a target that has to begin now, so that the asset is there in time."""
    ahead = lead(law, situation, lasts)
    also = tuple(name for name in law.above if name == law.asset or is_carried(situation.laws[name]))
    if law.deadline:
        target = next_time(law.deadline, now)
        begin = target - ahead
        if trace.aimed == target or is_there(trace, window(law, target)):
            return None
        why = f"to be there by {_clock_text(law)} {law.deadline.zone}"
    else:
        assert law.fresh
        known = [_as_of(also, situation), trace.fired]
        last = max((time for time in known if time), default=None)
        begin = last + max(law.fresh - ahead, law.fresh / 4) if last else now
        target, why = begin + ahead, f"no older than {_told(law.fresh)}"
    if begin <= now:
        return Due(law.asset, "target", why, begin, target=target, also=also)
    found.wakes.append(begin)
    return None


def _as_of(names: Iterable[str], situation: Situation) -> dt.datetime | None:
    """Of when the oldest of these is; None where one was never made."""
    times = [situation.traces.get(name, NOTHING).begun for name in names]
    known = [time for time in times if time]
    return min(known) if len(known) == len(times) else None


def _by_news(law: Law, trace: Trace, situation: Situation, now: dt.datetime, *, is_held: bool) -> Due | None:
    """News that came after it failed or was held, if so: what failed with the same rows would fail again."""
    news = situation.news[law.asset]
    # A time that lies ahead was written by a clock that was wrong, and tells nothing.
    since, up_since = (time if time <= now else EPOCH for time in (news.since, situation.up_since))
    if is_held and trace.held and since <= trace.held:
        return None
    if trace.failed and since <= trace.failed and up_since <= trace.failed:
        return None
    if trace.passed and since <= trace.passed:
        return None
    return Due(law.asset, "news", news.why, news.since)


def _placed(due: list[Due], situation: Situation) -> tuple[tuple[Due, ...], tuple[Due, ...]]:
    """Those that are begun now, the most important and then the oldest first, and those that wait for a place."""
    laws = situation.laws
    ordered = sorted(due, key=lambda each: (-laws[each.asset].priority, each.since, each.asset))
    taken: dict[str, int] = {}
    chosen: list[Due] = []
    waiting: list[Due] = []
    for each in ordered:
        pool = laws[each.asset].pool
        full = pool is not None and taken.get(pool, 0) >= situation.pools.get(pool, 1)
        if full or len(chosen) >= situation.at_once:
            waiting.append(each)
            continue
        chosen.append(each)
        if pool is not None:
            taken[pool] = taken.get(pool, 0) + 1
    return tuple(chosen), tuple(waiting)


def _kept_back(missed: list[Missed], waiting: tuple[Due, ...]) -> tuple[Missed, ...]:
    """Ticks that a later one stands for are missed when that is begun, not while it waits."""
    if not waiting:
        return tuple(missed)
    names = {due.asset for due in waiting}
    return tuple(each for each in missed if each.asset not in names)


def _selection(chosen: tuple[Due, ...], situation: Situation, now: dt.datetime, shadow: set[str]) -> tuple[str, ...]:
    """What one run makes: what is due, what its targets need above it, and what follows from what is made anew."""
    names = {due.asset for due in chosen}
    for due in chosen:
        names.update(name for name in due.also if not _is_quiet(situation.laws[name], now))
    sure = [due.asset for due in chosen if due.kind == "news"]
    while sure:
        for reader in situation.readers.get(sure.pop(), ()):
            law = situation.laws.get(reader)
            if law and reader not in names and _may_follow(law, situation.traces, shadow, now):
                names.add(reader)
                sure.append(reader)
    return tuple(name for name in situation.laws if name in names)


def _may_follow(law: Law, traces: Mapping[str, Trace], shadow: set[str], now: dt.datetime) -> bool:
    trace = traces.get(law.asset, NOTHING)
    free = law.follows and law.pool is None and trace.failed is None
    return free and law.asset not in shadow and not is_paused(law, trace) and not is_skipped(trace, now)


def _is_quiet(law: Law, now: dt.datetime) -> bool:
    return law.quiet is not None and quiet_hours.until(law.quiet, now) is not None


def _clock_text(law: Law) -> str:
    assert law.deadline
    minute, hour = law.deadline.expression.split()[:2]
    return f"{int(hour):02}:{int(minute):02}"


def _told(long: dt.timedelta) -> str:
    minutes = long.total_seconds() / 60
    return f"{minutes:g} min" if minutes < 120 else f"{minutes / 60:g} h"
