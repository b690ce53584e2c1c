"""Who is told of an incident: the owner of its cause and those of what is touched, once for each change of its state."""

import datetime as dt
import hashlib
from collections.abc import Iterator

from jusante.core.incident import ASSIGNED, OPENED, REOPENED, RESOLVED, Incident
from jusante.core.words import counted
from jusante.dataops.incidents.advice import advice
from jusante.dataops.incidents.severity import stops_nothing
from jusante.ports.notifier import Notice

TOLD = {OPENED: "opened", REOPENED: "is open again", RESOLVED: "is over", ASSIGNED: "is yours"}
ELSEWHERE = frozenset({"drift"})
"""Kinds whose beginning the owners hear of column by column already."""
_NAMED = 10


def notices_of(incident: Incident, change: str, now: dt.datetime) -> tuple[Notice, ...]:
    """What is to be said of a change of state; nothing of one that is silent, or that is no change for others."""
    if change not in TOLD or incident.is_silent(now):
        return ()
    if change in {OPENED, REOPENED} and incident.cause.kind in ELSEWHERE:
        return ()
    return tuple(_notices(incident, change))


def _notices(incident: Incident, change: str) -> Iterator[Notice]:
    if change == ASSIGNED:
        if incident.assignee:
            yield _notice(incident, incident.assignee, change, _of_all(incident))
        return
    theirs: dict[str, list[str]] = {}
    for touched in incident.touched:
        if touched.owner:
            theirs.setdefault(touched.owner, []).append(touched.id)
    for owner in dict.fromkeys(filter(None, (incident.owner, incident.assignee))):
        theirs.pop(owner, None)
        yield _notice(incident, owner, change, _of_all(incident))
    for owner, things in theirs.items():
        yield _notice(incident, owner, change, _of_reader(incident, things, change))


def _notice(incident: Incident, to: str, change: str, text: str) -> Notice:
    subject = f"{incident.id} {TOLD[change]}: {incident.cause.asset}: {incident.cause.what}"
    last = incident.timeline[-1].at.isoformat() if incident.timeline else ""
    key = hashlib.sha256(repr((incident.id, change, to, last)).encode()).hexdigest()[:32]
    return Notice(to, subject, text, key, change)


def _of_all(incident: Incident) -> str:
    lines = [f"{incident.cause.asset}: {incident.cause.what}"]
    lines += [f"at {incident.cause.where}"] if incident.cause.where else []
    lines += (
        [f"{counted(len(incident.below), 'asset')} below keep what they had: {_named(incident.below)}"]
        if incident.below
        else []
    )
    lines += [f"likely: {incident.suspects[0].what}"] if incident.suspects and incident.is_open else []
    lines += list(advice(incident))[:2] if incident.is_open else []
    return "\n".join([*lines, f"jusante incidents show {incident.id}"])


def _of_reader(incident: Incident, things: list[str], change: str) -> str:
    if change == RESOLVED:
        return f"{incident.cause.asset} is well again. It touched {_named(things)}."
    if stops_nothing(incident):
        return f"{incident.cause.asset}: {incident.cause.what}\nYours that read it: {_named(things)}."
    since = f"as of {incident.last_good:%Y-%m-%d %H:%M} UTC" if incident.last_good else "as they were"
    return f"{incident.cause.asset}: {incident.cause.what}\nYours that read it show data {since}: {_named(things)}."


def _named(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
