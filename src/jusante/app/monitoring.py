"""Monitors asked at the end of a run: of what it did, and of what was unusual before. The ledger is their memory."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from jusante.app.above import Above
from jusante.app.columns import columns_of
from jusante.app.outputs import Outputs
from jusante.app.system import System
from jusante.app.values import Values
from jusante.architecture.cost.rates import cost
from jusante.core.blast import blast
from jusante.core.drift import Finding
from jusante.core.incident import Incident
from jusante.core.lineage import Origin
from jusante.core.run import Task
from jusante.dataops.incidents import Symptom
from jusante.dataops.monitors import too_dear, too_quiet, too_slow, unsteady
from jusante.dataops.monitors.cost import LEAST_USD
from jusante.dataops.monitors.duration import LEAST_SECONDS
from jusante.dataops.monitors.failure_rate import LEAST_FAILURES
from jusante.ingestion.data_drift import sentence

REMEMBERED = 60
"""So many tasks of an asset are looked back at: the usual moves with it."""
LOADS = 30
"""So many loads of a table show its beat, over some weeks where it comes daily."""
MOST_FAILURES = 1_000
MOST_NAMED = 3


def unusual(  # what a run did, and what was known before
    system: System, run_id: str, tasks: Sequence[Task], known: Sequence[Incident], above: Above, now: dt.datetime
) -> Iterator[Symptom]:
    """What is unusual about assets that did not fail: one symptom for each, with all that is."""
    open_ = {name for each in known if each.is_open and each.cause.kind == "monitor" for name in each.assets}
    by_name = {task.asset: task for task in tasks if not task.error}
    done = {name: by_name[name] for name in system.graph.order if name in by_name}
    slow = {name for name, task in done.items() if task.seconds > LEAST_SECONDS or name in open_}
    quiet = {name for name, task in done.items() if system.graph[name].kind == "ingested" and task.status == "skipped"}
    failing = {name for name in done if name in open_} | _failed_before(system, done)
    outputs, values = Outputs(system), Values(system, run_id, tasks, above)
    dear = {name for name, task in done.items() if (task.cost_usd or 0) > LEAST_USD or name in open_}
    for name, task in done.items():
        found = values.unusual(name, now, is_open=name in open_) if system.graph[name].kind == "model" else ()
        said = [
            *_slow(system, name, slow),
            *_dear(system, name, dear),
            *_quiet(system, name, quiet, now),
            *_unsteady(system, name, failing),
            *outputs.unusual(name, task, now, is_open=name in open_),
        ]
        if said or found:
            above.add(name, said[0] if said else sentence(found[0]))
            yield _symptom(system, name, said, found)


def _symptom(system: System, name: str, said: Sequence[str], found: Sequence[Finding]) -> Symptom:
    """All that is unusual about an asset, in words. Of values alone it is known by column whom they touch."""
    values = "".join((*map(sentence, found[:1]), _also(found[1:])))
    touched = None
    if found and not said:
        origins = [Origin(name, each.column) for each in found]
        touched = blast(system.graph, columns_of(system), origins)
    fix = f"see what made them other, or, if they are right: jusante drift accept {name} --write" if found else ""
    what = "; ".join((*said, *([values] if values else [])))
    return Symptom(name, "monitor", what, str(system.graph[name].place), fix, touched=touched)


def _also(found: Sequence[Finding]) -> str:
    """The other columns that are unusual, by name as far as there are few."""
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return f"; and of {', '.join(each.column for each in found[:MOST_NAMED])}{more}" if found else ""


def _failed_before(system: System, done: Collection[str]) -> set[str]:
    failures = Counter(event.asset for event in system.metadata.latest("task.failed", MOST_FAILURES))
    return {name for name in done if failures[name] >= LEAST_FAILURES}


def _slow(system: System, name: str, asked: Collection[str]) -> Iterator[str]:
    if name in asked:
        events = system.metadata.latest("task.succeeded", REMEMBERED, asset=name)
        seconds = [float(event.payload["task"]["seconds"]) for event in events]
        if seconds and (said := too_slow(seconds[1:], seconds[0])):
            yield said


def _dear(system: System, name: str, asked: Collection[str]) -> Iterator[str]:
    """At the prices of now, whatever they were: a dearer rate card is no news of an asset."""
    if name in asked:
        rates = system.project.environment.rates
        usages = system.metadata.last_usage([name], REMEMBERED)[name]
        usd = [float(cost(usage, rates)) for usage in usages]
        if usd and (said := too_dear(usd[1:], usd[0])):
            yield said


def _quiet(system: System, name: str, asked: Collection[str], now: dt.datetime) -> Iterator[str]:
    if name in asked:
        events = system.metadata.latest("task.succeeded", LOADS, asset=name)
        if said := too_quiet(sorted(event.at for event in events), now):
            yield said


def _unsteady(system: System, name: str, asked: Collection[str]) -> Iterator[str]:
    if name in asked:
        kinds = ("task.succeeded", "task.failed")
        events = [event for kind in kinds for event in system.metadata.latest(kind, REMEMBERED, asset=name)]
        events.sort(key=lambda event: event.seq or 0, reverse=True)
        if said := unsteady([event.kind == "task.succeeded" for event in events[:REMEMBERED]]):
            yield said
