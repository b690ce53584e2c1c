"""An incident: one cause, all that it befell, and what was done about it since. It is what its events in the ledger say."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from jusante.core.blast import Touched
from jusante.core.event import Event

IncidentState = Literal["open", "acknowledged", "resolved", "merged"]
Severity = Literal["high", "medium", "low"]

OPENED, CONTINUED, REOPENED, RESOLVED = (
    "incident.opened",
    "incident.continued",
    "incident.reopened",
    "incident.resolved",
)
ACKNOWLEDGED, ASSIGNED, COMMENTED = "incident.acknowledged", "incident.assigned", "incident.commented"
SILENCED = "incident.silenced"
MERGED, ABSORBED, PARTED = "incident.merged", "incident.absorbed", "incident.parted"

TOLD, ESCALATED = "incident.told", "incident.escalated"
WORSE: tuple[Severity, ...] = ("low", "medium", "high")
"""Severities, each worse than the one before."""
LONGEST_TIMELINE = 200
"""So many moments are shown of an incident: the first, and the latest. All of them stand in the ledger."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What went wrong where. `asset` is the nearest one that fails, `source:x` for a source, `storage` for the disk."""

    asset: str
    kind: str
    what: str
    where: str = ""
    fix: str = ""
    code: str = ""

    def as_dict(self) -> dict[str, str]:
        """The cause as `--json` prints it, and as the ledger keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Suspect:
    """Something that changed since all was well. `weight` is between 0 and 1; `reasons` say why it is suspected."""

    kind: str
    subject: str
    what: str
    weight: float
    reasons: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The suspect as `--json` prints it, and as the ledger keeps it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"reasons": list(self.reasons)}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Suspect":
        """The suspect that `as_dict` wrote."""
        return cls(**{**kept, "reasons": tuple(kept["reasons"])})


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry of the timeline. `times` counts what happened again and again, `until` the last time."""

    at: dt.datetime
    what: str
    text: str
    actor: str = ""
    run_id: str | None = None
    times: int = 1
    until: dt.datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """The moment as `--json` prints it; times in ISO 8601, UTC."""
        said = {name: getattr(self, name) for name in self.__slots__}
        return said | {"at": self.at.isoformat(), "until": self.until.isoformat() if self.until else None}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Moment":
        """The moment that `as_dict` wrote."""
        return cls(**{**kept, "at": dt.datetime.fromisoformat(kept["at"]), "until": _moment(kept["until"])})


@dataclass(frozen=True, slots=True)
class Incident:
    """One cause and what it did. `keys` are the causes it stands for, more than one after a merge.

    `assets` fail, `below` wait for them, `touched` is all that reads them. `last_good` is when the cause's asset was well
    for the last time, None where it never was. `before` is an earlier incident of the same cause.
    """

    number: int
    keys: tuple[str, ...]
    state: IncidentState
    severity: Severity
    cause: Cause
    assets: tuple[str, ...]
    below: tuple[str, ...]
    touched: tuple[Touched, ...]
    suspects: tuple[Suspect, ...]
    owner: str | None
    opened: dt.datetime
    seen: dt.datetime
    timeline: tuple[Moment, ...] = ()
    last_good: dt.datetime | None = None
    resolved: dt.datetime | None = None
    silenced_until: dt.datetime | None = None
    assignee: str | None = None
    merged_into: str | None = None
    before: str | None = None

    @property
    def id(self) -> str:
        """A name that a person can read out: `I12`."""
        return f"I{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether it goes on, acknowledged or not."""
        return self.state in {"open", "acknowledged"}

    def last(self, *what: str) -> Moment | None:
        """The last moment of one of these sorts, as `resolved` or `assigned`."""
        return next((moment for moment in reversed(self.timeline) if moment.what in what), None)

    def lasted(self, now: dt.datetime) -> dt.timedelta:
        """How long it has gone on until `now`, without the times between its end and its being opened again."""
        began: dt.datetime | None = self.opened
        whole = dt.timedelta(0)
        for moment in self.timeline:
            if moment.what == "reopened":
                began = began or moment.at
            elif moment.what in {"resolved", "merged"} and began:
                whole, began = whole + moment.at - began, None
        return whole + (now - began if began else dt.timedelta(0))

    def is_silent(self, now: dt.datetime) -> bool:
        """Whether nobody wants to hear of it at the moment."""
        return self.silenced_until is not None and now < self.silenced_until

    def as_dict(self) -> dict[str, Any]:
        """The incident as `--json` prints it, and as its table keeps it; times in ISO 8601, UTC."""
        said = {name: getattr(self, name) for name in self.__slots__}
        times = {name: _iso(said[name]) for name in ("opened", "seen", "last_good", "resolved", "silenced_until")}
        lists = {name: [each.as_dict() for each in said[name]] for name in ("touched", "suspects", "timeline")}
        plain = {name: list(said[name]) for name in ("keys", "assets", "below")}
        return {"id": self.id} | said | {"cause": self.cause.as_dict()} | times | lists | plain

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Incident":
        """The incident that `as_dict` wrote."""
        said = {name: value for name, value in kept.items() if name != "id"}
        times = {name: _moment(said[name]) for name in ("opened", "seen", "last_good", "resolved", "silenced_until")}
        timeline = tuple(Moment.from_dict(each) for each in said["timeline"])
        return cls(**said | times | _told(said) | {"keys": tuple(said["keys"]), "timeline": timeline})


