"""What is to be told now, and where. Pure: incidents as they are, what each channel is for, what it was told, and the time in.

Nothing is kept of what is held back: what should have been told and was not is found anew each time it is asked. So what
waits for the end of quiet hours, for the end of a silence, or for the next process after a crash, is never forgotten; and
what is over before it was told is not told at all.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jusante.core import quiet_hours
from jusante.core.incident import (
    ASSIGNED,
    ESCALATED,
    OPENED,
    REOPENED,
    RESOLVED,
    WORSE,
    Incident,
    Severity,
)
from jusante.dataops.incidents.notices import for_next, for_owner, for_reader, key_of, notice, readers
from jusante.ports.notifier import Notice

FORGOTTEN_AFTER = dt.timedelta(days=7)
"""Nobody is told any more that something was over so long ago."""
ELSEWHERE = frozenset({"drift"})
"""Kinds of which the owners hear column by column already that they began."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a channel is for. `least` is how bad an incident must be; `quiet` are hours in which only what `breaks` is told.

    With `after` it hears only of what nobody has acknowledged for so long. `to` hears all of it, in the place of owners.
    """

    channel: str
    least: Severity = "low"
    quiet: str | None = None
    breaks: Severity | None = "high"
    after: dt.timedelta | None = None
    to: str = ""

    @property
    def is_for_owners(self) -> bool:
        """Whether owners are told here what is theirs, also what is no incident."""
        return not self.to and self.after is None

    def is_quiet(self, now: dt.datetime) -> bool:
        """Whether it is to be left alone now."""
        return self.quiet is not None and quiet_hours.until(self.quiet, now) is not None


def due(
    incidents: Iterable[Incident], policies: Iterable[Policy], sent: Mapping[str, Collection[str]], now: dt.datetime
) -> Mapping[str, tuple[Notice, ...]]:
    """The notices that each channel lacks. `sent` are the keys of those that it was given before."""
    known = tuple(incidents)
    return {
        policy.channel: tuple(
            each
            for incident in known
            for each in _of(incident, policy, sent.get(policy.channel, ()), now)
            if each.key not in sent.get(policy.channel, ())
        )
        for policy in policies
    }


def _of(incident: Incident, policy: Policy, told: Collection[str], now: dt.datetime) -> Iterator[Notice]:
    """All that a channel should know of an incident by now."""
    if not _is_for(incident, policy, now):
        return
    if incident.is_open:
        yield from _begun(incident, policy, now)
        yield from _assigned(incident, policy)
    elif incident.state == "resolved" and incident.resolved and now - incident.resolved <= FORGOTTEN_AFTER:
        yield from _over(incident, policy, told, incident.resolved)


def _is_for(incident: Incident, policy: Policy, now: dt.datetime) -> bool:
    if incident.is_silent(now) or WORSE.index(incident.severity) < WORSE.index(policy.least):
        return False
    breaks = policy.breaks is not None and WORSE.index(incident.severity) >= WORSE.index(policy.breaks)
    return breaks or not policy.is_quiet(now)


def _begun(incident: Incident, policy: Policy, now: dt.datetime) -> Iterator[Notice]:
    change, at = _beginning(incident)
    if policy.after is not None:
        if incident.state == "open" and now - at >= policy.after:
            for to in _called(incident, policy):
                yield notice(incident, ESCALATED, to, at, for_next(incident, policy.after))
    elif policy.to:
        yield notice(incident, change, policy.to, at, for_owner(incident))
    elif incident.cause.kind not in ELSEWHERE:
        texts = dict.fromkeys(_answering(incident, at), for_owner(incident))
        for to, things in readers(incident).items():
            texts.setdefault(to, for_reader(incident, things))
        for to, text in texts.items():
            yield notice(incident, change, to, at, text)


def _assigned(incident: Incident, policy: Policy) -> Iterator[Notice]:
    """Whose it is hears so, unless that was said before it began anew: then it hears of that."""
    _, began = _beginning(incident)
    moment = incident.last("assigned")
    if policy.is_for_owners and incident.assignee and moment and moment.at >= began:
        yield notice(incident, ASSIGNED, incident.assignee, moment.at, for_owner(incident))


def _over(incident: Incident, policy: Policy, told: Collection[str], at: dt.datetime) -> Iterator[Notice]:
    """Who was told that it began is told that it is over."""
    change, began = _beginning(incident)
    theirs = readers(incident)
    assigned = incident.last("assigned")
    for to in _everybody(incident, policy, theirs):
        keys = {key_of(incident, each, to, began) for each in (change, ESCALATED)}
        keys |= {key_of(incident, ASSIGNED, to, assigned.at)} if assigned else set()
        if keys & set(told) or (policy.is_for_owners and incident.cause.kind in ELSEWHERE):
            text = for_reader(incident, theirs[to]) if to in theirs else for_owner(incident)
            yield notice(incident, RESOLVED, to, at, text)


def _everybody(incident: Incident, policy: Policy, theirs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    if not policy.is_for_owners:
        return _called(incident, policy)
    first = (incident.owner, incident.assignee)
    return tuple(dict.fromkeys(to for to in (*first, *theirs) if to))


def _called(incident: Incident, policy: Policy) -> tuple[str, ...]:
    to = policy.to or incident.assignee or incident.owner
    return (to,) if to else ()


def _answering(incident: Incident, began: dt.datetime) -> tuple[str, ...]:
    """The owner of the cause, and whose it was when it began anew."""
    moment = incident.last("assigned")
    assignee = incident.assignee if moment and moment.at < began else None
    return tuple(dict.fromkeys(to for to in (incident.owner, assignee) if to))


def _beginning(incident: Incident) -> tuple[str, dt.datetime]:
    """How and when what goes on now began: it opened, or is open again."""
    again = incident.last("reopened")
    return (REOPENED, again.at) if again else (OPENED, incident.opened)
