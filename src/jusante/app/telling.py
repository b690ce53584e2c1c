"""Owners are told what happens to what is theirs: one notice for each owner and finding, once."""

import datetime as dt
import hashlib
import time
from collections.abc import Iterable

from jusante.app.drift import Found, held
from jusante.app.outbox import Outbox
from jusante.app.system import System
from jusante.core.blast import Touched
from jusante.core.holds import reason, ways
from jusante.core.words import counted
from jusante.errors import JusanteError
from jusante.ports.notifier import Notice, Notifier

MOST_AT_ONCE = 200
"""So many notices are sent in one go to one channel; the rest goes with the next run."""
LONGEST_SECONDS = 30.0
"""A slow receiver gets no more of a run's time than this; what is left waits."""
_NAMED = 10


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


def tell_held(system: System) -> tuple[str, ...]:
    """Tell owners of what waits, and send what could not be sent before. What went wrong with that, in words."""
    if not system.project.environment.notify:
        return ()
    return tell(system, notices_of(held(system)))


def tell(system: System, notices: tuple[Notice, ...]) -> tuple[str, ...]:
    """Hand notices to every channel that the environment names; those that cannot be sent now are kept for the next time.

    Nothing is raised: that somebody cannot be told must not keep the data from being right.
    """
    problems: list[str] = []
    for channel, notifier in system.notifiers():
        outbox = Outbox(system.metadata, channel)
        try:
            outbox.post(notices, _now())
            _send(outbox, notifier)
        except JusanteError as error:
            problems.append(f"{channel}: {error.what}; {error.fix}" if error.fix else f"{channel}: {error.what}")
        finally:
            notifier.close()
    return tuple(problems)


def _send(outbox: Outbox, notifier: Notifier) -> None:
    """Send what waits, one by one: what has arrived is not sent again because a later one did not."""
    until = time.monotonic() + LONGEST_SECONDS
    for notice in outbox.unsent(MOST_AT_ONCE):
        if time.monotonic() > until:
            return
        try:
            notifier.tell((notice,))
        except JusanteError:
            outbox.tried(notice, _now())
            raise
        outbox.sent(notice, _now())


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
