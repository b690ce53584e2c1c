"""Backfills: models by time made in batches, with an estimate first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jusante.app import clock
from jusante.app.lake import Lake
from jusante.app.report import Report
from jusante.app.system import System
from jusante.core import interval
from jusante.core.asset import Asset
from jusante.core.interval import Covered, Span, Unit
from jusante.core.model import SqlModel
from jusante.core.run import AssetState
from jusante.core.words import counted
from jusante.errors import JusanteError, StorageError, UsageError
from jusante.management.lake import Tables
from jusante.management.publish import Publisher
from jusante.management.quality import nothing_hidden
from jusante.orchestration.foresight import Foreseen
from jusante.orchestration.interval_events import batch_done, batch_retried, seconds_each
from jusante.orchestration.recovery import state_of
from jusante.orchestration.selection import made_among
from jusante.transformation.build import Job, Standing, Workshop
from jusante.transformation.incremental.batches import Backfill, Batch, Hitch
from jusante.transformation.incremental.by_time import looked_at

LAST_TASKS = 10
"""So many of the last times show what a second of work costs."""
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears how a backfill comes on: of each batch that is committed, with how many intervals of its model are made by
    then, and of each that is tried again.
    """

    committed: Callable[[Batch, int], None] = lambda *_: None
    troubled: Callable[[Hitch], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a backfill of one model would do. `bytes` are those of its inputs, as often as they are read.

    `seconds` and `usd` are None where no interval has been measured yet; `after` names a model above that is to be made first, so
    that more intervals may be due by then. `why` says why so many are due, where that needs a word.
    """

    asset: str
    unit: Unit
    spans: tuple[Span, ...]
    coverage: tuple[Covered, ...]
    batches: int
    rows: int
    bytes: int
    seconds: float | None
    usd: float | None
    after: str = ""
    why: str = ""

    @property
    def intervals(self) -> int:
        """How many intervals it would make."""
        return interval.count(self.spans)

    def gaps(self) -> list[dict[str, Any]]:
        """The spans that are to be made, each with the reason."""
        found = []
        for each in self.coverage:
            for span in interval.both([each.span], self.spans):
                first, last = (interval.name(number, self.unit) for number in (span.first, span.end - 1))
                why = "made anew" if each.done else "rows changed above" if each.version else "never made"
                found.append({"first": first, "last": last, "intervals": len(span), "why": self._reason(each, why)})
        return found

    def _reason(self, each: Covered, why: str) -> str:
        return self.why if self.why and each.version and not each.done else why

    def as_dict(self) -> dict[str, Any]:
        """The outlook as `--json` prints it."""
        said = {
            name: getattr(self, name)
            for name in ("asset", "unit", "intervals", "batches", "rows", "bytes", "seconds", "usd")
        }
        return {**said, "after": self.after or None, "why": self.why or None, "gaps": self.gaps()}


def by_time_among(system: System, wishes: Sequence[str]) -> tuple[Asset, ...]:
    """The models by time that are meant, and those by time below them, in the order in which they are made.

    Raises UsageError where something else is named.
    """
    graph = system.graph
    chosen = made_among(graph, wishes)
    timed = [asset for asset in graph if _is_timed(asset)]
    for wish in wishes:
        if not any(character in wish for character in ":+") and not any(asset.id == wish for asset in timed):
            there = f"; made by time are {', '.join(asset.id for asset in timed[:MOST_NAMED])}" if timed else ""
            fix = f"write kind: by_time and time: … in its header{there}"
            raise UsageError(f"{wish} is not made by time, so it has no intervals", where=wish, fix=fix)
    below = chosen | graph.below(asset.id for asset in timed if asset.id in chosen)
    wanted = {asset.id: asset for asset in timed if asset.id in below}
    return tuple(wanted[name] for name in graph.order if name in wanted)


def outlook(lake: Lake, wishes: Sequence[str], wish: Backfill) -> tuple[Outlook, ...]:
    """What a backfill would do. Reads the lakehouse, and changes nothing."""
    system = lake.system
    tables, states = Tables(system.store), system.metadata.states()
    workshop = Workshop(
        folder=system.project.folder,
        graph=system.graph,
        tables=tables,
        engine=system.engine,
        publisher=Publisher(system.store, clock.now),
        scratch=Path,
        hidden=lambda _: nothing_hidden(),
    )
    found: list[Outlook] = []
    for asset in by_time_among(system, wishes):
        above = next((each.asset for each in found if each.spans and each.asset in system.graph.above([asset.id])), "")
        found.append(_outlook(system, workshop, asset, states.get(asset.id), wish, above))
    return tuple(found)


def _outlook(  # all that decides it
    system: System, workshop: Workshop, asset: Asset, state: AssetState | None, wish: Backfill, above: str
) -> Outlook:
    assert isinstance(asset.definition, SqlModel)
    unit = asset.definition.header.unit
    job = Job(asset, "outlook", system.graph.versions[asset.id], _standing(workshop, asset, state))
    try:
        with workshop.engine.session() as session:
            work = looked_at(workshop, job, session)
    except StorageError:
        if not above:
            raise
        return Outlook(asset.id, unit, (), (), 0, 0, 0, None, None, above, "it has nothing to read yet")
    spans = wish.among(work)
    batches = len(wish.batches(spans))
    rows, size = (
        sum(getattr(table.plan, what) for table in work.read.values()) * batches for what in ("rows", "bytes")
    )
    each = seconds_each(system.metadata, asset.id)
    all_of_them = None if each is None else each * interval.count(spans)
    seconds = None if all_of_them is None else round(all_of_them / max(1, min(wish.parallel, batches)), 1)
    usd = _usd(system, asset.id, all_of_them)
    return Outlook(asset.id, unit, spans, work.due.coverage, batches, rows, size, seconds, usd, above, work.due.why)


def _usd(system: System, asset: str, seconds: float | None) -> float | None:
    """What so many seconds of work at an asset cost, as far as the last times tell."""
    tasks = [event.payload["task"] for event in system.metadata.latest("task.succeeded", LAST_TASKS, asset=asset)]
    priced = [task for task in tasks if task.get("cost_usd") is not None and task["seconds"]]
    if seconds is None or not priced:
        return None
    a_second: float = sum(task["cost_usd"] for task in priced) / sum(task["seconds"] for task in priced)
    return round(seconds * a_second, 9)


def _standing(workshop: Workshop, asset: Asset, state: AssetState | None) -> Standing | None:
    table = workshop.tables.get(asset.id)
    if table is None or "jusante.version" not in table.summary:
        return None
    if state is None or state.note or state.pointer != table.pointer:
        state = state_of(table, clock.now())
    return Standing(state.version, state.inputs, state.intervals)


def backfill(
    lake: Lake, wishes: Sequence[str], wish: Backfill, *, listener: Listener | None = None, wait_seconds: float = 0.0
) -> Report:
    """Make the intervals that are due of the models meant, and of those below them, batch by batch.

    What has been committed stays, whatever happens; to call it again makes the rest.
    """
    system = lake.system
    names = tuple(asset.id for asset in by_time_among(system, wishes))
    heard = listener or Listener()

    def with_ledger(run_id: str) -> Backfill:
        made: dict[str, int] = {}

        def committed(batch: Batch) -> None:
            asset = system.graph[batch.asset]
            event = batch_done(asset, system.graph.versions[batch.asset], run_id, clock.now(), batch)
            system.metadata.tell([event])
            made[batch.asset] = made.get(batch.asset, 0) + len(batch.span)
            heard.committed(batch, made[batch.asset])

        def troubled(hitch: Hitch) -> None:
            system.metadata.tell([batch_retried(run_id, clock.now(), hitch)])
            heard.troubled(hitch)

        return replace(wish, committed=committed, troubled=troubled)

    command = "backfill " + " ".join(wishes)
    return lake.run(names, wait_seconds=wait_seconds, command=command, backfill=with_ledger)


def _is_timed(asset: Asset) -> bool:
    return isinstance(asset.definition, SqlModel) and asset.definition.header.kind == "by_time" and asset.is_made


def with_intervals(lake: Lake, tasks: Sequence[Foreseen]) -> tuple[Foreseen, ...]:
    """What a run would do, with how many intervals it would make of each model by time, as far as is known before it."""
    made = {task.asset for task in tasks}
    return tuple(_counted(lake, task, made) if _is_timed(lake.system.graph[task.asset]) else task for task in tasks)


def _counted(lake: Lake, task: Foreseen, made: set[str]) -> Foreseen:
    try:
        found = outlook(lake, (task.asset,), Backfill(lambda _: None))[0]
    except JusanteError:  # nothing to read yet, or a query that fails: the run will say so
        return task
    of = interval.count(each.span for each in found.coverage)
    least = "at least " if made & lake.system.graph.above([task.asset]) else ""
    known = f"{least}{found.intervals:,} of {counted(of, found.unit)}"
    return replace(task, why=f"{task.why}: {known}") if found.intervals or not least else task
