"""What is said of an incident, to the owner of its cause, to those of what is touched, and to who is called next."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence

from jusante.core import duration
from jusante.core.incident import ASSIGNED, ESCALATED, OPENED, REOPENED, RESOLVED, Incident
from jusante.core.words import counted
from jusante.dataops.incidents.advice import advice
from jusante.dataops.incidents.severity import stops_nothing
from jusante.ports.notifier import Notice

_SAID = {
    OPENED: "opened",
    REOPENED: "is open again",
    RESOLVED: "is over",
    ASSIGNED: "is yours",
    ESCALATED: "waits for somebody",
}
_LEARN = "To write down what it taught you: jusante incidents postmortem {}"
_NAMED = 10


def key_of(incident: Incident, change: str, to: str, at: dt.datetime) -> str:
    """The same for the same news to the same person: what changed, and when it did."""
    return hashlib.sha256(repr((incident.id, change, to, at.isoformat())).encode()).hexdigest()[:32]


def notice(incident: Incident, change: str, to: str, at: dt.datetime, text: str) -> Notice:
    """The notice to somebody that an incident changed at a moment."""
    cause = incident.cause
    about = f": {cause.asset}: {cause.what}" if incident.is_open else f" after {_lasted(incident, at)}: {cause.asset}"
    subject = f"{incident.id} {_SAID[change]}{about}"
    return Notice(to, subject, text, key_of(incident, change, to, at), change, _facts(incident))


def _lasted(incident: Incident, at: dt.datetime) -> str:
    return duration.words(incident.lasted(at))


def readers(incident: Incident) -> Mapping[str, Sequence[str]]:
    """What is touched, by its owner, without those who answer for the cause."""
    theirs: dict[str, list[str]] = {}
    for touched in incident.touched:
        if touched.owner and touched.owner != incident.owner:
            theirs.setdefault(touched.owner, []).append(touched.id)
    return theirs


def for_owner(incident: Incident) -> str:
    """All of it, for whoever has to do something about it."""
    if not incident.is_open:
        why = incident.last("resolved")
        return "\n".join(
            [f"It was: {incident.cause.what}", *([why.text] if why and why.text else []), _LEARN.format(incident.id)]
        )
    lines = [f"{incident.cause.asset}: {incident.cause.what}"]
    lines += [f"at {incident.cause.where}"] if incident.cause.where else []
    if incident.below:
        keep = "keeps what it had" if len(incident.below) == 1 else "keep what they had"
        lines.append(f"{counted(len(incident.below), 'asset')} below {keep}: {_named(incident.below)}")
    lines += [f"likely: {incident.suspects[0].what}"] if incident.suspects else []
    lines += list(advice(incident))[:2]
    return "\n".join([*lines, f"jusante incidents show {incident.id}"])


def for_reader(incident: Incident, things: Sequence[str]) -> str:
    """What it means for what is theirs."""
    if not incident.is_open:
        return f"{incident.cause.asset} is well again. It touched {_named(things)}."
    if stops_nothing(incident):
        return f"{incident.cause.asset}: {incident.cause.what}\nYours that read it: {_named(things)}."
    since = f"as of {incident.last_good:%Y-%m-%d %H:%M} UTC" if incident.last_good else "as they were"
    return f"{incident.cause.asset}: {incident.cause.what}\nYours that read it show data {since}: {_named(things)}."


def for_next(incident: Incident, waited: dt.timedelta) -> str:
    """Why somebody is called who was not told before."""
    touched = [each.id for each in incident.touched if each.kind != "check"]
    lines = [f"Nobody has acknowledged it for {duration.words(waited)}.", for_owner(incident)]
    lines += [f"It touches {_named(touched)}."] if touched else []
    return "\n".join([*lines, f"If you look after it: jusante incidents acknowledge {incident.id}"])


def _facts(incident: Incident) -> dict[str, str]:
    return {
        "incident": incident.id,
        "state": incident.state,
        "severity": incident.severity,
        "kind": incident.cause.kind,
        "asset": incident.cause.asset,
        "owner": incident.owner or "",
        "began": incident.opened.isoformat(),
        "ended": incident.resolved.isoformat() if incident.resolved else "",
    }


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
