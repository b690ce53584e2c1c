"""What people do about an incident: each act is an event, refused where it makes no sense."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from jusante.core.event import Event
from jusante.core.incident import (
    ABSORBED,
    ACKNOWLEDGED,
    ASSIGNED,
    COMMENTED,
    MERGED,
    PARTED,
    REOPENED,
    RESOLVED,
    SILENCED,
    Incident,
    case_payload,
)
from jusante.errors import UsageError

LONGEST_SILENCE = dt.timedelta(days=90)
LONGEST_TEXT = 2_000


def acknowledge(incident: Incident, now: dt.datetime) -> tuple[Event, ...]:
    """Somebody has seen it and looks after it."""
    _goes_on(incident)
    return (_event(ACKNOWLEDGED, incident, now),)


def assign(incident: Incident, who: str, now: dt.datetime) -> tuple[Event, ...]:
    """It is somebody's from now on."""
    _goes_on(incident)
    return (_event(ASSIGNED, incident, now, to=_words(who, "WHO")),)


def comment(incident: Incident, text: str, now: dt.datetime) -> tuple[Event, ...]:
    """Something to be kept with it."""
    return (_event(COMMENTED, incident, now, text=_words(text, "TEXT")),)


def resolve(incident: Incident, why: str, now: dt.datetime) -> tuple[Event, ...]:
    """It is over, says somebody; if it fails again within a day, it is open again."""
    _goes_on(incident)
    return (_event(RESOLVED, incident, now, why=why or "by hand"),)


def reopen(incident: Incident, why: str, now: dt.datetime, within: Sequence[Incident] = ()) -> tuple[Event, ...]:
    """It is not over. What it was merged into (`within`, one after the other) is without it again."""
    if incident.is_open:
        raise UsageError(f"{incident.id} is open", fix=f"jusante incidents show {incident.id}")
    gone = {"from": incident.id, "keys": list(incident.keys), "assets": list(incident.assets)}
    return (
        _event(REOPENED, incident, now, why=why or "by hand"),
        *(_event(PARTED, each, now, **gone) for each in within),
    )


def silence(incident: Incident, until: dt.datetime, now: dt.datetime) -> tuple[Event, ...]:
    """Nobody is told of it until then. It always ends."""
    _goes_on(incident)
    if not now < until <= now + LONGEST_SILENCE:
        raise UsageError(
            f"a silence ends after now and within {LONGEST_SILENCE.days} days, not at {until:%Y-%m-%d %H:%M} UTC",
            fix="--for 4h, or --until '2027-01-31 07:00'",
        )
    return (_event(SILENCED, incident, now, until=until.isoformat()),)


def merge(incident: Incident, into: Incident, now: dt.datetime) -> tuple[Event, ...]:
    """It is another one's: what it befell, and its cause from now on, belongs to that."""
    if incident.number == into.number:
        raise UsageError(f"{incident.id} cannot be merged into itself", fix="name two incidents")
    if incident.state == "merged" or into.state == "merged":
        gone = incident if incident.state == "merged" else into
        raise UsageError(f"{gone.id} was merged into {gone.merged_into}", fix=f"name {gone.merged_into} in its place")
    if incident.is_open and not into.is_open:
        raise UsageError(
            f"{incident.id} goes on and {into.id} is over: together they would be taken for over",
            fix=f"jusante incidents merge {into.id} {incident.id}, or first: jusante incidents reopen {into.id}",
        )
    absorbed = case_payload(incident) | {"incident": into.id, "from": incident.id, "keys": list(incident.keys)}
    return (
        _event(MERGED, incident, now, into=into.id),
        Event(ABSORBED, now, None, into.cause.asset, absorbed),
    )


def _goes_on(incident: Incident) -> None:
    if not incident.is_open:
        said = f"merged into {incident.merged_into}" if incident.state == "merged" else "resolved"
        raise UsageError(f"{incident.id} is {said}", fix=f"jusante incidents reopen {incident.id}")


def _words(text: str, name: str) -> str:
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise UsageError(f"{name} has between 1 and {LONGEST_TEXT:,} characters", fix="write a sentence or two")
    return text.strip()


def _event(kind: str, incident: Incident, now: dt.datetime, **said: Any) -> Event:
    return Event(kind, now, None, incident.cause.asset, {"incident": incident.id, **said})
