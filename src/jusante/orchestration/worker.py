"""One asset at a time: what is done about it, and what is remembered of that."""

import datetime as dt
import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from jusante.architecture.failure import point
from jusante.core.asset import Asset, BuiltDashboard, Ingested
from jusante.core.column_graph import ColumnGraph
from jusante.core.event import Event
from jusante.core.graph import Graph
from jusante.core.holds import Hold
from jusante.core.model import PythonModel, ShellStep, SqlModel
from jusante.core.run import LEFT_ALONE, AssetState, Done, Task, TaskStatus
from jusante.core.words import some_were
from jusante.errors import AuditFailed, JusanteError, SourceChanged, SourceHeld, SourceUnavailable
from jusante.ingestion.arrival import Loaded
from jusante.ingestion.batch import BatchLoader, Load
from jusante.management.lake import Tables, show
from jusante.management.publish import Published
from jusante.management.quality.told import checked
from jusante.orchestration.batch_tries import BatchTries, longest
from jusante.orchestration.conducting.laws import law_of
from jusante.orchestration.holding import Waiting, holds_of, news, why_held
from jusante.orchestration.interval_events import intervals_done
from jusante.orchestration.join_counts import counted, noticed
from jusante.orchestration.recovery import state_of
from jusante.orchestration.staleness import action_of, why_ingest, why_stale
from jusante.orchestration.stopping import StoppableEngine
from jusante.ports.connector import Connector, requests_of
from jusante.ports.metadata_store import MetadataStore
from jusante.ports.task_queue import Claim
from jusante.transformation import python_model, shell_step, sql_model
from jusante.transformation.build import Built, Job, Standing, Workshop
from jusante.transformation.incremental import batches
from jusante.transformation.incremental.batches import Backfill

LONGEST_PAUSE_SECONDS = 60.0

