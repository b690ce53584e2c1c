"""Planned changes of sources: announced, told to those whom they touch, held against what is seen, and missed when they fail to come."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jusante.app.columns import columns_of
from jusante.app.data_drift import MOST_FINDINGS
from jusante.app.holding import announcing
from jusante.app.system import System
from jusante.core.announcement import (
    ANNOUNCED,
    CAME,
    LASTING,
    MISSED,
    WITHDRAWN,
    Announcement,
    announcements,
    overdue,
    payload,
)
from jusante.core.asset import Ingested
from jusante.core.blast import Touched, blast, readers_of
from jusante.core.drift import SHAPE, Finding
from jusante.core.event import Event
from jusante.core.holds import reason
from jusante.core.incident import Incident
from jusante.core.lineage import Origin
from jusante.core.names import nearest
from jusante.core.run import Run
from jusante.dataops.incidents import Symptom
from jusante.errors import UsageError
from jusante.orchestration.holding import holds_of
from jusante.ports.notifier import Notice

MOST = 500
"""So many of the latest announcements are looked at."""
LONGEST = dt.timedelta(days=90)
LONGEST_TEXT = 500
LONGEST_WAIT_SECONDS = 30.0
"""So long is waited for others who announce something."""
_AWAY = {"source_down": "outage", "source_denied": "outage", "source_failed": "outage"}
_ANNOUNCED_OF: Mapping[str, tuple[str, ...]] = {
    "drift": SHAPE,
    "data_drift": ("data",),
    "late": ("late", "outage"),
    **dict.fromkeys(_AWAY, ("outage",)),
}
"""By the kind of an incident, what can have been announced of it."""
NEAR = dt.timedelta(days=7)
"""What was announced for a time that is further away has nothing to do with it."""
_QUIET = re.compile(r"nothing new came(?!.*\bfailed\b)")
_LATE = re.compile(r"\bfresh|\bnewest\b|\bold\b", re.IGNORECASE)
_NAMED = 10


# -- saying it beforehand ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Planned:
    """An announcement with all that it will touch."""

    announcement: Announcement
    touched: tuple[Touched, ...]


def announced(system: System) -> tuple[Announcement, ...]:
    """All that stands announced, oldest first."""
    events = [event for kind in (ANNOUNCED, WITHDRAWN, CAME, MISSED) for event in system.metadata.latest(kind, MOST)]
    return announcements(events)


def plan(
    system: System,
    name: str,
    change: str,
    times: tuple[dt.datetime, dt.datetime],
    said: tuple[str, str],
    now: dt.datetime,
) -> Planned:
    """What somebody would announce of a source, table or column; `said` is what about, and by whom (else its owner's).

    Raises UsageError where there is no such thing, or where its time cannot be.
    """
    source, table, column = _subject(system, name)
    begin, end = times
    about, by = said
    if not begin < end or end <= now or end - begin > LONGEST:
        raise UsageError(
            f"a planned change ends after it begins, after now, and within {LONGEST.days} days",
            fix="--from '2027-01-31 07:00' --until '2027-01-31 09:00', in UTC",
        )
    if not about.strip() or len(about) > LONGEST_TEXT:
        raise UsageError(f"--about has between 1 and {LONGEST_TEXT} characters", fix="say in a sentence what changes")
    if column and change in LASTING:
        raise UsageError(f"a column has no {change}", fix=f"announce it of {table}, or of {source}")
    who = by or system.project.sources[source].owner or "nobody"
    made = Announcement(_next(announced(system)), source, table, column, change, begin, end, about.strip(), who, now)
    return Planned(made, _touched(system, made))


def announce(system: System, planned: Planned, now: dt.datetime) -> tuple[Announcement, tuple[Notice, ...]]:
    """Write it down, under the next number as of now; what each owner of something touched is to be told.

    Raises ProjectBusy where others announce something all the time.
    """
    with announcing(system, LONGEST_WAIT_SECONDS):
        made = replace(planned.announcement, number=_next(announced(system)))
        system.metadata.tell(
            [Event(ANNOUNCED, now, None, made.table or None, payload(made), column=made.column or None)]
        )
    when = f"between {made.begin:%Y-%m-%d %H:%M} and {made.end:%Y-%m-%d %H:%M} UTC"
    subject = f"{made.id} planned: {made.subject}: {made.change} {when}"
    theirs = _theirs(planned)
    return made, tuple(_notice(made, ANNOUNCED, to, subject, _for_reader(made, things)) for to, things in theirs)


def _next(known: Sequence[Announcement]) -> int:
    return known[-1].number + 1 if known else 1


def withdraw(system: System, name: str, why: str, now: dt.datetime) -> tuple[Announcement, tuple[Notice, ...]]:
    """It will not come; what each owner of something touched is to be told. Raises UsageError where there is none."""
    known = {each.id: each for each in announced(system)}
    made = known.get(name.upper() if name[:1] in "aA" else f"A{name}")
    if made is None or made.is_withdrawn or made.is_missed:
        raise UsageError(f"there is no announcement {name} that could be withdrawn", fix="jusante drift announced")
    system.metadata.tell([Event(WITHDRAWN, now, None, made.table or None, {"id": made.id, "why": why})])
    subject = f"{made.id} withdrawn: {made.subject}: {made.change}{f': {why}' if why else ''}"
    planned = Planned(made, _touched(system, made))
    return made, tuple(_notice(made, WITHDRAWN, to, subject, made.sentence) for to, _ in _theirs(planned))


def _subject(system: System, name: str) -> tuple[str, str, str]:
    """Source, table and column that a name means; what it leaves open is empty."""
    if name in system.project.sources:
        return name, "", ""
    graph = system.graph
    for table, column in ((name, ""), (name.rpartition(".")[0], name.rpartition(".")[2])):
        if table in graph and isinstance(definition := graph[table].definition, Ingested):
            known = system.tables().get(table)
            names = known.schema.names if known else ()
            if column and known and column not in names:
                near = nearest(column, names)
                fix = f"did you mean {table}.{near}?" if near else f"there are {', '.join(names)}"
                raise UsageError(f"{table} has no column {column}", fix=fix)
            return definition.source.source, table, column
    all_ = [*system.project.sources, *(asset.id for asset in graph if asset.kind == "ingested")]
    near = nearest(name, all_)
    raise UsageError(
        f"{name} is no source, and no table or column of one",
        fix=f"did you mean {near}?" if near else f"there are {', '.join(all_)}",
    )


def _touched(system: System, made: Announcement) -> tuple[Touched, ...]:
    graph = system.graph
    if made.column:
        return blast(graph, columns_of(system), [Origin(made.table, made.column)])
    tables = [asset.id for asset in graph if asset.kind == "ingested" and asset.id.partition(".")[0] == made.source]
    return readers_of(graph, [made.table] if made.table else tables)


def _theirs(planned: Planned) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for touched in planned.touched:
        if touched.owner and touched.owner != planned.announcement.by:
            found.setdefault(touched.owner, []).append(touched.id)
    yield from found.items()


def _for_reader(made: Announcement, things: Sequence[str]) -> str:
    more = f" and {len(things) - _NAMED} more" if len(things) > _NAMED else ""
    return f"{made.about}\nAnnounced by {made.by}. Yours that it touches: {', '.join(things[:_NAMED])}{more}."


def _notice(made: Announcement, kind: str, to: str, subject: str, text: str) -> Notice:
    key = hashlib.sha256(repr((kind, made.id, to, made.at.isoformat())).encode()).hexdigest()[:32]
    return Notice(to, subject, text, key, kind)


def about(system: System, incident: Incident) -> tuple[Announcement, ...]:
    """What was announced of that which an incident is about, and had another time or did not account for all of it."""
    kind, what = incident.cause.kind, incident.cause.what
    changes = _ANNOUNCED_OF.get(kind, ())
    assets = {name.removeprefix("source:") for name in (incident.cause.asset, *incident.assets)}
    last = incident.resolved or incident.seen
    found = [
        made
        for made in (announced(system) if changes else ())
        if not made.is_withdrawn
        and made.change in changes
        and any(name == made.source or _is_of(name, made) for name in assets)
        and made.column in {"", *re.findall(r"\w+", what)}
        and made.begin - NEAR <= last
        and incident.opened <= made.until + NEAR
    ]
    if kind != "drift" or not found:
        return tuple(found)
    waiting = [hold.finding for hold in holds_of(system.metadata.states()) if hold.table in assets]
    return tuple(made for made in found if any(made.is_of(each.table, each.column, each.change) for each in waiting))


def _is_of(asset: str, made: Announcement) -> bool:
    return asset.partition(".")[0] == made.source and made.table in {"", asset}


# -- holding it against what is seen -------------------------------------------------------------------------------------


@dataclass
class Explained:
    """What the announcements of a project explain of what a run has seen, kept while it is looked through."""

    known: tuple[Announcement, ...]
    now: dt.datetime
    found: dict[tuple[str, str], tuple[Announcement, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, system: System, now: dt.datetime) -> "Explained":
        """What stands announced as of now."""
        return cls(announced(system), now)

    def finding(self, finding: Finding) -> Announcement | None:
        """What explains a change of columns or data."""
        return self._by(finding.table, finding.column, finding.change)

    def hides(self, kind: str, finding: Finding) -> bool:
        """Whether a finding is no reason for an incident of a kind, because it was announced; it is noted then."""
        return self._noted(kind, finding.table, self.finding(finding), reason(finding))

    def symptom(self, symptom: Symptom, sources: Iterable[str]) -> bool:
        """Whether a failure was announced; `sources` are tables that it is made of. It is noted then."""
        by: Announcement | None = None
        if symptom.kind in _AWAY:
            by = self._by(symptom.asset, "", "outage")
        elif _is_late(symptom):
            by = next((found for name in sources if (found := self._by(name, "", "late"))), None)
        elif symptom.kind in {"drift", "data_drift"} and symptom.code:
            by = self._by_words(symptom)
        return self._noted(symptom.kind, symptom.asset, by, symptom.what)

    def _by(self, table: str, column: str, change: str) -> Announcement | None:
        return next((each for each in self.known if each.explains(table, column, change, self.now)), None)

    def _by_words(self, symptom: Symptom) -> Announcement | None:
        """What explains a table that could not be loaded because of a change: the error names the column."""
        of_shape = symptom.kind == "drift"
        for each in self.known:
            fits = each.change in SHAPE if of_shape else each.change == "data"
            seen = each.explains(symptom.asset, each.column, each.change if of_shape else "values", self.now)
            if fits and seen and each.column in {"", *re.findall(r"\w+", symptom.what)}:
                return each
        return None

    def _noted(self, kind: str, table: str, by: Announcement | None, what: str) -> bool:
        if by:
            self.found.setdefault((kind, table), (by, what))
        return by is not None

    @property
    def reasons(self) -> dict[tuple[str, str], str]:
        """Why there is no incident of a kind about a table."""
        return {place: by.sentence for place, (by, _) in self.found.items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was explained, for whoever reads the report of the run."""
        return tuple(dict.fromkeys(f"{what}: {by.sentence}" for by, what in self.found.values()))

    def events(self, run: Run) -> list[Event]:
        """What came that had not been seen to come."""
        first = {by.id: (by, what, place[1]) for place, (by, what) in self.found.items() if not by.came}
        return [
            Event(CAME, self.now, run.run_id, table, {"id": by.id, "what": what}) for by, what, table in first.values()
        ]


def _is_late(symptom: Symptom) -> bool:
    """Whether all that is wrong is that data are not there in time."""
    match symptom.kind:
        case "late":
            return True
        case "monitor":
            return _QUIET.match(symptom.what) is not None
        case "audit":
            return _LATE.search(symptom.what) is not None
    return False


def settle(system: System, now: dt.datetime) -> tuple[Notice, ...]:
    """What was announced and has not come: once its time has passed, that is written down, and told."""
    notices: list[Notice] = []
    for made in overdue(announced(system), now):
        if seen := _followed(system, made):
            system.metadata.tell([Event(CAME, now, None, made.table or None, {"id": made.id, "what": seen})])
            continue
        system.metadata.tell([Event(MISSED, now, None, made.table or None, {"id": made.id})])
        subject = f"{made.id} has not come: {made.subject}: {made.change}, {made.sentence}"
        text = "No load saw it in its time. If it is still to come, it is to be announced anew; what comes now is told as if it were not."
        to = [made.by, *(owner for owner, _ in _theirs(Planned(made, _touched(system, made))))]
        notices += [_notice(made, MISSED, each, subject, text) for each in dict.fromkeys(to)]
    return tuple(notices)


def _followed(system: System, made: Announcement) -> str:
    """What was seen of a change that nobody had to decide about, in words."""
    for event in system.metadata.latest("drift.found", MOST_FINDINGS):
        finding = Finding(**event.payload)
        if made.explains(finding.table, finding.column, finding.change, event.at):
            return reason(finding)
    return ""
