"""The tasks of a run in a queue: this process and others do them, on whatever machine they are."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jusante.core.graph import Graph
from jusante.core.run import Done, Task
from jusante.errors import LeaseLost, StorageError, StorageFull, WorkerLost
from jusante.orchestration.crew import LONGEST_PAUSE_SECONDS, OUTAGE_SECONDS, Crew
from jusante.orchestration.staleness import action_of
from jusante.orchestration.worker import Worker
from jusante.ports.task_queue import MOST_TRIES, Queued, TaskQueue

LOOK_SECONDS = 0.5
"""How often it is looked for what others have done; what is done here is known at once."""
HERE = {"step", "dashboard"}
"""What writes files of the project is done where the project is that was asked to make them."""


_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Led:
    """A run whose tasks go through the queue. `token` is that of its lease, `here` the name of this process's crew.

    `anew` are made, stale or not; `only_here` are done by this process; `is_lost` says whether another process has taken over the run.
    """

    run_id: str
    token: int
    here: str
    graph: Graph
    anew: Collection[str]
    only_here: Collection[str]
    is_lost: Callable[[], bool]


class Queue:
    """Hands wherever they are: those of this process's crew, and of others that take from the queue."""

    def __init__(self, led: Led, queue: TaskQueue, worker: Worker, crew: Crew) -> None:
        self._led = led
        self._queue = queue
        self._worker = worker
        self._crew = crew
        self._begun: list[Queued] = []
        self._settled: list[Done] = []
        self._heard: list[str] = []

    def begin(self, name: str) -> None:
        """Put it into the queue, with all others that are begun together."""
        led, asset = self._led, self._led.graph[name]
        only = led.here if asset.kind in HERE or name in led.only_here else ""
        timing, version = asset.timing, led.graph.versions[name]
        self._begun.append(Queued(name, version, timing.priority, timing.pool, only, name in led.anew))

    def settle(self, done: Done) -> None:
        """Nothing is to be done about this one: it is recorded before it is waited for others."""
        self._settled.append(done)

    def ended(self) -> Sequence[Task]:
        """Wait until tasks have ended. Raises LeaseLost where another process has taken over the run, StorageFull."""
        begun, self._begun = self._begun, []
        if begun:
            self._patiently(lambda: self._queue.put(self._led.run_id, self._led.token, begun))
            self._crew.stir()
        settled, self._settled = self._settled, []
        if settled:
            self._patiently(lambda: self._worker.record(settled))
            return [done.task for done in settled]
        while True:
            seen = self._crew.stirred
            if ended := self._patiently(lambda: self._queue.ended(self._led.run_id, self._heard)):
                self._heard = [task.asset for task in ended]
                self._patiently(lambda: self._worker.learn(self._heard))
                return ended
            self._heard = []
            if self._crew.full:
                raise self._crew.full
            if lost := self._patiently(lambda: self._queue.given_up(self._led.run_id)):
                return self._given_up(lost)
            self._crew.wait(LOOK_SECONDS, seen)

    def _given_up(self, names: Sequence[str]) -> Sequence[Task]:
        """Tasks that took down each worker that began them."""
        what = f"{MOST_TRIES} workers began it, and each of them ended or fell silent"
        fix = "see the log of the workers' machines; does it take too much memory? memory: 2GB stops it in time"
        error = WorkerLost(what, fix=fix)
        done = []
        for name in names:
            asset = self._led.graph[name]
            told = error.as_dict() | {"where": str(asset.place)}
            done.append(Done(Task(name, action_of(asset), "failed", what, error=told)))
        self._patiently(lambda: self._worker.record(done))
        return [each.task for each in done]

    def _patiently(self, work: Callable[[], _Found]) -> _Found:
        """Do it, and again while the database is not there. Raises LeaseLost as soon as it is known, StorageError in the end.

        Where its disk is full, somebody has to know at once: StorageFull.
        """
        until, pause = time.monotonic() + OUTAGE_SECONDS, 0.1
        while True:
            if self._led.is_lost():
                what = "another process has taken over the run, as this one was silent for too long"
                raise LeaseLost(what, where="the project", fix="nothing is lost: the other one goes on")
            try:
                return work()
            except (LeaseLost, StorageFull):
                raise
            except StorageError:
                if time.monotonic() > until:
                    raise
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
