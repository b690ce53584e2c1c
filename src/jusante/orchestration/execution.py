"""Runs a graph: each asset once its inputs are done, several at a time; what stands below a failure is left alone."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from graphlib import TopologicalSorter
from queue import SimpleQueue

from jusante.core.graph import Graph
from jusante.core.run import Task
from jusante.orchestration.worker import Worker

Listener = Callable[[str, Task | None], None]


def blocker(graph: Graph, name: str, done: Mapping[str, Task], blocked: Mapping[str, str]) -> str | None:
    """The failed or held asset that keeps this one from being made, if there is one.

    `blocked` are assets below one that failed, with the name of that one. What is held for a column of something above
    keeps nobody from being made: who needs that column is held for it as well.
    """
    for above in graph[name].inputs:
        if above in blocked:
            return blocked[above]
        task = done.get(above)
        if task and (task.status == "failed" or (task.status == "held" and task.error)):
            return above
    return None


def execute(
    graph: Graph, chosen: Collection[str], worker: Worker, parallel: int, listener: Listener
) -> tuple[Task, ...]:
    """Do all chosen assets; the tasks in the order in which they ended. `listener` hears of each start and end."""
    done: dict[str, Task] = {}
    blocked: dict[str, str] = {}
    names: dict[Future[Task], str] = {}
    ended: SimpleQueue[Future[Task]] = SimpleQueue()
    waiting = TopologicalSorter(
        {name: [above for above in graph[name].inputs if above in chosen] for name in graph.order if name in chosen}
    )
    waiting.prepare()
    with ThreadPoolExecutor(parallel, thread_name_prefix="jusante") as pool:
        while waiting.is_active():
            for name in waiting.get_ready():
                if failed := blocker(graph, name, done, blocked):
                    blocked[name] = failed
                    future = pool.submit(worker.skip, name, f"left as it was: {failed} did not succeed")
                elif holds := worker.held_for(name):
                    future = pool.submit(worker.hold, name, holds)
                else:
                    listener(name, None)
                    future = pool.submit(worker.work, name)
                names[future] = name
                future.add_done_callback(ended.put)
            future = ended.get()
            name = names.pop(future)
            done[name] = future.result()
            waiting.done(name)
            listener(name, done[name])
    return tuple(done.values())
