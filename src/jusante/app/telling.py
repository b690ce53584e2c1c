"""Owners are told what happens to what is theirs: one notice for each owner and finding, once."""

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from jusante.app import clock
from jusante.app.announcing import Explained, settle
from jusante.app.drift import Found, held
from jusante.app.holding import telling
from jusante.app.outbox import Outbox, Outboxes
from jusante.app.system import System
from jusante.core import duration
from jusante.core.blast import Touched
from jusante.core.channels import names_of
from jusante.core.environment import NotifyChoice
from jusante.core.event import Event
from jusante.core.holds import reason, ways
from jusante.core.incident import ESCALATED, OPENED, REOPENED, RESOLVED, TOLD, Incident
from jusante.core.words import counted
from jusante.dataops.incidents.due import FORGOTTEN_AFTER, Policy, due
from jusante.errors import JusanteError, ProjectBusy
from jusante.ports.notifier import Notice, Notifier

MOST_AT_ONCE = 200
"""So many notices are sent in one go to one channel; the rest goes with the next run."""
LONGEST_SECONDS = 30.0
"""A slow receiver gets no more of a run's time than this; what is left waits."""
MOST_OPEN, MOST_OVER = 500, 100
"""So many incidents that go on, and that were over last, are looked at for what is to be told of them."""
_NAMED = 10
_PEOPLE = 3


def notices_of(found: Iterable[Found], refused: str = "") -> tuple[Notice, ...]:
    """What the owner of the source, and each owner of something touched, is to be told. `refused`: why a change is."""
    return tuple(notice for each in found for notice in _notices(each, refused))


def _notices(found: Found, refused: str) -> Iterable[Notice]:
    source_owner = found.asset.owner
    theirs: dict[str, list[Touched]] = {}
    for touched in found.blast:
        if touched.owner:
            theirs.setdefault(touched.owner, []).append(touched)
    what = reason(found.finding)
    kind = "drift.rejected" if refused else "drift.held" if found.waits else "drift.found"
    if source_owner:
        yield _notice(
            found, source_owner, kind, _subject_for_source(what, refused), _for_source(found, theirs, refused)
        )
    if refused:
        return
    for owner, things in theirs.items():
        if owner != source_owner:
            subject = f"{counted(len(things), 'thing')} of yours {'wait' if len(things) > 1 else 'waits'}: {what}"
            yield _notice(found, owner, kind, subject if found.waits else what, _for_reader(found, things))


def _notice(found: Found, to: str, kind: str, subject: str, text: str) -> Notice:
    finding = found.finding
    news = (
        kind,
        to,
        finding.table,
        finding.column,
        finding.change,
        finding.before,
        finding.after,
        finding.to,
        found.since,
    )
    key = hashlib.sha256(repr((*news, subject)).encode()).hexdigest()[:32]
    return Notice(to, subject, text, key, kind)


def _subject_for_source(what: str, refused: str) -> str:
    return f"please take it back: {what}" if refused else what


def _for_source(found: Found, theirs: dict[str, list[Touched]], refused: str) -> str:
    lines = [f"{reason(found.finding)}."]
    lines += [f"It is not accepted here: {refused}"] if refused else []
    lines += ["It touches:"] if theirs else ["Nothing here needs it."]
    lines += [f"  {owner}: {_named(things)}" for owner, things in theirs.items()]
    lines += ["If it was not meant, put it back; the rest is then made up for by itself."]
    return "\n".join(lines)


def _for_reader(found: Found, things: list[Touched]) -> str:
    lines = [
        f"{reason(found.finding)} (source {found.asset.id.partition('.')[0]}, owner {found.asset.owner or 'nobody'})."
    ]
    if found.waits:
        lines += [f"These keep their last good state until somebody decides: {_named(things)}."]
        lines += [f"  {way}" for way in ways(found.finding)]
    else:
        lines += [f"It may touch: {_named(things)}."]
    return "\n".join(lines)


def _named(things: list[Touched]) -> str:
    names = [each.id for each in things]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


# -- sending -------------------------------------------------------------------------------------------------------------


def tell_held(system: System) -> tuple[str, ...]:
    """Tell owners of what waits for a decision, and of incidents what is due. What went wrong with that, in words."""
    settled = settle(system, clock.now())
    if not system.project.environment.notify:
        return ()
    return tell(system, (*notices_of(_unannounced(system)), *settled))


def _unannounced(system: System) -> tuple[Found, ...]:
    """What waits for a decision and was not announced to come."""
    waiting = held(system)
    explained = Explained.of(system, clock.now()) if waiting else None
    return tuple(each for each in waiting if not (explained and explained.finding(each.finding)))


def tell(system: System, notices: tuple[Notice, ...] = (), *, patient: bool = False) -> tuple[str, ...]:
    """Post what is given, and what is due of incidents, to each channel that the environment names, and send what waits.

    What cannot be sent now is kept for the next time; the `patient` leave alone for a while what has just been tried.
    Nothing is raised: that somebody cannot be told must not keep the data from being right.
    """
    if not system.project.environment.notify:
        return ()
    try:
        policies = policies_of(system)
        outboxes = Outboxes(system.metadata)
        _post(system, outboxes, policies, notices)
        with telling(system, LONGEST_SECONDS) as is_ours:  # what was sent and tried is read from here on
            return tuple(_sent(system, outboxes, policies, is_ours, patient=patient))
    except ProjectBusy:  # whoever tells now, or later, tells of these as well
        return ()
    except JusanteError as error:
        return (error.what,)


