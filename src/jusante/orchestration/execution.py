"""Runs a graph: each asset once its inputs are done, several at a time; what stands below a failure is left alone."""

from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from jusante.core.graph import Graph
from jusante.core.run import Task
from jusante.orchestration.worker import Worker

Listener = Callable[[str, Task | None], None]


@dataclass(slots=True)
class Progress:
    """How far a run has come. `blocked` are assets below one that failed, with the name of that one."""

    done: dict[str, Task] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    blocked: dict[str, str] = field(default_factory=dict)


def ready(graph: Graph, chosen: Collection[str], progress: Progress) -> tuple[str, ...]:
    """The chosen assets that can start now: not begun, and each chosen input is done."""
    return tuple(
        name
        for name in graph.order
        if name in chosen
        and name not in progress.done
        and name not in progress.running
        and all(above in progress.done for above in graph[name].inputs if above in chosen)
    )


def blocker(graph: Graph, name: str, progress: Progress) -> str | None:
    """The failed or held asset that keeps this one from being made, if there is one."""
    for above in graph[name].inputs:
        if above in progress.blocked:
            return progress.blocked[above]
        task = progress.done.get(above)
        if task and task.status in {"failed", "held"}:
            return above
    return None


def execute(
    graph: Graph, chosen: Collection[str], worker: Worker, parallel: int, listener: Listener
) -> tuple[Task, ...]:
    """Do all chosen assets; the tasks in the order in which they ended. `listener` hears of each start and end."""
    progress = Progress()
    pending: dict[Future[Task], str] = {}
    with ThreadPoolExecutor(parallel, thread_name_prefix="jusante") as pool:
        while len(progress.done) < len(chosen):
            _start(graph, chosen, worker, progress, listener, pending, pool)
            if not pending:
                continue
            finished, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                name = pending.pop(future)
                progress.running.discard(name)
                progress.done[name] = future.result()
                listener(name, progress.done[name])
    return tuple(progress.done.values())


def _start(  # noqa: PLR0913  # one loop's state, kept in one place
    graph: Graph,
    chosen: Collection[str],
    worker: Worker,
    progress: Progress,
    listener: Listener,
    pending: dict[Future[Task], str],
    pool: ThreadPoolExecutor,
) -> None:
    for name in ready(graph, chosen, progress):
        if failed := blocker(graph, name, progress):
            progress.blocked[name] = failed
            progress.done[name] = worker.skip(name, f"left as it was: {failed} did not succeed")
            listener(name, progress.done[name])
        else:
            listener(name, None)
            progress.running.add(name)
            pending[pool.submit(worker.work, name)] = name
