"""The values in what models give, held against those of the times before: what is unusual, and nothing explains, is told."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from jusante.app.above import Above
from jusante.app.system import System
from jusante.core.asset import Asset
from jusante.core.drift import Finding
from jusante.core.event import Event
from jusante.core.profile import Profile
from jusante.core.run import Task
from jusante.dataops.monitors.distribution import Seen, unusual_values, why_meant
from jusante.ingestion.data_drift import ACCEPTED
from jusante.ingestion.data_drift.history import Acceptance, acceptances
from jusante.ingestion.data_drift.surprise import confidence
from jusante.orchestration.profiling import DEVIATED, PROFILED, was_odd

REMEMBERED = 30
MOST_DEVIATED = 2_000
"""So many of the latest times that something was found are looked at, over all models."""
ACCEPTANCES = 100


class Values:
    """What the profiles of this run's models say. `above` knows what is wrong above them already."""

    def __init__(self, system: System, run_id: str, tasks: Iterable[Task], above: Above) -> None:
        self._system = system
        self._run_id = run_id
        self._built = {task.asset for task in tasks if task.status == "succeeded"}
        self._above = above

    def unusual(self, name: str, now: dt.datetime, *, is_open: bool) -> tuple[Finding, ...]:
        """What there is to tell of a model after this run: of what it made, or, while an incident of it goes on, still."""
        if name in self._measured:
            return self._judged(self._system.graph[name], now)
        return deviations(self._system, name) if is_open else ()

    @cached_property
    def _measured(self) -> frozenset[str]:
        """The models that this run has measured."""
        built = [name for name in self._built if self._system.graph[name].kind == "model"]
        events = self._system.metadata.latest(PROFILED, len(built)) if built else ()
        return frozenset(event.asset or "" for event in events if event.run_id == self._run_id)

    @cached_property
    def _deviated(self) -> Mapping[str, Sequence[Event]]:
        """What was found, by model, newest first."""
        found: dict[str, list[Event]] = {}
        for event in self._system.metadata.latest(DEVIATED, MOST_DEVIATED):
            found.setdefault(event.asset or "", []).append(event)
        return found

    def _judged(self, asset: Asset, now: dt.datetime) -> tuple[Finding, ...]:
        """What is found in the last profile and is news; all that is found is written down, once for each profile."""
        known = self._deviated.get(asset.id, ())
        seen = history(self._system, asset.id, known)
        if len(seen) < 2 or seen[-1].profile.flagged:  # found by another process of this run
            return deviations(self._system, asset.id)
        before, made = seen[:-1], seen[-1]
        found = unusual_values(before, made, keys_of(asset), _accepted(self._system, asset.id))
        if not found:
            return ()
        findings = [
            Finding(asset.id, name, each.change, "tell", each.before, each.after, confidence=confidence(each.score))
            for name, each in found.items()
        ]
        whys = {name: why_meant(before, made, name) or self._above.why(asset.id, name) for name in found}
        payload: dict[str, Any] = {
            "profiled": made.profile.at.isoformat(),
            "found": [each.as_dict() for each in findings],
            "explained": {name: why for name, why in whys.items() if why},
        }
        self._system.metadata.tell([Event(DEVIATED, now, self._run_id, asset.id, payload)])
        return tuple(each for each in findings if not whys[each.column])


def deviations(system: System, name: str) -> tuple[Finding, ...]:
    """What was found in a model the last time that it was measured, and neither explained nor accepted since."""
    deviated = standing(system, name)
    if deviated is None:
        return ()
    accepted = _accepted(system, name)
    at = dt.datetime.fromisoformat(deviated["profiled"])
    findings = [Finding(**each) for each in deviated["found"] if each["column"] not in deviated["explained"]]
    return tuple(each for each in findings if not (each.column in accepted and accepted[each.column].until >= at))


def standing(system: System, name: str) -> Mapping[str, Any] | None:
    """What was found in a model's last profile, explained or not; None where nothing was."""
    found = system.metadata.latest(DEVIATED, 1, asset=name)
    last = system.metadata.latest(PROFILED, 1, asset=name) if found else ()
    return found[0].payload if last and was_odd(last[0], found) else None


def history(system: System, name: str, deviated: Sequence[Event] | None = None) -> list[Seen]:
    """A model's last profiles, oldest first, each with what was found in it; that is looked up where it is not given."""
    if deviated is None:
        deviated = system.metadata.latest(DEVIATED, REMEMBERED, asset=name)
    found = {event.payload["profiled"]: event.payload for event in deviated}
    return list(_seen(system.metadata.latest(PROFILED, REMEMBERED, asset=name)[::-1], found))


def _seen(events: Sequence[Event], deviated: Mapping[str, Mapping[str, Any]]) -> Iterator[Seen]:
    for event in events:
        profile = Profile.from_payload(event.at, event.payload)
        said = deviated.get(event.at.isoformat(), {})
        if profile:
            flagged = {each["column"]: (each["change"],) for each in said.get("found", ())}
            version = str(event.payload.get("version", ""))
            yield Seen(replace(profile, flagged=flagged), version, said.get("explained", {}))


def _accepted(system: System, name: str) -> Mapping[str, Acceptance]:
    return acceptances(system.metadata.latest(ACCEPTED, ACCEPTANCES, asset=name))


def keys_of(asset: Asset) -> frozenset[str]:
    """Columns that tell a model's rows apart, or say to which time they belong."""
    time = getattr(getattr(asset.definition, "header", None), "time", None)
    return frozenset(name.lower() for name in (*asset.grain, *([time] if time else ())))
