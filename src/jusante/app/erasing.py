"""Erasing a person: what would go where, doing it so that a crash leaves nothing half done, and telling the ledger."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from jusante.app import clock
from jusante.app.columns import columns_of
from jusante.app.system import System
from jusante.core.column_graph import ColumnGraph
from jusante.core.event import Event
from jusante.core.lineage import Origin
from jusante.core.names import QUARANTINE
from jusante.core.run import Task
from jusante.errors import JusanteError, UsageError
from jusante.orchestration import recovery
from jusante.orchestration.erasure import MOST_AT_ONCE, Eraser, Persons, Place, about, silent, subject_of

BEGUN = "subject.erasure_begun"
ERASED = "subject.erased"
MOST_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Below:
    """What is made of the tables that lose something. `columns` are those of it that come from the subject's column.

    `loses_past`: it gathers rows over time, and starts anew with those that there are now.
    """

    asset: str
    kind: str
    owner: str | None
    columns: tuple[str, ...]
    loses_past: bool = False


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure takes away: where, and what is made anew below. `silent` are tables that may hold more, and do not say."""

    kind: str
    places: tuple[Place, ...]
    below: tuple[Below, ...]
    silent: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The erasure as `--json` prints it."""
        return {
            "subject": self.kind,
            "tables": [{"table": p.table, "erases": p.goes, "rows": p.rows} for p in self.places],
            "below": [
                {
                    "asset": b.asset,
                    "kind": b.kind,
                    "owner": b.owner,
                    "columns": list(b.columns),
                    "loses_past": b.loses_past,
                }
                for b in self.below
            ],
            "silent": list(self.silent),
        }


def persons(system: System, table: str, names: tuple[str, ...]) -> Persons:
    """Who is meant. Raises UsageError where the table does not say whose its rows are, or nobody or too many are named."""
    subject = subject_of(system.graph, table)
    if not 0 < len(names) <= MOST_AT_ONCE or not all(names):
        raise UsageError(f"{len(names)} persons are named", fix=f"name from 1 to {MOST_AT_ONCE:,}, none of them empty")
    return Persons(subject.name, tuple(dict.fromkeys(names)))


def foreseen(system: System, who: Persons) -> Erasure:
    """What erasing would take away. Changes nothing."""
    places = _eraser(system).places(who)
    columns = columns_of(system)
    below = tuple(_below(system, columns, who.kind))
    return Erasure(who.kind, places, below, tuple(silent(system.graph, system.store, who.kind)))


def erase(system: System, who: Persons, run_id: str, rebuild: Callable[[frozenset[str]], tuple[Task, ...]]) -> Erasure:
    """Erase persons, while the project is held. Every step can be done again, and is, where one before has died."""
    eraser, names = _eraser(system), sorted(name.hex() for name in _eraser(system).pseudonyms(who))
    planned = _begin(system, who, names, run_id)
    eraser.bury(who)
    eraser.rewrite(who, run_id)
    recovery.reconcile(system.store, system.metadata, clock.now())
    for each in planned.below:  # what was gathered of them over time lies in no input any more
        if system.graph[each.asset].gathers and system.store.table(each.asset):
            system.store.drop(each.asset)
    below = frozenset(each.asset for each in planned.below if system.graph[each.asset].is_made)
    _refuse_failed(rebuild(below))
    tables = [asset.id + more for asset, _ in about(system.graph, who.kind) for more in ("", QUARANTINE)]
    made = [name + more for name in sorted(below) for more in ("", QUARANTINE) if system.graph[name].is_table]
    eraser.sweep([*tables, *made])
    recovery.reconcile(system.store, system.metadata, clock.now())
    if not _is_done(system, names):
        payload = {"subject": who.kind, "pseudonyms": names, "tables": {p.table: p.rows for p in planned.places}}
        system.metadata.tell([Event(ERASED, clock.now(), run_id, None, payload)])
    return planned


def _begin(system: System, who: Persons, names: list[str], run_id: str) -> Erasure:
    """What is taken away, told to the ledger before anything is; what was told before a crash counts."""
    planned = foreseen(system, who)
    begun = next((e for e in system.metadata.latest(BEGUN, MOST_EVENTS) if e.payload["pseudonyms"] == names), None)
    if begun and not _is_done(system, names):
        counted = tuple(Place(**each) for each in begun.payload["places"])
        return Erasure(planned.kind, counted, planned.below, planned.silent)
    payload = {"subject": who.kind, "pseudonyms": names, "places": [asdict(place) for place in planned.places]}
    system.metadata.tell([Event(BEGUN, clock.now(), run_id, None, payload)])
    return planned


def _is_done(system: System, names: list[str]) -> bool:
    """Whether the last that was begun has ended."""
    begun = next((e for e in system.metadata.latest(BEGUN, MOST_EVENTS) if e.payload["pseudonyms"] == names), None)
    done = next((e for e in system.metadata.latest(ERASED, MOST_EVENTS) if e.payload["pseudonyms"] == names), None)
    return bool(done and begun and (done.seq or 0) > (begun.seq or 0))


def _refuse_failed(tasks: tuple[Task, ...]) -> None:
    failed = [task for task in tasks if task.status in {"failed", "held"}]
    if failed:
        first = failed[0]
        raise JusanteError(
            f"what is made of the erased rows could not be made anew: {first.asset}: {first.reason}. The sources' tables are "
            "clean; older snapshots of what stands below still hold what was erased",
            where=first.asset,
            fix="mend it, then erase again: it goes on where it stopped",
        )


def _below(system: System, columns: ColumnGraph, kind: str) -> list[Below]:
    tables = [(asset.id, table.subject.column) for asset, table in about(system.graph, kind) if table.subject]
    reached: dict[str, list[str]] = {}
    waiting = [Origin(table, column) for table, column in tables]
    seen = set(waiting)
    while waiting:
        for step in columns.steps_from(waiting.pop(0)):
            if step.edge.is_direct and step.target not in seen:
                seen.add(step.target)
                waiting.append(step.target)
                reached.setdefault(step.target.table, []).append(step.target.column)
    names = system.graph.below({table for table, _ in tables}) - {table for table, _ in tables}
    ordered = [asset for asset in system.graph if asset.id in names and asset.kind != "ingested"]
    return [
        Below(asset.id, asset.kind, asset.owner, tuple(reached.get(asset.id, ())), asset.gathers) for asset in ordered
    ]


def _eraser(system: System) -> Eraser:
    return Eraser(system.graph, system.store, system.engine, system.masks(), clock.now)
