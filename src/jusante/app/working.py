"""Tasks of a run through the queue: the crew of the process that runs it, and those of `jusante worker`, on any machine."""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

from jusante.app import clock
from jusante.app.holding import lease_seconds
from jusante.app.making import Making, Order
from jusante.app.system import System
from jusante.core.event import Event
from jusante.core.lease import Lease
from jusante.core.run import Done
from jusante.errors import LeaseLost, StorageError, UsageError
from jusante.orchestration.crew import Crew, Job
from jusante.orchestration.queueing import Led, Queue
from jusante.orchestration.worker import Worker
from jusante.ports.table_store import EVERY_TABLE
from jusante.ports.task_queue import Ask, Claim, TaskQueue

if TYPE_CHECKING:
    from jusante.app.lake import Lake


class Told(Protocol):
    """Hears what happens to a task."""

    def __call__(self, event: str, what: str, claim: Claim, error: Mapping[str, str] | None = None) -> None:
        """`event` names it, `what` says it in words; `error` is what was wrong, whose words are in `what`."""


@contextmanager
def queued(  # a run, and all that does its tasks
    system: System, making: Making, worker: Worker, order: Order, lease: Lease, is_lost: Callable[[], bool]
) -> Iterator[Queue]:
    """Hands for a run of this process: its own crew, and whoever else takes from the queue."""
    queue = queue_of(system, beside=False)
    ask = _ask(system)
    crew = Crew(queue, ask, system.project.environment.parallel, _job(system, making, lambda _: worker, _unheard))
    with crew.working():
        led = Led(order.run_id, lease.token, ask.worker, system.graph, order.anew, order.only_here, is_lost)
        yield Queue(led, queue, worker, crew)


def work(lake: "Lake", stop: threading.Event, told: Told) -> None:
    """Do tasks of whatever run goes on, until told to stop; what is being done then is finished first."""
    queue = queue_of(lake.system)
    lake.system.makes_keys = False
    workers = Workers(lake.making)
    job = _job(lake.system, lake.making, workers.of, told, can=lambda claim: _can(lake, claim, told))
    crew = Crew(queue, _ask(lake.system), lake.project.environment.parallel, job)
    with workers.open(), crew.working():
        stop.wait()


def give_up(lake: "Lake") -> None:
    """Stop the tasks that are done here; others do them."""
    for name in lake.making.doing:
        lake.making.stop_task(
            name,
            LeaseLost("given back, as this worker was told to stop at once", fix="nothing is lost: it is made again"),
        )


def queue_of(system: System, *, beside: bool = True) -> TaskQueue:
    """The queue, for work `beside` the process of the run. Raises UsageError where all has to be done by one process."""
    queue = system.metadata.queue
    if queue is None or (beside and system.settings.catalog_url.startswith("sqlite")):
        raise UsageError(
            "the metadata or the catalog of this project lie in a file, so one process does all its tasks",
            where=f"jusante.yaml, environment {system.project.environment_name}",
            fix="write metadata: ${env:DATABASE} and catalog: ${env:DATABASE}, both on PostgreSQL; then start as many as "
            "you like",
        )
    return queue


class Workers:
    """What does tasks of a run here, made when the first task of the run is taken. Only that of the last run is kept."""

    def __init__(self, making: Making) -> None:
        self._making = making
        self._lock = threading.Lock()
        self._run_id = ""
        self._worker: Worker | None = None
        self._stack = ExitStack()

    def of(self, claim: Claim) -> Worker:
        """The one for this task's run."""
        with self._lock:
            if self._worker is None or self._run_id != claim.run_id:
                self._stack.close()
                self._run_id = claim.run_id
                self._worker = self._stack.enter_context(self._making.working(Order(claim.run_id, ())))
            return self._worker

    @contextmanager
    def open(self) -> Iterator[None]:
        """Let go of it at the end of the block."""
        with self._stack:
            yield


def _ask(system: System) -> Ask:
    name = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(2)}"
    environment = system.project.environment
    has_pools = any(asset.timing.pool for asset in system.graph)
    return Ask(name, lease_seconds(system), environment.pools, has_pools)


def _job(
    system: System,
    making: Making,
    worker_of: Callable[[Claim], Worker],
    told: Told,
    can: Callable[[Claim], bool] = lambda _: True,
) -> Job:
    store = system.store

    def do(claim: Claim) -> Done:
        with store.fenced({EVERY_TABLE: claim.run_token, claim.asset: claim.token}):
            worker = worker_of(claim)
            worker.prepare(claim)
            told("task.began", claim.asset, claim)
            done = worker.work(claim.asset)
        if (done.task.error or {}).get("code") != LeaseLost.code:  # which `lost` tells
            what = f"{claim.asset}: {done.task.reason} ({done.task.seconds:.1f} s)"
            told(f"task.{done.task.status}", what, claim, done.task.error)
        return done

    def lost(claim: Claim, error: StorageError) -> None:
        kind = "lease.lost" if isinstance(error, LeaseLost) else "storage.failed"
        told(kind, f"{claim.asset}: {error.what}", claim, error.as_dict())
        payload = {"token": claim.token, "what": error.what, "code": error.code}
        system.metadata.tell([Event(kind, clock.now(), claim.run_id, claim.asset, payload)])

    return Job(do, making.stop_task, can, lost)


def _can(lake: "Lake", claim: Claim, told: Told) -> bool:
    """Whether the asset is the same in the project here and in that of the process that runs it, and its secrets are here."""
    graph = lake.project.graph
    if claim.asset not in graph or graph.versions[claim.asset] != claim.version:
        what = "is defined otherwise where the run began: bring this worker's folder up to date, and start it again"
    elif not lake.is_ready(claim.asset):
        what = "needs a secret that is not set here: jusante check names it"
    else:
        return True
    told("task.refused", f"{claim.asset} {what}", claim)
    return False


def _unheard(event: str, what: str, claim: Claim, error: Mapping[str, str] | None = None) -> None:
    """Nobody listens."""
    del event, what, claim, error
