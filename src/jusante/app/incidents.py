"""Incidents of a project: found at the end of each run, looked up, and acted upon."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from jusante.app.above import Above
from jusante.app.announcing import Explained
from jusante.app.data_drift import data
from jusante.app.decisions import findings
from jusante.app.drift import touched_by
from jusante.app.evidence import Evidence, see_environment
from jusante.app.monitoring import unusual
from jusante.app.system import System
from jusante.app.telling import tell
from jusante.core.event import Event
from jusante.core.holds import needing, reason, ways
from jusante.core.incident import RESOLVED, Incident, Suspect
from jusante.core.run import Run, Task
from jusante.dataops.incidents import Case, News, Symptom, cases_of, changes, decide, suspects, symptoms_of
from jusante.dataops.incidents.deciding import Now
from jusante.dataops.incidents.symptoms import is_well
from jusante.errors import CommitConflict, UsageError
from jusante.ingestion.data_drift import FOUND, sentence
from jusante.orchestration.holding import holds_of
from jusante.security.sensitive import LIKELY

MOST_TRIES = 5
MOST_OPEN, REMEMBERED = 10_000, 500
"""All incidents that go on (at most so many), and so many of the latest, are held against what a run has found."""
MOST_EVENTS = 1_000


Changed = tuple[str, Incident]
"""An incident, and the kind of the event that changed it."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a run did to incidents: each that opened, came back or is over, with that; and what was announced, in words."""

    news: tuple[Changed, ...] = ()
    explained: tuple[str, ...] = ()


def observe(system: System, run: Run, tasks: Sequence[Task], now: dt.datetime) -> Observed:
    """Open, continue and resolve incidents by what a run did. Call it while the project is held."""
    see_environment(system, run.run_id, run.started_at)
    known = _known(system)
    evidence = Evidence(system, known, frozenset(task.asset for task in tasks if is_well(task)))
    graph = system.graph
    explained = Explained.of(system, now)
    look = _Look(system, run, known, tasks, explained)
    symptoms = [*symptoms_of(tasks), *_held(look, evidence), *_odd(look), *_likely_personal(look)]
    above = Above(system, known, explained.known, now)
    for symptom in symptoms:
        above.add(symptom.asset, symptom.what)
    symptoms += unusual(system, run.run_id, tasks, known, above, now)
    symptoms = [each for each in symptoms if not explained.symptom(each, graph.above([each.asset]))]
    cases = cases_of(
        graph,
        tasks,
        symptoms,
        lambda symptom: _suspected(system, evidence, symptom),
    )
    system.metadata.tell(explained.events(run))
    news = _written(system, lambda known: _decided(replace(look, known=known), cases, evidence), known, now)
    return Observed(news, explained.notes)


def open_for(system: System, symptoms: Iterable[Symptom], now: dt.datetime) -> tuple[Changed, ...]:
    """Open incidents for what is wrong outside of a run's tasks: a run that died, an asset that is not there in time.

    What an incident that goes on accounts for already, and what was announced, is not told again.
    """
    known = _known(system)
    explained, graph = Explained.of(system, now), system.graph
    accounted = {name for each in known if each.is_open for name in (*each.assets, *each.below)}
    new = [
        each
        for each in symptoms
        if (each.kind == "crash" or each.asset not in accounted)
        and not explained.symptom(each, graph.above([each.asset]) if each.asset in graph else ())
    ]
    if not new:
        return ()
    evidence = Evidence(system, known)
    cases = cases_of(graph, (), new, lambda symptom: _suspected(system, evidence, symptom))
    good = {name: state.at for name, state in evidence.states.items()}

    def decided(known: Sequence[Incident]) -> News:
        number = known[0].number + 1 if known else 1
        news = decide(graph, cases, known, Now((), (), now, None), good, number)
        return News(tuple(event for event in news.events if event.kind != RESOLVED))

    return _written(system, decided, known, now)


def _known(system: System) -> tuple[Incident, ...]:
    """The incidents that go on, however old, and the latest of all, newest first."""
    going_on = system.metadata.incidents(["open", "acknowledged"], MOST_OPEN)
    found = {each.number: each for each in (*going_on, *system.metadata.incidents(None, REMEMBERED))}
    return tuple(found[number] for number in sorted(found, reverse=True))


def _written(
    system: System, decided: Callable[[Sequence[Incident]], News], known: Sequence[Incident], now: dt.datetime
) -> tuple[Changed, ...]:
    """Write down what is decided; decide anew where another process has opened an incident meanwhile."""
    for _ in range(MOST_TRIES):
        try:
            return _told(system, decided(known), now)
        except CommitConflict:
            known = _known(system)
    return _told(system, decided(known), now)


def _suspected(system: System, evidence: Evidence, symptom: Symptom) -> tuple[Suspect, ...]:
    if symptom.asset not in system.graph:
        return suspects(symptom, ())
    return suspects(symptom, changes(system.graph, symptom.asset, evidence.past(symptom.asset)))


def _decided(look: "_Look", cases: Sequence[Case], evidence: Evidence) -> News:
    system, known, tasks = look.system, look.known, look.tasks
    seen = {task.asset for task in tasks}
    well = {task.asset for task in tasks if is_well(task)}
    if any(incident.is_open for incident in known):
        last = system.metadata.last_tasks()
        well |= {name for name, task in last.items() if name not in seen and is_well(task)}
    good = {name: state.at for name, state in evidence.states.items()}
    number = known[0].number + 1 if known else 1
    now = Now(well, seen, look.explained.now, look.run.run_id, look.explained.reasons)
    return decide(system.graph, cases, known, now, good, number)


