"""What the ledger remembers of each asset's times: worked out event by event, so that a restart knows what was known."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from jusante.core.event import Event
from jusante.core.run import LEFT_ALONE, NOT_THERE, OVER_BUDGET, TaskStatus

SKEW = dt.timedelta(hours=1)
"""So far clocks may disagree, or be put right, and what is due waits for it. What lies further ahead was written by a clock
that was wrong."""
KEPT_SECONDS = 30
"""Of how many times an asset was made the durations are kept."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is remembered of one asset.

    `text` is the law that was seen last and `since` when it was first seen: ticks before that are none of ours. `ticked` is
    the last tick that was dealt with, `aimed` the last target that a run was started for. `is_open`: it was fired, and
    no run has dealt with it yet. `is_owed`: it was fired, and nothing was done, as something above it failed or it was held.
    `made` is when it was last known to be as it should be, `begun` when that work began. `failures` are those of the
    occasion that it was last fired for. `held` is when it was held since, `is_dear` whether by its budget: that is no
    failure, and what is below goes on with what there is. `skips`: what is due for it is passed over, once or until
    `skips_until`; `passed` is when that last happened. `beyond` is up to when ticks were dealt with by a clock that was ahead
    of what it is now: they count once it shows that time.
    """

    since: dt.datetime | None = None
    text: str = ""
    ticked: dt.datetime | None = None
    fired: dt.datetime | None = None
    aimed: dt.datetime | None = None
    is_open: bool = False
    is_owed: bool = False
    made: dt.datetime | None = None
    begun: dt.datetime | None = None
    failed: dt.datetime | None = None
    held: dt.datetime | None = None
    is_dear: bool = False
    failures: int = 0
    code: str = ""
    mark: str = ""
    paused: bool | None = None
    resumed: dt.datetime | None = None
    at_risk: dt.datetime | None = None
    missed: dt.datetime | None = None
    skips: bool = False
    skips_until: dt.datetime | None = None
    passed: dt.datetime | None = None
    beyond: dt.datetime | None = None
    seconds: tuple[float, ...] = ()

    @property
    def dealt_with(self) -> dt.datetime | None:
        """Up to when ticks are none of ours, or were dealt with; None where nothing is known."""
        return _later(_later(self.since, self.ticked), self.resumed)

    @property
    def latest(self) -> dt.datetime | None:
        """The latest time at which something happened to it."""
        happened = (self.since, self.ticked, self.resumed, self.fired, self.made, self.failed, self.held)
        return max((time for time in happened if time), default=None)


NOTHING = Trace()
DAY = dt.timedelta(days=1)
_HAPPENED = ("since", "ticked", "fired", "made", "begun", "failed", "held", "passed", "resumed")
_TARGETS = ("aimed", "at_risk", "missed")


def remembered(traces: Mapping[str, Trace], events: Iterable[Event]) -> dict[str, Trace]:
    """The traces after these events, which come in their order."""
    found = dict(traces)
    for event in events:
        if event.asset:
            found[event.asset] = after(found.get(event.asset, NOTHING), event)
    return found


def after(trace: Trace, event: Event) -> Trace:
    """The trace of an asset after one more event about it."""
    if event.kind.startswith("task."):
        return _worked(trace, event)
    rule = _RULES.get(event.kind)
    return rule(trace, event) if rule else trace


def turned_back(trace: Trace, now: dt.datetime) -> Trace:
    """The trace where the clock has been put back: what happened later than now happened now, by the clock that counts."""
    changed: dict[str, Any] = {name: now for name in _HAPPENED if (time := getattr(trace, name)) and time > now}
    changed |= {name: None for name in _TARGETS if (time := getattr(trace, name)) and time > now + DAY}
    return replace(trace, **changed, beyond=_later(trace.beyond, trace.dealt_with))


def _fired(trace: Trace, event: Event) -> Trace:
    said = event.payload
    goes_on = said["kind"] in {"retry", "again"}
    return replace(
        trace,
        is_open=True,
        is_owed=False,
        failures=trace.failures if goes_on else 0,
        fired=event.at,
        ticked=_later(trace.ticked, _time(said.get("tick"))),
        aimed=_time(said.get("for")) or trace.aimed,
        mark=said.get("mark") or trace.mark,
    )


def _passed(trace: Trace, event: Event) -> Trace:
    """What it was due for is dealt with, by doing nothing."""
    found = replace(_fired(trace, event), is_open=False, failures=0, passed=event.at)
    return found if trace.skips_until else replace(found, skips=False)


def _worked(trace: Trace, event: Event) -> Trace:
    task = event.payload["task"]
    if task["status"] == "failed" or (task["status"] == "held" and task["error"]):
        return _failed(trace, event, (task["error"] or {}).get("code", ""))
    if task["status"] == "held":
        found = replace(trace, is_open=False, is_owed=_is_due(trace), failed=None, failures=0, code="")
        return replace(found, held=event.at, is_dear=str(task["reason"]).startswith(OVER_BUDGET))
    if task["status"] == "skipped" and (reason := str(task["reason"])).startswith(LEFT_ALONE):
        return replace(trace, is_open=False, is_owed=_is_due(trace) and reason.endswith(NOT_THERE))
    done = _done(replace(trace, is_open=False), event.at, task["seconds"])
    if task["status"] != "succeeded":
        return done
    return replace(done, seconds=(*trace.seconds, float(task["seconds"]))[-KEPT_SECONDS:])


def _is_due(trace: Trace) -> bool:
    """Whether it was fired, and is not made yet."""
    return trace.is_open or trace.is_owed


def _failed(trace: Trace, event: Event, code: str) -> Trace:
    failures = trace.failures + 1
    return replace(trace, is_open=False, is_owed=False, held=None, failed=event.at, failures=failures, code=code)


def _done(trace: Trace, at: dt.datetime, seconds: float) -> Trace:
    """It is as it should be, made anew or not."""
    begun = at - dt.timedelta(seconds=seconds)
    return replace(trace, is_owed=False, held=None, made=at, begun=begun, failed=None, failures=0, code="")


_RULES: Mapping[str, Callable[[Trace, Event], Trace]] = {
    "trigger.set": lambda trace, event: replace(trace, since=event.at, text=event.payload["law"]),
    "trigger.fired": _fired,
    "trigger.missed": lambda trace, event: replace(trace, ticked=_later(trace.ticked, _time(event.payload["last"]))),
    "trigger.turned_back": lambda trace, event: turned_back(trace, event.at),
    "trigger.probed": lambda trace, event: replace(trace, mark=event.payload["mark"]),
    "trigger.settled": lambda trace, event: _done(
        replace(trace, is_open=False), event.at, float(event.payload["seconds"])
    ),
    "trigger.failed": lambda trace, event: _failed(trace, event, event.payload["code"]),
    "deadline.at_risk": lambda trace, event: replace(trace, at_risk=_time(event.payload["due"])),
    "deadline.missed": lambda trace, event: replace(trace, missed=_time(event.payload["due"])),
    "trigger.skipped": _passed,
    "asset.skip": lambda trace, event: replace(trace, skips=True, skips_until=_time(event.payload.get("until"))),
    "asset.paused": lambda trace, _: replace(trace, paused=True),
    "asset.resumed": lambda trace, event: replace(trace, paused=False, resumed=event.at, skips=False),
}
"""What each kind of event changes."""
KINDS = (*_RULES, *(f"task.{status}" for status in get_args(TaskStatus)))
"""All kinds of events that are remembered."""


def _later(one: dt.datetime | None, other: dt.datetime | None) -> dt.datetime | None:
    return max(one, other) if one and other else one or other


def _time(text: Any) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def median(values: tuple[float, ...]) -> float:
    """The one in the middle; 0 for none."""
    return quantile(values, 0.5)


def quantile(values: tuple[float, ...], share: float) -> float:
    """The smallest value that at least this share of the values is not above; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
