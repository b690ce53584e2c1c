"""The gate: every read is answered by an engine that holds the tables it names, and nothing else."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jusante.architecture.cost.metering import Meter
from jusante.core.graph import Graph
from jusante.core.model import Query, QueryProblem
from jusante.core.names import nearest
from jusante.errors import UsageError
from jusante.management.lake import Tables, behind, show_views
from jusante.ports.engine import Engine
from jusante.ports.table_store import Table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Answer:
    """A query's rows, and what it took, of all cores. `bytes_scanned` is the size of the files it could read, at the most."""

    table: "pa.Table"
    read: dict[str, Table]
    seconds: float
    bytes_scanned: int
    query: Query
    cpu_seconds: float


class Gate:
    """Answers queries over the tables as of one moment."""

    def __init__(
        self, graph: Graph, tables: Tables, engine: Engine, analyse: Callable[[str], Query], meter: Meter
    ) -> None:
        self._graph = graph
        self._tables = tables
        self._engine = engine
        self._analyse = analyse
        self._meter = meter

    def ask(self, sql: str) -> Answer:
        """Run one query. Raises UsageError where it is none or names what is not there, EngineError where it fails."""
        began = time.monotonic()
        with self._meter.working() as spent:
            query = self._understood(sql)
            read = behind(query.reads, self._graph, self._tables)
            table = self._answered(sql, query, read)
        scanned = sum(each.plan.bytes for each in read.values())
        return Answer(table, read, round(time.monotonic() - began, 4), scanned, query, spent.cpu_seconds)

    def _answered(self, sql: str, query: Query, read: Mapping[str, Table]) -> "pa.Table":
        with (
            self._meter.querying(),
            self._engine.session({name: table.plan for name, table in read.items()}, locked=True) as session,
        ):
            show_views(session, query.reads, self._graph)
            return session.table(sql.strip().rstrip(";"))

    def _understood(self, sql: str) -> Query:
        try:
            query = self._analyse(sql)
        except QueryProblem as problem:
            raise UsageError(problem.what, where=f"the query, line {problem.line}", fix=problem.fix) from None
        tables = [asset.id for asset in self._graph if asset.kind in {"ingested", "model", "view"}]
        known = {*tables, *self._tables.names}
        for name in query.reads:
            if name not in known:
                near = nearest(name, known)
                raise UsageError(
                    f"there is no table {name}", fix=f"did you mean {near}?" if near else "jusante lineage lists all"
                )
        return query