def _told(system: System, news: News, now: dt.datetime) -> tuple[Changed, ...]:
    """Write it down. Owners are told at the end of the run, of all that is due."""
    if not news.events:
        return ()
    system.metadata.tell(news.events)
    changed = [(event.kind, find(system, str(event.payload["incident"]))) for event in news.events]
    return tuple((kind, each) for kind, each in changed if kind != "incident.continued" and not each.is_silent(now))


# -- what is wrong beside tasks that failed ------------------------------------------------------------------------------


def _held(look: "_Look", evidence: Evidence) -> Iterator[Symptom]:
    """Tables of which columns wait for a decision that nobody has announced, with what needs them."""
    system = look.system
    seen = {task.asset for task in look.tasks}
    holds = [hold for hold in holds_of(evidence.states) if hold.table in seen and hold.stops]
    holds = [hold for hold in holds if not look.explained.hides("drift", hold.finding)]
    if not holds:
        return
    from jusante.app.columns import columns_of

    needs = needing(columns_of(system), holds)
    for table in dict.fromkeys(hold.table for hold in holds):
        of_table = [hold for hold in holds if hold.table == table]
        found = touched_by(system, [hold.finding for hold in of_table], of_table)
        more = f"; and {len(of_table) - 1} more" if len(of_table) > 1 else ""
        yield Symptom(
            asset=table,
            kind="drift",
            what=reason(of_table[0].finding) + more,
            where=str(system.graph[table].place),
            fix=next(iter(ways(of_table[0].finding)), ""),
            needed_by=tuple(name for name, each in needs.items() if any(hold.table == table for hold in each)),
            touched=tuple({touched.id: touched for each in found for touched in each.blast}.values()),
        )


@dataclass(frozen=True, slots=True)
class _Look:
    """A run that is over, and what was known before."""

    system: System
    run: Run
    known: Sequence[Incident]
    tasks: Sequence[Task]
    explained: Explained

    def in_question(self, kind: str, told: str) -> tuple[str, ...]:
        """The tables of this run of which an event of it tells, or an incident of this kind that goes on."""
        if not self.tasks:
            return ()
        events = self.system.metadata.latest(told, MOST_EVENTS)
        names = [event.asset for event in events if event.run_id == self.run.run_id]
        names += [name for each in self.known if each.is_open and each.cause.kind == kind for name in each.assets]
        wrong = {task.asset for task in self.tasks if task.error and task.status in {"failed", "held"}}
        seen = {task.asset for task in self.tasks} - wrong
        return tuple(dict.fromkeys(name for name in names if name in seen and name in self.system.graph))


def _odd(look: _Look) -> Iterator[Symptom]:
    """Loads whose data are not what they were, as long as nobody has accepted them."""
    system = look.system
    for name in look.in_question("data_drift", FOUND):
        if found := [each for each in data(system, name) if not look.explained.hides("data_drift", each)]:
            more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
            where, fix = str(system.graph[name].place), f"jusante drift accept {name}"
            yield Symptom(name, "data_drift", sentence(found[0]) + more, where, fix)


def _likely_personal(look: _Look) -> Iterator[Symptom]:
    """Columns that look personal and of which nobody has said whether they are."""
    system = look.system
    names = look.in_question("personal_data", LIKELY)
    waiting = [each for each in findings(system) if each.table in names] if names else []
    for table in dict.fromkeys(each.table for each in waiting):
        columns = [each.likely.column for each in waiting if each.table == table]
        what = f"nobody has decided whether these are personal data: {', '.join(columns)}"
        yield Symptom(table, "personal_data", what, str(system.graph[table].place), f"jusante classify {table}")


# -- looking up and acting -----------------------------------------------------------------------------------------------


def find(system: System, name: str) -> Incident:
    """The incident of that name (`I12`, or 12). Raises UsageError where there is none."""
    digits = name.removeprefix("I").removeprefix("i")
    incident = system.metadata.incident(int(digits)) if digits.isdigit() and len(digits) < 10 else None
    if incident is None:
        raise UsageError(f"there is no incident {name}", fix="jusante incidents --all lists them")
    return incident


def within(system: System, incident: Incident) -> tuple[Incident, ...]:
    """What an incident was merged into, and what that was merged into, one after the other."""
    found: dict[str, Incident] = {}
    while incident.state == "merged" and incident.merged_into and incident.merged_into not in found:
        incident = found[incident.merged_into] = find(system, incident.merged_into)
    return tuple(found.values())


def act(system: System, events: Sequence[Event]) -> tuple[Incident, tuple[str, ...]]:
    """Write down what somebody does about an incident; it as it is then, and in words who could not be told."""
    system.metadata.tell(events)
    incident = find(system, str(events[0].payload["incident"]))
    return incident, tell(system)


def owners(incident: Incident) -> Mapping[str, tuple[str, ...]]:
    """What is touched, by its owner; under an empty name what has none."""
    found: dict[str, list[str]] = {}
    for touched in incident.touched:
        found.setdefault(touched.owner or "", []).append(touched.id)
    return {owner: tuple(things) for owner, things in found.items()}
