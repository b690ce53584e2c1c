"""What the ledger remembers of each asset's times: worked out event by event, so that a restart knows what was known."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jusante.core.event import Event

KEPT_SECONDS = 30
"""Of how many times an asset was made the durations are kept."""

LEFT_ALONE = "left as it was"


@dataclass(frozen=True, slots=True)
class Trace:
    """What is remembered of one asset.

    `text` is the law that was seen last and `since` when it was first seen: ticks before that are none of ours. `ticked` is
    the last tick that was dealt with, `aimed` the last target that a run was started for. `failures` are those of the occasion that it was last fired for. `is_open`: it was fired, and
    no run has dealt with it yet. `made` is when it was last known to be as it should be, `begun` when that work began.
    """

    since: dt.datetime | None = None
    text: str = ""
    ticked: dt.datetime | None = None
    fired: dt.datetime | None = None
    aimed: dt.datetime | None = None
    is_open: bool = False
    made: dt.datetime | None = None
    begun: dt.datetime | None = None
    failed: dt.datetime | None = None
    failures: int = 0
    code: str = ""
    mark: str = ""
    paused: bool | None = None
    resumed: dt.datetime | None = None
    at_risk: dt.datetime | None = None
    missed: dt.datetime | None = None
    seconds: tuple[float, ...] = ()


NOTHING = Trace()


def remembered(traces: Mapping[str, Trace], events: Iterable[Event]) -> dict[str, Trace]:
    """The traces after these events, which come in their order."""
    found = dict(traces)
    for event in events:
        if event.asset:
            found[event.asset] = after(found.get(event.asset, NOTHING), event)
    return found


def after(trace: Trace, event: Event) -> Trace:  # noqa: PLR0911  # one line for each kind of event
    """The trace of an asset after one more event about it."""
    said = event.payload
    match event.kind:
        case "trigger.set":
            return replace(trace, since=event.at, text=said["law"])
        case "trigger.fired":
            return _fired(trace, event)
        case "trigger.missed":
            return replace(trace, ticked=_later(trace.ticked, _time(said["last"])))
        case "trigger.probed":
            return replace(trace, mark=said["mark"])
        case "trigger.failed":
            return replace(trace, is_open=False, failed=event.at, failures=trace.failures + 1, code=said["code"])
        case "deadline.at_risk":
            return replace(trace, at_risk=_time(said["due"]))
        case "deadline.missed":
            return replace(trace, missed=_time(said["due"]))
        case "asset.paused":
            return replace(trace, paused=True)
        case "asset.resumed":
            return replace(trace, paused=False, resumed=event.at)
    return _worked(trace, event) if event.kind.startswith("task.") else trace


def _fired(trace: Trace, event: Event) -> Trace:
    said = event.payload
    goes_on = said["kind"] in {"retry", "again"}
    return replace(
        trace,
        is_open=True,
        failures=trace.failures if goes_on else 0,
        fired=event.at,
        ticked=_later(trace.ticked, _time(said.get("tick"))),
        aimed=_time(said.get("for")) or trace.aimed,
        mark=said.get("mark") or trace.mark,
    )


def _worked(trace: Trace, event: Event) -> Trace:
    task = event.payload["task"]
    if task["status"] in {"failed", "held"}:
        code = (task["error"] or {}).get("code", "")
        return replace(trace, is_open=False, failed=event.at, failures=trace.failures + 1, code=code)
    if task["status"] == "skipped" and str(task["reason"]).startswith(LEFT_ALONE):
        return replace(trace, is_open=False)
    seconds = (
        (*trace.seconds, float(task["seconds"]))[-KEPT_SECONDS:] if task["status"] == "succeeded" else trace.seconds
    )
    begun = event.at - dt.timedelta(seconds=task["seconds"])
    return replace(trace, is_open=False, made=event.at, begun=begun, failed=None, failures=0, code="", seconds=seconds)


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