def case_payload(incident: Incident) -> dict[str, Any]:
    """What an event says of what was found, as `after` reads it."""
    names = ("severity", "owner", "before")
    said: dict[str, Any] = {name: getattr(incident, name) for name in names}
    return said | {
        "incident": incident.id,
        "key": incident.keys[0],
        "cause": incident.cause.as_dict(),
        "assets": list(incident.assets),
        "below": list(incident.below),
        "touched": [touched.as_dict() for touched in incident.touched],
        "suspects": [suspect.as_dict() for suspect in incident.suspects],
        "last_good": _iso(incident.last_good),
    }


def after(incident: Incident | None, event: Event) -> Incident | None:
    """The incident after an event of its own; None before it was opened."""
    if event.kind == OPENED:
        return _noted(_opened(event), event)
    if incident is None:
        return None
    return _noted(replace(incident, **_changed(incident, event)), event)


def _changed(incident: Incident, event: Event) -> dict[str, Any]:
    """What is not as it was after an event, by the name of the field."""
    said = event.payload
    found = _found(incident, said) if "cause" in said and event.kind != ABSORBED else {}
    changed: Mapping[str, dict[str, Any]] = {
        CONTINUED: {"seen": event.at},
        REOPENED: {"state": "open", "seen": event.at, "resolved": None, "merged_into": None},
        RESOLVED: {"state": "resolved", "resolved": event.at},
        ACKNOWLEDGED: {"state": "acknowledged" if incident.is_open else incident.state},
        ASSIGNED: {"assignee": said.get("to")},
        SILENCED: {"silenced_until": _moment(said.get("until"))},
        MERGED: {"state": "merged", "merged_into": said.get("into"), "resolved": event.at},
    }
    of_two = {ABSORBED: _both, PARTED: _without}
    return found | (of_two[event.kind](incident, said) if event.kind in of_two else changed.get(event.kind, {}))


def _opened(event: Event) -> Incident:
    said = event.payload
    return Incident(
        number=int(said["incident"][1:]),
        keys=(said["key"],),
        state="open",
        severity=said["severity"],
        owner=said["owner"],
        opened=event.at,
        seen=event.at,
        last_good=_moment(said["last_good"]),
        before=said["before"],
        **_told(said),
    )


def _told(said: Mapping[str, Any]) -> dict[str, Any]:
    touched = (Touched(t["id"], t["kind"], t["owner"], tuple(t["columns"]), is_direct=True) for t in said["touched"])
    return {
        "cause": Cause(**said["cause"]),
        "assets": tuple(said["assets"]),
        "below": tuple(said["below"]),
        "touched": tuple(touched),
        "suspects": tuple(Suspect.from_dict(each) for each in said["suspects"]),
    }


def _found(incident: Incident, said: Mapping[str, Any]) -> dict[str, Any]:
    """What it is now that it was seen again: all that it ever befell is kept, and it is as bad as it was at its worst."""
    told = _told(said)
    touched = {each.id: each for each in (*incident.touched, *told["touched"])}
    together = {name: _union(getattr(incident, name), told[name]) for name in ("assets", "below")}
    severity = max(incident.severity, said["severity"], key=WORSE.index)
    return told | together | {"touched": tuple(touched.values()), "severity": severity}


def _both(incident: Incident, said: Mapping[str, Any]) -> dict[str, Any]:
    """What it is together with one that was merged into it."""
    told = _told(said)
    touched = {each.id: each for each in (*incident.touched, *told["touched"])}
    assets = _union(incident.assets, told["assets"])
    return {
        "keys": _union(incident.keys, said["keys"]),
        "assets": assets,
        "below": tuple(name for name in _union(incident.below, told["below"]) if name not in assets),
        "touched": tuple(touched.values()),
        "suspects": incident.suspects or told["suspects"],
        "severity": max(incident.severity, said["severity"], key=WORSE.index),
    }


def _without(incident: Incident, said: Mapping[str, Any]) -> dict[str, Any]:
    """What it is without one that was merged into it: what is found and ended as that one's is not its own any more.

    Whom both touched is kept, as of all that an incident ever befell.
    """
    assets = tuple(name for name in incident.assets if name not in said["assets"])
    first, *others = incident.keys
    keys = (first, *(key for key in others if key not in said["keys"]))
    return {"keys": keys, "assets": assets or incident.assets}


def _noted(incident: Incident, event: Event) -> Incident:
    """The incident with one more moment; what is seen again run by run is counted in one."""
    moment = Moment(event.at, event.kind.partition(".")[2], text_of(event), event.actor, event.run_id)
    last = incident.timeline[-1] if incident.timeline else None
    if last and last.what == moment.what == "continued" and last.text == moment.text:
        again = replace(last, times=last.times + 1, until=event.at, run_id=event.run_id)
        return replace(incident, timeline=(*incident.timeline[:-1], again))
    timeline = (*incident.timeline, moment)
    if len(timeline) > LONGEST_TIMELINE:
        timeline = (timeline[0], *timeline[1 - LONGEST_TIMELINE :])
    return replace(incident, timeline=timeline)


def text_of(event: Event) -> str:
    """What an event of an incident says, for a person."""
    said = event.payload
    match event.kind:
        case "incident.opened" | "incident.continued" | "incident.reopened":
            return str(said["cause"]["what"] if "cause" in said else said.get("why", ""))
        case "incident.assigned":
            return f"to {said['to']}"
        case "incident.silenced":
            return f"until {said['until'][:16].replace('T', ' ')} UTC"
        case "incident.merged":
            return f"into {said['into']}"
        case "incident.absorbed":
            return f"{said['from']}: {said['cause']['what']}"
        case "incident.parted":
            return f"{said['from']} goes on by itself"
    return str(said.get("text") or said.get("why") or "")


def _union(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
