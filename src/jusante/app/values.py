"""The values in what models give, held against those of the times before: what is unusual, and nothing explains, is told."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from jusante.app.above import Above
from jusante.app.system import System
from jusante.core.asset import Asset
from jusante.core.drift import Finding
from jusante.core.event import Event
from jusante.core.profile import Profile
from jusante.dataops.monitors.distribution import Seen, unusual_values, why_meant
from jusante.ingestion.data_drift import ACCEPTED
from jusante.ingestion.data_drift.history import Acceptance, acceptances
from jusante.ingestion.data_drift.surprise import confidence
from jusante.orchestration.profiling import DEVIATED, PROFILED

REMEMBERED = 30
ACCEPTANCES = 100


class Values:
    """What the profiles of this run's models say. `above` knows what is wrong above them already."""

    def __init__(self, system: System, run_id: str, above: Above) -> None:
        self._system = system
        self._run_id = run_id
        self._above = above

    def unusual(self, name: str, now: dt.datetime, *, is_open: bool) -> tuple[Finding, ...]:
        """What there is to tell of a model after this run: of what it made, or, while an incident of it goes on, still."""
        last = next(iter(self._system.metadata.latest(PROFILED, 1, asset=name)), None)
        if last is None:
            return ()
        if last.run_id == self._run_id:
            self._judge(self._system.graph[name], last, now)
        elif not is_open:
            return ()
        return deviations(self._system, name)

    def _judge(self, asset: Asset, last: Event, now: dt.datetime) -> None:
        """Write down what is found, once for each time that a model was measured."""
        seen = history(self._system, asset.id)
        deviated = self._system.metadata.latest(DEVIATED, 1, asset=asset.id)
        if len(seen) < 2 or (deviated and deviated[0].payload["profiled"] == last.at.isoformat()):
            return
        before, made = seen[:-1], seen[-1]
        found = unusual_values(before, made, keys_of(asset), _accepted(self._system, asset.id))
        if not found:
            return
        findings = [
            Finding(asset.id, name, deviation.change, "tell", deviation.before, deviation.after)
            for name, deviation in found.items()
        ]
        sure = [replace(each, confidence=confidence(found[each.column].score)) for each in findings]
        whys = {name: why_meant(before, made, name) or self._above.why(asset.id, name) for name in found}
        payload: dict[str, Any] = {
            "profiled": last.at.isoformat(),
            "found": [each.as_dict() for each in sure],
            "explained": {name: why for name, why in whys.items() if why},
        }
        self._system.metadata.tell([Event(DEVIATED, now, self._run_id, asset.id, payload)])


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
    return found[0].payload if last and found[0].payload["profiled"] == last[0].at.isoformat() else None


def history(system: System, name: str) -> list[Seen]:
    """A model's last profiles, oldest first, each with what was found in it."""
    deviated = {e.payload["profiled"]: e.payload for e in system.metadata.latest(DEVIATED, REMEMBERED, asset=name)}
    return list(_seen(system.metadata.latest(PROFILED, REMEMBERED, asset=name)[::-1], deviated))


def _seen(events: tuple[Event, ...], deviated: Mapping[str, Mapping[str, Any]]) -> Iterator[Seen]:
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
