"""What is new after a run: incidents that open, go on, come back, or are over. Pure: cases and what is known in, events out."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jusante.core.event import Event
from jusante.core.graph import Graph
from jusante.core.incident import CONTINUED, OPENED, REOPENED, RESOLVED, Incident
from jusante.dataops.incidents.causes import OF_MODELS, Case

WINDOW = dt.timedelta(days=1)
"""A cause that comes back within this time opens its incident again; later it is a new one that names the old."""


@dataclass(frozen=True, slots=True)
class Now:
    """What a run has shown: which assets are well, and which were looked at; when, in which run.

    `explained` says, by kind and asset, why what is seen is as it should be: it was announced.
    """

    well: Collection[str]
    seen: Collection[str]
    at: dt.datetime
    run_id: str | None
    explained: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told of incidents: events for the ledger, in their order."""

    events: tuple[Event, ...]

    def of(self, kind: str) -> tuple[str, ...]:
        """The ids of the incidents that an event of this kind is about."""
        return tuple(str(event.payload["incident"]) for event in self.events if event.kind == kind)


def decide(
    graph: Graph,
    cases: Iterable[Case],
    known: Sequence[Incident],
    now: Now,
    last_good: Mapping[str, dt.datetime],
    next_number: int,
) -> News:
    """`known` are the incidents that are open or not long over, newest first."""
    events: list[Event] = []
    matched: set[int] = set()
    for case in cases:
        incident = _match(case, known, now.at, matched)
        if incident is None:
            payload = _payload(graph, case, f"I{next_number}", last_good) | {"before": _earlier(case, known)}
            events.append(_event(OPENED, case.cause.asset, payload, now))
            next_number += 1
            continue
        matched.add(incident.number)
        kind = CONTINUED if incident.is_open else REOPENED
        payload = _payload(graph, case, incident.id, last_good) | {"before": incident.before}
        events.append(_event(kind, case.cause.asset, payload, now))
    for incident in known:
        if not incident.is_open or incident.number in matched:
            continue
        if why := _why_explained(incident, now.explained) or _why_over(incident, graph, now, last_good):
            events.append(_event(RESOLVED, incident.cause.asset, {"incident": incident.id, "why": why}, now))
    return News(tuple(events))


def _match(case: Case, known: Iterable[Incident], at: dt.datetime, taken: Collection[int]) -> Incident | None:
    """The incident of the same cause: by its key, else one of the same assets that goes on."""
    candidates = [each for each in known if each.state != "merged" and each.number not in taken]
    going = [each for each in candidates if each.is_open]
    recent = [each for each in candidates if each.resolved and at - each.resolved <= WINDOW]
    for incident in (*going, *recent):
        if case.key in incident.keys:
            return incident
    family = OF_MODELS if case.cause.kind in OF_MODELS else {case.cause.kind}
    return next((each for each in going if each.cause.kind in family and set(each.assets) & set(case.assets)), None)


def _earlier(case: Case, known: Iterable[Incident]) -> str | None:
    return next((each.id for each in known if case.key in each.keys and not each.is_open), None)


def _why_explained(incident: Incident, explained: Mapping[tuple[str, str], str]) -> str:
    """The announcement that explains all that it is about; empty where there is none."""
    reasons = [explained.get((incident.cause.kind, name), "") for name in incident.assets]
    return reasons[0] if reasons and all(reasons) else ""


def _why_over(incident: Incident, graph: Graph, now: Now, last_good: Mapping[str, dt.datetime]) -> str:
    """All that failed is well, or gone from the project; at least one of it must have been looked at. Else empty."""
    there = [name for name in incident.assets if name in graph]
    if not there:
        are = "is" if len(incident.assets) == 1 else "are"
        return (
            "a run went through"
            if incident.cause.kind == "crash"
            else f"{_named(incident.assets)} {are} no longer here"
        )
    if any(name in now.seen for name in there) and all(_is_well(name, incident, now, last_good) for name in there):
        return f"{_named(incident.assets)} succeeded"
    return ""


def _is_well(name: str, incident: Incident, now: Now, last_good: Mapping[str, dt.datetime]) -> bool:
    """Whether an asset is well. After a crash what is known of it from before does not count."""
    if incident.cause.kind == "crash" and name not in now.seen:
        return name in last_good and last_good[name] >= incident.opened
    return name in now.well


def _payload(graph: Graph, case: Case, incident: str, last_good: Mapping[str, dt.datetime]) -> dict[str, object]:
    times = [last_good[name] for name in case.assets if name in last_good]
    first = next((name for name in (case.cause.asset, *case.assets) if name in graph), None)
    return {
        "incident": incident,
        "key": case.key,
        "severity": case.severity,
        "owner": graph[first].owner if first else None,
        "cause": case.cause.as_dict(),
        "assets": list(case.assets),
        "below": list(case.below),
        "touched": [touched.as_dict() for touched in case.touched],
        "suspects": [suspect.as_dict() for suspect in case.suspects],
        "last_good": min(times).isoformat() if times else None,
    }


def _event(kind: str, asset: str, payload: dict[str, object], now: Now) -> Event:
    return Event(kind, now.at, now.run_id, asset, payload)


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more
