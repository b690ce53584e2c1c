"""OpenLineage of a project: told to a receiver while it runs, or written as it stands."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jusante.app.columns import columns_of
from jusante.app.system import System
from jusante.core.column_graph import ColumnGraph
from jusante.core.run import Run, Task
from jusante.core.schema import Schema
from jusante.errors import ExtraMissing
from jusante.ports.run_receiver import RunReceiver

Listener = Callable[[str, Task | None], None]


@contextmanager
def telling(system: System, run: Run, listener: Listener) -> Iterator[tuple[Listener, list[str]]]:
    """A listener that tells the environment's receiver too, if there is one; afterwards, what could not be delivered."""
    undelivered: list[str] = []
    receiver = _receiver(system, run)
    if receiver is None:
        yield listener, undelivered
        return

    def both(asset: str, task: Task | None) -> None:
        at = dt.datetime.now(dt.UTC)
        receiver.ended(task, at) if task else receiver.started(asset, at)
        listener(asset, task)

    try:
        yield both, undelivered
    finally:
        undelivered += receiver.close()


def standing(system: System) -> Iterator[str]:
    """The graph as it stands, one event a line. Raises ExtraMissing where the client is not installed."""
    try:
        from openlineage.client.serde import Serde
    except ModuleNotFoundError:
        raise _missing() from None
    from jusante.receivers.openlineage import Story

    known = _Known(system)
    story = Story(_namespace(system), system.graph, known.columns, known.schema, known.look)
    for event in story.standing(dt.datetime.now(dt.UTC)):
        yield Serde.to_json(event)


def _receiver(system: System, run: Run) -> RunReceiver | None:
    chosen = system.project.environment.openlineage
    if chosen is None:
        return None
    from jusante.receivers.openlineage import Receiver, Story, way_of

    try:
        way = way_of(chosen, system.project.folder)
    except ModuleNotFoundError:
        raise _missing() from None
    known = _Known(system)
    story = Story(_namespace(system), system.graph, known.columns, known.schema, known.look)
    return Receiver(run.run_id, story, way)


def _namespace(system: System) -> str:
    return f"jusante://{system.project.name}/{system.project.environment_name}"


class _Known:
    """What is known of columns while a run adds to it."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._columns = columns_of(system)
        self._tables = system.tables()

    def columns(self) -> ColumnGraph:
        """The graph by column."""
        return self._columns

    def schema(self, name: str) -> Schema | None:
        """The columns of a table with their types; None where there is no table."""
        table = self._tables.get(name)
        return table.schema if table else None

    def look(self, asset: str) -> None:
        """An asset has just been made. The graph changes with those whose columns the lakehouse alone knows."""
        self._tables = self._system.tables()
        made = self.schema(asset)
        if made and not set(made.names) <= set(self._columns.columns(asset)):
            self._columns = columns_of(self._system)


def _missing() -> ExtraMissing:
    return ExtraMissing("the OpenLineage client is not installed", fix='pip install "jusante[openlineage]"')
