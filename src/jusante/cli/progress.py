"""What a run shows while it goes on: one moving line on a terminal, a line for each task elsewhere."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from jusante.cli.console import MARKS, err
from jusante.core.graph import Graph
from jusante.core.run import Task
from jusante.orchestration.selection import made_among

Listener = Callable[[str, Task | None], None]


@contextmanager
def following(graph: Graph, wishes: tuple[str, ...], instead: Listener | None = None) -> Iterator[Listener]:
    """A listener for `Lake.run` that shows how it goes, on standard error; `instead`, where that is given."""
    if instead is not None:
        yield instead
        return
    total = len(made_among(graph, wishes))
    if not sys.stderr.isatty():
        yield _plain
        return
    columns = (
        SpinnerColumn(),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", style="dim", markup=False),
    )
    with Progress(*columns, console=err(), transient=True) as progress:
        bar = progress.add_task("", total=total)
        yield _Moving(progress, bar)


class _Moving:
    def __init__(self, progress: Progress, bar: TaskID) -> None:
        self._progress = progress
        self._bar = bar
        self._running: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, name: str, task: Task | None) -> None:
        with self._lock:
            if task is None:
                self._running.append(name)
            elif name in self._running:
                self._running.remove(name)
            shown = ", ".join(self._running[:3]) + (" …" if len(self._running) > 3 else "")
            self._progress.update(self._bar, description=shown, advance=1 if task else 0)


def _plain(name: str, task: Task | None) -> None:
    if task is not None and task.status != "skipped":
        sys.stderr.write(f"{MARKS[task.status][0]} {name}  {task.seconds:.1f} s\n")
        sys.stderr.flush()