def policies_of(system: System) -> Mapping[str, Policy]:
    """What each channel is for."""
    choices = system.project.environment.notify
    return {name: _policy(name, choice) for name, choice in zip(names_of(choices), choices, strict=True)}


def _policy(channel: str, choice: NotifyChoice) -> Policy:
    return Policy(
        channel,
        choice.severity,
        choice.quiet,
        None if choice.breaks_quiet == "nothing" else choice.breaks_quiet,
        duration.parse(choice.after) if choice.after else None,
        choice.to or ("alertmanager" if choice.kind == "alertmanager" else ""),
    )


def _post(system: System, outboxes: Outboxes, policies: Mapping[str, Policy], notices: tuple[Notice, ...]) -> None:
    """Give each channel what it lacks."""
    now = clock.now()
    incidents = (
        *system.metadata.incidents(["open", "acknowledged"], MOST_OPEN),
        *over_lately(system, now),
    )
    sent = {channel: outboxes.of(channel).known for channel in policies} if incidents else {}
    lacking = due(incidents, policies.values(), sent, now)
    for channel, policy in policies.items():
        hears = notices if policy.is_for_owners and policy.least != "high" else ()
        if hears or lacking[channel]:
            outboxes.of(channel).post((*hears, *lacking[channel]), now)


def over_lately(system: System, now: dt.datetime) -> tuple[Incident, ...]:
    """The incidents whose end may still be told: those that were over last, however long ago they began."""
    newest = {each.id: each for each in system.metadata.incidents(["resolved"], MOST_OVER)}
    ended = system.metadata.latest(RESOLVED, MOST_OVER, since=now - FORGOTTEN_AFTER)
    older = dict.fromkeys(name for event in ended if (name := event.payload["incident"]) not in newest)
    return (*newest.values(), *(found for name in older if (found := system.metadata.incident(int(name[1:])))))


def _sent(
    system: System, outboxes: Outboxes, policies: Mapping[str, Policy], is_ours: Callable[[], bool], *, patient: bool
) -> Iterator[str]:
    arrived: dict[str, list[Notice]] = {}
    for number, (channel, notifier) in enumerate(system.channels(), start=1):
        outbox = outboxes.of(channel)
        waiting = outbox.unsent(MOST_AT_ONCE, clock.now(), patient=patient)
        if policies[channel].is_quiet(clock.now()):  # of incidents only what breaks the quiet was posted
            waiting = tuple(notice for notice in waiting if notice.about)
        try:
            _send(outbox, notifier, waiting, arrived.setdefault(channel, []), is_ours)
        except JusanteError as error:
            yield "; ".join([f"{channel} (notify {number}): {error.what}", *([error.fix] if error.fix else [])])
        finally:
            notifier.close()
    _note(system, arrived)


def _send(
    outbox: Outbox,
    notifier: Notifier,
    waiting: tuple[Notice, ...],
    arrived: list[Notice],
    is_ours: Callable[[], bool],
) -> None:
    """Send what waits, one by one, while that `is_ours`: what has `arrived` is not sent again because a later one did not.

    A channel that is down is left at once; one notice that is refused keeps the others from nobody. One that fails again as
    if the channel were down may be the reason itself: then one other, however late, shows whether it is.
    """
    until = time.monotonic() + LONGEST_SECONDS
    queue, failure, in_doubt = list(waiting), None, False
    while queue and is_ours() and (in_doubt or time.monotonic() <= until):
        notice = queue.pop(0)
        try:
            notifier.tell((notice,))
        except JusanteError as error:
            failure = failure or error
            fails_alone = outbox.fails_again(notice)
            is_down = error.retryable and not (fails_alone and arrived)
            outbox.tried(notice, clock.now(), down=is_down)
            if is_down and (in_doubt or not fails_alone):
                raise
            in_doubt = is_down
            queue = outbox.least_tried_first(queue) if is_down else queue
        else:
            in_doubt = False
            outbox.sent(notice, clock.now())
            arrived.append(notice)
    if failure:
        raise failure


def _note(system: System, arrived: Mapping[str, list[Notice]]) -> None:
    """Who was told that an incident began, or was called, is part of its story."""
    told: dict[tuple[str, str], dict[tuple[str, ...], list[str]]] = {}
    for channel, notices in arrived.items():
        theirs: dict[tuple[str, str], list[str]] = {}
        for notice in notices:
            if notice.kind in {OPENED, REOPENED, ESCALATED}:
                kind = ESCALATED if notice.kind == ESCALATED else TOLD
                theirs.setdefault((kind, notice.about["incident"]), []).append(notice.to)
        for place, people in theirs.items():
            told.setdefault(place, {}).setdefault(tuple(people), []).append(channel)
    now = clock.now()
    events = [
        Event(kind, now, payload={"incident": incident, "text": f"{_people(people)}, by {' and '.join(channels)}"})
        for (kind, incident), groups in told.items()
        for people, channels in groups.items()
    ]
    if events:
        system.metadata.tell(events)


def _people(names: tuple[str, ...]) -> str:
    more = len(names) - _PEOPLE
    return ", ".join(names[:_PEOPLE]) + (f" and {more} more" if more > 0 else "")
