"""Runs a graph: each asset once its inputs are done, several at a time; what stands below a failure is left alone."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from graphlib import TopologicalSorter
from queue import Empty, SimpleQueue
from typing import Protocol

from jusante.core.graph import Graph
from jusante.core.run import LEFT_ALONE, Done, Task
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
    """Hands in this process. What ends while others are being recorded is recorded together."""

    def __init__(self, worker: Worker, parallel: int) -> None:
        self._worker = worker
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="jusante")
        self._done: SimpleQueue[Future[Done]] = SimpleQueue()

    def begin(self, name: str) -> None:
        """Do this as soon as a thread is free."""
        self._pool.submit(self._worker.work, name).add_done_callback(self._done.put)

    def settle(self, done: Done) -> None:
        """Nothing is to be done about this one: it is recorded with those that have ended."""
        future: Future[Done] = Future()
        future.set_result(done)
        self._done.put(future)

    def ended(self) -> Sequence[Task]:
        """Wait until one has ended; it, and those that have ended by then."""
        done = [self._done.get().result()]
        while len(done) < MOST_AT_ONCE:
            try:
                done.append(self._done.get_nowait().result())
            except Empty:
                break
        self._worker.record(done)
        return [each.task for each in done]

    def __enter__(self) -> "Threads":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)


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
                hands.settle(Done(Task(name, "skip", "skipped", f"{LEFT_ALONE}: {failed} did not succeed")))
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
