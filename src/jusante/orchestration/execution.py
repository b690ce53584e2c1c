"""Runs a graph: each asset once its inputs are done, several at a time; what stands below a failure is left alone."""

import heapq
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from graphlib import TopologicalSorter
from queue import Empty, SimpleQueue
from types import MappingProxyType
from typing import Protocol

from jusante.core.graph import Graph
from jusante.core.run import LEFT_ALONE, NOT_THERE, Done, Task
from jusante.core.trigger import Timing
from jusante.orchestration.worker import Worker

MOST_AT_ONCE = 64
"""So many tasks are recorded in one transaction: whoever waits for a disk waits for all of them."""

Listener = Callable[[str, Task | None], None]


class Hands(Protocol):
    """Those who do the tasks of a run, wherever they are."""

    def begin(self, name: str) -> None:
        """Do this as soon as there is a place."""

    def settle(self, done: Done) -> None:
        """Nothing is to be done about this one: record it."""

    def ended(self) -> Sequence[Task]:
        """Wait until tasks have ended and are recorded, one at the least."""


class Threads:
    """Hands in this process. What ends while others are being recorded is recorded together.

    Of what can be begun, the most important is begun first, and not more of a pool at once than it has places.
    """

    def __init__(
        self,
        worker: Worker,
        parallel: int,
        timing: Callable[[str], Timing] = lambda _: Timing(),
        pools: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._worker = worker
        self._timing = timing
        self._free = Places(pools)
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="jusante")
        self._done: SimpleQueue[Future[Done]] = SimpleQueue()
        self._begun = 0

    def begin(self, name: str) -> None:
        """Do this as soon as a thread is free, after all that is more important."""
        self._free.add(name, self._timing(name))
        self._begun += 1

    def settle(self, done: Done) -> None:
        """Nothing is to be done about this one: it is recorded with those that have ended."""
        future: Future[Done] = Future()
        future.set_result(done)
        self._done.put(future)

    def ended(self) -> Sequence[Task]:
        """Wait until one has ended; it, and those that have ended by then."""
        for _ in range(self._begun):
            self._pool.submit(self._next)
        self._begun = 0
        done = [self._done.get().result()]
        while len(done) < MOST_AT_ONCE:
            try:
                done.append(self._done.get_nowait().result())
            except Empty:
                break
        self._worker.record(done)
        return [each.task for each in done]

    def _next(self) -> None:
        """Do the first that has a place, and then what had to wait for that place."""
        name = self._free.take()
        while name is not None:
            future: Future[Done] = Future()
            try:
                future.set_result(self._worker.work(name))
            except BaseException as error:  # noqa: BLE001  # it is raised where it is waited for
                future.set_exception(error)
            place = self._timing(name).pool
            self._done.put(future)
            name = self._free.give_back(place) if place else None

    def __enter__(self) -> "Threads":
        return self

    def __exit__(self, *_: object) -> None:
        self._free.clear()
        self._pool.shutdown(cancel_futures=True)


class Places:
    """What waits to be begun, in its order, and how many places of each pool are taken."""

    def __init__(self, pools: Mapping[str, int]) -> None:
        self._pools = pools
        self._waiting: dict[str | None, list[tuple[int, int, str]]] = {}
        self._numbers = itertools.count()
        self._taken: Counter[str] = Counter()
        self._owed = 0
        self._lock = threading.Lock()

    def add(self, name: str, timing: Timing) -> None:
        """It can be begun."""
        with self._lock:
            waiting = self._waiting.setdefault(timing.pool, [])
            heapq.heappush(waiting, (-timing.priority, next(self._numbers), name))

    def take(self) -> str | None:
        """The first that has a place. Who finds none is owed one: whoever gives a place back takes that on."""
        with self._lock:
            name = self._first()
            self._owed += name is None
            return name

    def give_back(self, pool: str) -> str | None:
        """A place of a pool is free again; what had to wait, and is begun now."""
        with self._lock:
            self._taken[pool] -= 1
            name = self._first() if self._owed else None
            self._owed -= name is not None
            return name

    def clear(self) -> None:
        """Begin nothing any more."""
        with self._lock:
            self._waiting.clear()

    def _first(self) -> str | None:
        free = [
            pool
            for pool, waiting in self._waiting.items()
            if waiting and (pool is None or self._taken[pool] < self._pools.get(pool, 1))
        ]
        if not free:
            return None
        pool = min(free, key=lambda each: self._waiting[each][0])
        if pool is not None:
            self._taken[pool] += 1
        return heapq.heappop(self._waiting[pool])[2]


def blocker(graph: Graph, name: str, done: Mapping[str, Task], blocked: Mapping[str, str]) -> str | None:
    """The failed or held asset that keeps this one from being made, if there is one.

    `blocked` are assets below one that failed, with the name of that one. What is held for a column of something above
    keeps nobody from being made: who needs that column is held for it as well.
    """
    for above in graph[name].inputs:
        if above in blocked:
            return blocked[above]
        task = done.get(above)
        if task and (task.status == "failed" or task.was_left_alone or (task.status == "held" and task.error)):
            return above
    return None


def execute(
    graph: Graph, chosen: Collection[str], worker: Worker, hands: Hands, listener: Listener
) -> tuple[Task, ...]:
    """Do all chosen assets; the tasks in the order in which they ended. `listener` hears of each start and end."""
    done: dict[str, Task] = {}
    blocked: dict[str, str] = {}
    waiting = TopologicalSorter(
        {name: [above for above in graph[name].inputs if above in chosen] for name in graph.order if name in chosen}
    )
    waiting.prepare()
    while waiting.is_active():
        for name in waiting.get_ready():
            if failed := blocker(graph, name, done, blocked):
                blocked[name] = failed
                hands.settle(Done(Task(name, "skip", "skipped", f"{LEFT_ALONE}: {failed} {NOT_THERE}")))
            elif holds := worker.held_for(name):
                hands.settle(worker.hold(name, holds))
            else:
                listener(name, None)
                hands.begin(name)
        for task in hands.ended():
            done[task.asset] = task
            waiting.done(task.asset)
            listener(task.asset, task)
    return tuple(done.values())
