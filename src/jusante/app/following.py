"""Who hears of a run while it goes on: the listener that was given, a receiver of lineage, a collector of traces."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

from jusante.app.openlineage import Listener, telling
from jusante.app.system import System
from jusante.app.tracing import traced
from jusante.core.run import Run, Task


@runtime_checkable
class RunListener(Protocol):
    """A listener that wants to know which run it is."""

    def begun(self, run: Run) -> None:
        """The run has begun; no task has."""

    def __call__(self, asset: str, task: Task | None, /) -> None:
        """A task has begun, or ended."""


@contextmanager
def followed(system: System, run: Run, listener: Listener) -> Iterator[tuple[Listener, list[str]]]:
    """A listener that tells all of them; afterwards, in words, what could not be delivered."""
    if isinstance(listener, RunListener):
        listener.begun(run)
    with telling(system, run, listener) as (heard, undelivered), traced(system, run, heard, undelivered) as traces:
        yield traces, undelivered