Serve = Callable[[BuiltDashboard, str], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What a worker works with. `serve` renders a dashboard and says which snapshots it read.

    `allow` raises NotAllowed where personal data would come to an asset outside that may not have them; `discreet` says
    whether an asset reads such, so that none of its errors may quote a value. `guard` raises QueryRefused where the query
    of a model would give wrong numbers. `price` says what a task is worth, `unaffordable` why an asset is not to be made
    within its budget; empty where it is. `recover` puts right what a worker of this run that was lost has left of an asset,
    and says whether it had published it.
    """

    graph: Graph
    tables: Tables
    metadata: MetadataStore
    columns: Callable[[], ColumnGraph]
    workshop: Workshop
    loader: BatchLoader
    connect: Callable[[str], Connector]
    serve: Callable[[Asset], Built]
    allow: Callable[[Asset], None]
    discreet: Callable[[Asset], bool]
    guard: Callable[[Asset], None]
    price: Callable[[Task], float | None]
    unaffordable: Callable[[str], str]
    refused: Callable[[str], JusanteError | None]
    recover: Callable[[str, str], bool]
    clock: Callable[[], dt.datetime]
    sleep: Callable[[float], None]
    scratch: Path
    engine: StoppableEngine


class Worker:
    """Does the tasks of one run. Every failure becomes a task that failed; nothing is raised.

    `anew` are made, stale or not; `left` says why an asset is not to be begun any more, where somebody has cancelled it.
    """

    def __init__(
        self,
        run_id: str,
        tools: Tools,
        states: Mapping[str, AssetState],
        *,
        anew: Collection[str] = (),
        backfill: Backfill | None = None,
        left: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._run_id = run_id
        self._tools = tools
        self._states = dict(states)
        self._anew = set(anew)
        self._backfill = backfill
        self._left = left
        self._waiting = Waiting(tools.columns)

    def work(self, name: str) -> Done:
        """Do what is to be done about an asset, and say what it was. It is not remembered before it is recorded."""
        asset = self._tools.graph[name]
        began = time.monotonic()
        if why := self._left(name):
            return Done(Task(name, "skip", "skipped", f"{LEFT_ALONE}: {why}"))
        with self._tools.engine.meter.working() as spent:
            done = self._tried(asset)
        task = replace(done.task, seconds=round(time.monotonic() - began, 3))
        task = replace(task, cpu_seconds=spent.cpu_seconds, requests=spent.requests or None)
        return replace(done, task=replace(task, cost_usd=self._tools.price(task)))

    def _tried(self, asset: Asset) -> Done:
        """What came of doing it; every failure is a task that failed."""
        try:
            with self._tools.engine.task(asset.id, None if self._backfill else longest(asset)):
                return self._do(asset)
        except SourceChanged as error:
            return Done(self._failed(asset, error), *self._held_as_a_whole(asset, error))
        except JusanteError as error:
            return Done(self._failed(asset, error), events=self._checked(asset.id, error))
        except Exception as error:  # noqa: BLE001  # the edge of a worker: one asset's failure must not end the run
            told = JusanteError(
                f"{type(error).__name__}: {error}",
                where=str(asset.place),
                fix="this is a bug: please report it",
                unquoted=type(error).__name__,
            )
            return Done(self._failed(asset, told))

    def held_for(self, name: str) -> tuple[Hold, ...]:
        """The held columns that an asset needs. Ask once all above it is done."""
        return self._waiting.of(name, holds_of(self._states))

    def hold(self, name: str, holds: tuple[Hold, ...]) -> Done:
        """An asset keeps its last good snapshot until somebody has decided."""
        return Done(Task(name, action_of(self._tools.graph[name]), "held", why_held(holds)))

    def record(self, done: Sequence[Done]) -> None:
        """Remember what was done, in one transaction. What is up to date, and has nothing to tell, leaves no entry."""
        worth = [each for each in done if is_worth_telling(each)]
        if worth:
            self._tools.metadata.record(self._run_id, worth)
        for each in worth:
            if each.state:
                self._states[each.task.asset] = each.state
                point("after_cursor", each.task.asset)

    def learn(self, names: Collection[str]) -> None:
        """See how these stand, which others may have made meanwhile."""
        for name, state in self._tools.metadata.states(names).items():
            self._states[name] = state
            if state.pointer:
                self._tools.tables.point(name, state.pointer)

    def prepare(self, claim: Claim) -> None:
        """See what a task that was taken from the queue depends on, and what those before have made of it."""
        name = claim.asset
        if claim.anew:
            self._anew.add(name)
        self.learn({name, *self._tools.graph[name].inputs, *self._tools.graph.tables_above(name)})
        if claim.takes > 1 and self._tools.graph[name].is_table:
            if self._tools.recover(name, claim.run_id):
                self._anew.discard(name)  # whoever had it before was lost after it had made it
            self.learn({name})

    def _do(self, asset: Asset) -> Done:
        version = self._tools.graph.versions[asset.id]
        if isinstance(asset.definition, Ingested):
            return self._kept_back(asset) or self._ingest(asset, asset.definition, version)
        reason = self._why_stale(asset, version)
        if reason is None:
            return Done(Task(asset.id, "skip", "skipped", "up to date"))
        if kept := self._kept_back(asset):
            return kept
        built = self._build(asset, version)
        jumped = noticed(self._tools.metadata, asset, version, built.profile)
        task, state = self._built(asset, version, reason, replace(built, notices=(*built.notices, *jumped)))
        return Done(task, state, self._events(asset, version, built))

    def _kept_back(self, asset: Asset) -> Done | None:
        """The task of an asset that its budget holds: it keeps what it has, and what is below goes on with that.

        Raises why it must not be made, where that is so.
        """
        if refused := self._tools.refused(asset.id):
            raise refused
        why = self._tools.unaffordable(asset.id)
        return Done(Task(asset.id, action_of(asset), "held", why, notices=(why,))) if why else None

    def _checked(self, name: str, outcome: JusanteError | Published | Built | None) -> tuple[Event, ...]:
        """What an audit found, for the ledger: of what was published, or was not because of it."""
        aside = outcome.rows_aside if isinstance(outcome, Published) else 0
        found = outcome.audit if isinstance(outcome, Published | Built | AuditFailed) else None
        return checked(name, self._run_id, self._tools.clock(), found, aside) if found else ()

    def _events(self, asset: Asset, version: str, built: Built) -> tuple[Event, ...]:
        now = self._tools.clock()
        found = self._checked(asset.id, built.published or built)
        joins = (counted(asset.id, version, self._run_id, now, built.profile),) if built.profile else ()
        seen = (built.published.seen,) if built.published and built.published.seen else ()
        return (*found, *joins, *seen, *intervals_done(asset, version, self._run_id, now, built))

    def _why_stale(self, asset: Asset, version: str) -> str | None:
        tables = self._tools.tables
        inputs: dict[str, int | None] = {}
        for name in self._tools.graph.tables_above(asset.id):
            table = tables.get(name)
            inputs[name] = table.data_id if table else None
        exists = asset.kind != "model" or tables.pointer(asset.id) is not None
        reason = why_stale(version, self._states.get(asset.id), inputs, exists=exists)
        asked = "made anew on request" if asset.id in self._anew else "backfill" if self._backfill else None
        return reason or asked

    def _build(self, asset: Asset, version: str) -> Built:
        job = Job(asset, self._run_id, version, self._standing(asset), self._tools.clock())
        workshop = self._tools.workshop
        if isinstance(asset.definition, SqlModel):
            self._tools.guard(asset)
        match asset.definition:
            case SqlModel() if asset.kind == "view":
                return sql_model.check_view(workshop, job, self._tools.clock())
            case SqlModel() if self._backfill:
                return batches.build(workshop, job, self._backfill, self._tries(asset, self._backfill))
            case SqlModel():
                return sql_model.build(workshop, job)
            case PythonModel():
                return python_model.build(workshop, job)
            case ShellStep():
                self._tools.allow(asset)
                return shell_step.run(workshop, job)
            case BuiltDashboard():
                return self._tools.serve(asset)
        raise AssertionError(asset.kind)

    def _tries(self, asset: Asset, wish: Backfill) -> BatchTries:
        """A backfill may take its time; each of its batches may take no longer than the asset may, and is tried again by itself."""
        law = law_of(asset, self._tools.graph)
        discreetly = partial(self._discreetly, asset)
        return BatchTries(asset, law, self._tools.engine, wish.troubled, discreetly)

    def _discreetly(self, asset: Asset, error: JusanteError) -> JusanteError:
        """An error as it may be shown."""
        if error.unquoted and self._tools.discreet(asset):
            return error.without_values(f"{asset.id} reads personal data")
        return error

    def _standing(self, asset: Asset) -> Standing | None:
        """What the asset's table was made from, where it may be built on."""
        state, table = self._states.get(asset.id), self._tools.tables.get(asset.id)
        if state is None or table is None or asset.id in self._anew:
            return None
        state = state_of(table, self._tools.clock()) if state.note or state.pointer != table.pointer else state
        return Standing(state.version, state.inputs, state.intervals)

    def _built(self, asset: Asset, version: str, reason: str, built: Built) -> tuple[Task, AssetState]:
        published = built.published
        if published:
            self._tools.tables.put(published.table)
        task = Task(
            asset=asset.id,
            action=action_of(asset),
            status="succeeded",
            reason=f"{reason}: {built.told}" if built.told else reason,
            rows_in=built.rows_in,
            rows_out=published.rows_added if published else None,
            bytes_scanned=built.bytes_scanned,
            bytes_written=published.bytes_added if published else None,
            snapshot_id=published.table.snapshot_id if published else None,
            notices=(*built.notices, *_audit_notices(asset.id, published), *_declassified(asset)),
        )
        inputs = {name: table.data_id for name, table in built.read.items()}
        state = self._state(asset, version, inputs, published)
        return task, replace(state, intervals=tuple(each.as_list() for each in built.intervals))

    def _state(self, asset: Asset, version: str, inputs: Mapping[str, int], published: Published | None) -> AssetState:
        return AssetState(
            asset=asset.id,
            version=version,
            inputs={name: inputs[name] for name in self._tools.graph.tables_above(asset.id) if name in inputs},
            run_id=self._run_id,
            at=self._tools.clock(),
            pointer=published.table.pointer if published else None,
            snapshot_id=published.table.snapshot_id if published else None,
        )

    # -- ingestion ---------------------------------------------------------------------------------------------------

    def _ingest(self, asset: Asset, ingested: Ingested, version: str) -> Done:
        state = self._states.get(asset.id)
        current = self._tools.tables.get(asset.id)
        reason = why_ingest(version, None if asset.id in self._anew else state, exists=current is not None)
        landing = self._tools.scratch / asset.id.replace("/", "%2F") / "landing"
        graph, tables = self._tools.graph, self._tools.tables
        load = Load(
            asset.id,
            ingested,
            self._run_id,
            version,
            current,
            state,
            str(landing),
            beside=lambda session: show(session, asset.inputs, graph, tables),
            anew=asset.id in self._anew,
        )
        try:
            loaded = self._load(load)
        finally:
            shutil.rmtree(landing.parent, ignore_errors=True)
        standing = loaded.standing
        events = news(asset.id, load.holds, standing.holds, standing.found, self._tools.clock(), self._run_id)
        found = (*events, *self._checked(asset.id, loaded.published))
        return Done(*self._loaded(asset, version, reason, loaded, state), found)

    def _load(self, load: Load) -> Loaded:
        """Load, and try again what failed in passing, as often as the source's limits say."""
        limits = load.ingested.source.limits
        for attempt in range(1, limits.attempts + 1):
            try:
                with closing(self._tools.connect(load.ingested.source.source)) as connector:
                    try:
                        return self._tools.loader.load(load, connector)
                    finally:
                        self._tools.engine.meter.add(requests=requests_of(connector))
            except SourceUnavailable as error:
                if attempt + error.tried > limits.attempts:
                    raise
                shutil.rmtree(load.landing, ignore_errors=True)
                self._tools.sleep(min(error.retry_after_seconds or 2.0 ** (attempt - 1), LONGEST_PAUSE_SECONDS))
        raise AssertionError("the last attempt returns or raises")

    def _loaded(
        self, asset: Asset, version: str, reason: str, loaded: Loaded, before: AssetState | None
    ) -> tuple[Task, AssetState | None]:
        published = loaded.published
        if published is None:
            task = Task(asset.id, "ingest", "skipped", "nothing new", loaded.rows_in, 0, notices=loaded.notices)
            state = _standing(replace(before, marker=loaded.marker), loaded) if before else None
            return task, state if state != before else None
        self._tools.tables.put(published.table)
        notices = (*loaded.notices, *_audit_notices(asset.id, published))
        task = Task(
            asset=asset.id,
            action="ingest",
            status="succeeded",
            reason=reason,
            rows_in=loaded.rows_in,
            rows_out=published.rows_added,
            bytes_scanned=loaded.bytes_in,
            bytes_written=published.bytes_added,
            snapshot_id=published.table.snapshot_id,
            notices=notices,
        )
        cursor = loaded.cursor.as_dict() if loaded.cursor else None
        state = replace(self._state(asset, version, {}, published), cursor=cursor, marker=loaded.marker)
        return task, _standing(state, loaded)

    def _held_as_a_whole(self, asset: Asset, error: SourceChanged) -> tuple[AssetState | None, tuple[Event, ...]]:
        """The table's state with the reason why it waits; its rows and its cursor are what they were."""
        state = self._states.get(asset.id)
        if state is None or not error.holds:
            return None, ()
        before = [Hold.from_dict(asset.id, kept) for kept in state.holds]
        found = [hold.finding for hold in error.holds]
        events = news(asset.id, before, error.holds, found, self._tools.clock(), self._run_id)
        return replace(state, holds=tuple(hold.as_dict() for hold in error.holds)), tuple(events)

    def _failed(self, asset: Asset, error: JusanteError) -> Task:
        error = self._discreetly(asset, error)
        status: TaskStatus = "held" if isinstance(error, SourceHeld | SourceChanged) else "failed"
        return Task(asset.id, action_of(asset), status, error.what, error=error.at(str(asset.place)).as_dict())


def is_worth_telling(done: Done) -> bool:
    """Whether the ledger is told of it: what is up to date, and has nothing to tell, leaves no entry."""
    return bool(done.state) or done.task.status != "skipped" or done.task.was_left_alone


def _standing(state: AssetState, loaded: Loaded) -> AssetState:
    """The state with what was seen of the source, and what waits for a decision."""
    standing = loaded.standing
    shape = standing.shape.as_dict() if standing.shape else state.shape
    return replace(state, shape=shape, holds=tuple(hold.as_dict() for hold in standing.holds))


def _declassified(asset: Asset) -> tuple[str, ...]:
    return tuple(f"{name} holds no personal data any more: {why}" for name, why in asset.declassified.items())


def _audit_notices(name: str, published: Published | None) -> tuple[str, ...]:
    """What the audit of something published still has to say: warnings, and rows that were set aside."""
    if published is None:
        return ()
    warnings = tuple(result.message for result in published.audit.results if not result.passed)
    aside = f"{some_were(published.rows_aside, 'row')} set aside in {name}__quarantine"
    return (*warnings, aside) if published.rows_aside else warnings
