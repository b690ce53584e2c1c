"""The columns of a whole project: of ingested tables, models of each kind, steps and dashboards."""

from collections.abc import Mapping, Sequence

from jusante.core.asset import Asset, BuiltDashboard, Ingested
from jusante.core.column_graph import SOURCE, ColumnGraph
from jusante.core.exposure import Exposure
from jusante.core.graph import Graph
from jusante.core.lineage import Edge, Origin, QueryLineage, Unresolved
from jusante.core.model import ForeignModel, PythonModel, Query, ShellStep, SqlModel
from jusante.transformation.lineage.kept import Kept, key_of
from jusante.transformation.lineage.query import ColumnsOf, lineage


def column_graph(graph: Graph, published: ColumnsOf, kept: Kept) -> ColumnGraph:
    """The columns of all assets, each after those it reads.

    `published` are the columns of tables as they stand in the lakehouse: those of ingested tables and of Python models are
    known from there alone.
    """
    builder = _Builder(published, kept)
    for name in graph.order:
        builder.add(graph[name])
    kept.save()
    return ColumnGraph(builder.found)


class _Builder:
    def __init__(self, published: ColumnsOf, kept: Kept) -> None:
        self._published = published
        self._kept = kept
        self._columns: dict[str, Sequence[str] | None] = {}
        self.found: dict[str, QueryLineage] = {}

    def add(self, asset: Asset) -> None:
        """The columns of one asset."""
        made = self._made(asset)
        self.found[asset.id] = made
        known = not any(unresolved.expression == "*" for unresolved in made.unresolved)
        self._columns[asset.id] = tuple(made.columns) if made.columns or known else None

    def _made(self, asset: Asset) -> QueryLineage:
        match asset.definition:
            case Ingested():
                return self._ingested(asset, asset.definition)
            case SqlModel(query=query):
                return self._query(query, self._published(asset.id) or ())
            case PythonModel():
                told = Unresolved(asset.definition.function, "what a Python function does with its inputs is not known")
                return self._all(asset, self._published(asset.id) or (), told)
            case ForeignModel(columns=columns, told=told_why):
                expression = asset.id if columns else "*"
                return self._all(asset, tuple(columns), Unresolved(expression, told_why))
            case ShellStep(header=step):
                return self._all(
                    asset, step.outputs, Unresolved(asset.id, "what a script does with its inputs is not known")
                )
            case BuiltDashboard():
                return self._dashboard(asset.definition)
            case Exposure():
                return self._exposure(asset.definition)

    def _ingested(self, asset: Asset, ingested: Ingested) -> QueryLineage:
        table = f"{SOURCE}{asset.id}"
        declared = tuple(name for name, rule in ingested.table.columns.items() if not rule.is_withheld)
        names = tuple(dict.fromkeys([*(self._published(asset.id) or ()), *declared]))
        return QueryLineage({name: frozenset({Edge(Origin(table, name), "identity")}) for name in names})

    def _query(self, query: Query, output: Sequence[str]) -> QueryLineage:
        columns = {name: self._columns.get(name) for name in query.reads}
        key = key_of(query.canonical, columns, output)
        found = self._kept.get(key) or lineage(query.sql, columns.get, output)
        self._kept.put(key, found)
        return found

    def _all(self, asset: Asset, output: Sequence[str], told: Unresolved) -> QueryLineage:
        """Each column may depend on each of all inputs."""
        inputs = {name: self._columns.get(name) or () for name in asset.inputs}
        edges = frozenset(Edge(Origin(name, c), "transformation") for name, columns in inputs.items() for c in columns)
        return QueryLineage(dict.fromkeys(output, edges), edges if not output else frozenset(), (told,))

    def _exposure(self, exposure: Exposure) -> QueryLineage:
        """Each column that is read elsewhere is a column of the exposure, under the name of its table."""
        columns: dict[str, frozenset[Edge]] = {}
        for table, named in exposure.reads.items():
            there = {column.lower(): column for column in self._columns.get(table) or ()}
            for name in named or tuple(there.values()):
                column = there.get(name.lower(), name)
                columns[f"{table}.{column}"] = frozenset({Edge(Origin(table, column), "identity")})
        return QueryLineage(columns)

    def _dashboard(self, built: BuiltDashboard) -> QueryLineage:
        """Each chart is a column: what it shows is all that its query gives."""
        columns: dict[str, frozenset[Edge]] = {}
        unresolved: tuple[Unresolved, ...] = ()
        for chart, query in zip(built.dashboard.charts, built.queries, strict=True):
            found = self._query(query, ())
            shown: Mapping[str, frozenset[Edge]] = found.columns
            columns[chart.title] = frozenset().union(*shown.values(), found.rows)
            unresolved += found.unresolved
        return QueryLineage(columns, frozenset(), unresolved)
