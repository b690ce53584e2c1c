"""The tables and views of a project, as a session sees them."""

import threading
from collections.abc import Iterable

from jusante.core.graph import Graph
from jusante.core.model import SqlModel
from jusante.errors import NoData
from jusante.ports.engine import Session
from jusante.ports.table_store import Table, TableStore


class Tables:
    """The tables as of one moment: each is looked up once, and again only when a publish says so. No store: none."""

    def __init__(self, store: TableStore | None) -> None:
        self._store = store
        self._pointers = dict(store.pointers()) if store else {}
        self._tables: dict[str, Table] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Table | None:
        """A table, None where there is none yet."""
        with self._lock:
            if self._store and name not in self._tables and (pointer := self._pointers.get(name)):
                found = self._store.table(name, pointer)
                if found:
                    self._tables[name] = found
            return self._tables.get(name)

    def pointer(self, name: str) -> str | None:
        """The pointer of a table, None where there is none yet."""
        return self._pointers.get(name)

    def at(self, name: str, data_id: int) -> Table | None:
        """A table with the rows it had at a snapshot, None where these can no longer be read."""
        return self._store.at(name, data_id) if self._store else None

    def put(self, table: Table) -> None:
        """A table as it has just been published."""
        with self._lock:
            self._tables[table.name] = table
            self._pointers[table.name] = table.pointer

    def point(self, name: str, pointer: str) -> None:
        """A table as somebody else has published it."""
        with self._lock:
            if self._pointers.get(name) != pointer:
                self._tables.pop(name, None)
                self._pointers[name] = pointer

    @property
    def names(self) -> tuple[str, ...]:
        """All tables there are, those that the project no longer makes and quarantines included."""
        return tuple(self._pointers)


def show(session: Session, names: Iterable[str], graph: Graph, tables: Tables) -> dict[str, Table]:
    """Put tables and views into a session under their names; the tables behind them, by name.

    Raises NoData for a table that has none yet.
    """
    wanted = frozenset(names)
    shown = behind(wanted, graph, tables)
    for name, table in shown.items():
        session.add(name, table.plan)
    show_views(session, wanted, graph)
    return shown


def behind(names: Iterable[str], graph: Graph, tables: Tables) -> dict[str, Table]:
    """The tables that must be there for these to be read: themselves, and those that their views read."""
    wanted = set(names)
    views = _views_among(wanted, graph)
    found: dict[str, Table] = {}
    for name in sorted({above for view in views for above in graph[view].inputs} | wanted):
        if name in views:
            continue
        table = tables.get(name)
        if table is None and (elsewhere := graph[name].elsewhere if name in graph else ""):
            raise NoData(f"{name} is not here: {elsewhere}", where=name, fix="ask where it is made, or ingest it")
        if table is None:
            raise NoData(f"{name} has no data yet", where=name, fix=f"jusante run +{name}")
        found[name] = table
    return found


def show_views(session: Session, names: Iterable[str], graph: Graph) -> None:
    """Put the views among these, and those they read in turn, into a session that has their tables."""
    views = _views_among(set(names), graph)
    for name in graph.order if views else ():
        definition = graph[name].definition
        if name in views and isinstance(definition, SqlModel):
            session.add_view(name, definition.query.sql)


def _views_among(names: set[str], graph: Graph) -> set[str]:
    """The views among these, and those that they read in turn."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in graph and graph[name].kind == "view" and name not in found:
            found.add(name)
            waiting += graph[name].inputs
    return found
