"""What does the tasks of runs in this process: with which tools, by which hands, and how it is stopped."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakSet

from jusante.app import clock
from jusante.app.columns import columns_of
from jusante.app.guards import Guardian
from jusante.app.sensitive import Watch
from jusante.app.system import System
from jusante.architecture.cost.metering import Meter
from jusante.core.asset import Asset
from jusante.errors import JusanteError
from jusante.ingestion.batch import BatchLoader
from jusante.ingestion.data_drift import DataWatch
from jusante.ingestion.door import Door
from jusante.management.lake import Tables
from jusante.management.publish import Publisher
from jusante.orchestration import recovery
from jusante.orchestration.cancelling import Cancelling
from jusante.orchestration.execution import Threads
from jusante.orchestration.profiling import Profiling
from jusante.orchestration.stopping import StoppableEngine
from jusante.orchestration.worker import Tools, Worker
from jusante.transformation.build import Built, Workshop, unseen
from jusante.transformation.incremental.batches import Backfill

Serve = Callable[[Asset, Tables], Built]


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a run, beside making what is stale among `chosen`.

    `anew` are made, stale or not; `held` says why some are not made; `backfill` which intervals are. `refused` are the
    errors of those that must not be made.
    """

    run_id: str
    chosen: Collection[str]
    anew: Collection[str] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    backfill: Backfill | None = None
    refused: Mapping[str, JusanteError] = field(default_factory=dict)

    @property
    def only_here(self) -> Collection[str]:
        """What no other process may do, as it does not know what is asked."""
        return self.chosen if self.backfill else {*self.held, *self.refused}


class Making:
    """Does tasks. `serve` renders a dashboard from tables; `meter` measures what is spent."""

    def __init__(self, system: System, watch: Watch, serve: Serve, meter: Meter) -> None:
        self._system = system
        self._watch = watch
        self._serve = serve
        self._meter = meter
        self._engines: WeakSet[StoppableEngine] = WeakSet()

    def threads(self, order: Order, worker: Worker) -> Threads:
        """Hands in this process alone."""
        graph, here = self._system.graph, self._system.project.environment
        timing = {name: graph[name].timing for name in order.chosen}
        return Threads(worker, here.parallel, timing.__getitem__, here.pools)

    @contextmanager
    def working(self, order: Order) -> Iterator[Worker]:
        """What does tasks of a run in this process; what somebody cancels is stopped meanwhile."""
        system = self._system
        tables = Tables(system.store)
        guardian = Guardian(system, tables)
        tools = self._tools(order, tables, guardian)
        cancelling = Cancelling(order.run_id, system.metadata, tools.engine)
        states = system.metadata.states()
        worker = Worker(order.run_id, tools, states, anew=order.anew, left=cancelling.why, backfill=order.backfill)
        with cancelling.watched():
            yield worker
        guardian.save()

    def _tools(self, order: Order, tables: Tables, guardian: Guardian) -> Tools:
        from jusante.app.costs import task_price

        system = self._system
        engine = StoppableEngine(system.engine, self._meter)
        self._engines.add(engine)
        publisher = Publisher(system.store, clock.now)
        scratch = system.settings.state / "scratch" / order.run_id
        return Tools(
            graph=system.graph,
            tables=tables,
            metadata=system.metadata,
            columns=lambda: columns_of(system),
            workshop=self._workshop(order, tables, engine, publisher, scratch),
            loader=self._loader(engine, publisher),
            connect=system.connect,
            serve=lambda asset: self._serve(asset, tables),
            allow=self._watch.allow,
            discreet=self._watch.is_discreet,
            guard=guardian.allow,
            price=task_price(system),
            unaffordable=lambda name: order.held.get(name, ""),
            refused=order.refused.get,
            recover=lambda name, run_id: recovery.recover_task(
                system.store, system.metadata, name, run_id, clock.now()
            ),
            clock=clock.now,
            sleep=time.sleep,
            scratch=scratch,
            engine=engine,
        )

    def _workshop(
        self, order: Order, tables: Tables, engine: StoppableEngine, publisher: Publisher, scratch: Path
    ) -> Workshop:
        def apart(name: str) -> Path:
            return scratch / name.replace(":", "-")

        profiling = Profiling(self._system.metadata, self._watch.unkept, apart, clock.now)
        return Workshop(
            folder=self._system.project.folder,
            graph=self._system.graph,
            tables=tables,
            engine=engine,
            publisher=publisher,
            scratch=apart,
            hidden=self._watch.hidden,
            spent=lambda seconds: engine.meter.add(cpu_seconds=seconds),
            looking=unseen if order.backfill else profiling.of,
        )

    def _loader(self, engine: StoppableEngine, publisher: Publisher) -> BatchLoader:
        metadata = self._system.metadata
        door, watch = Door(engine, metadata, clock.now), DataWatch(metadata, clock.now)
        return BatchLoader(engine, publisher, door, watch, self._system.masks, clock.now)

    def stop(self) -> None:
        """Stop all queries, from another thread or a signal's handler; their tasks fail as stopped."""
        for engine in tuple(self._engines):
            engine.stop()

    def stop_task(self, name: str, why: JusanteError) -> None:
        """Stop one task, if it is being done here; it fails with this error."""
        for engine in tuple(self._engines):
            engine.stop_task(name, why)

    @property
    def doing(self) -> tuple[str, ...]:
        """The tasks that are being done in this process."""
        return tuple(name for engine in tuple(self._engines) for name in engine.doing)
