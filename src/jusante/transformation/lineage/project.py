"""The columns of a whole project: of ingested tables, models of each kind, steps, dashboards, exposures, and the checks on them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from jusante.core.asset import Asset, BuiltDashboard, Ingested
from jusante.core.column_graph import CHECK, SOURCE, ColumnGraph
from jusante.core.exposure import Exposure
from jusante.core.graph import Graph
from jusante.core.lineage import Edge, Origin, QueryLineage, SomeColumns, Unresolved
from jusante.core.model import ForeignModel, PythonModel, Query, ShellStep, SqlModel
from jusante.core.source import ColumnRule
from jusante.transformation.lineage.checks import checks_of, find_in
from jusante.transformation.lineage.declared import everything, of_python
from jusante.transformation.lineage.history import with_validity, without_validity
from jusante.transformation.lineage.kept import Kept, key_of
from jusante.transformation.lineage.query import ColumnsOf, lineage
from jusante.transformation.sql_analysis import analyse


def column_graph(graph: Graph, published: ColumnsOf, kept: Kept) -> ColumnGraph:
    """The columns of all assets, each after those it reads, and the checks on them.

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
        """The columns of one asset, and its checks."""
        made = self._made(asset)
        self.found[asset.id] = made
        self._columns[asset.id] = self._readable(asset, made)
        checks = checks_of(asset, made, find_in(self._by_name), lambda sql: self._query(analyse(sql), ()))
        if checks:
            self.found[f"{CHECK}{asset.id}"] = checks

    def _readable(self, asset: Asset, made: QueryLineage) -> Sequence[str] | None:
        """The columns that can be read of an asset: of what others make, or has not been loaded yet, some."""
        is_loaded = self._published(asset.id) is not None
        if isinstance(asset.definition, ForeignModel) or (isinstance(asset.definition, Ingested) and not is_loaded):
            return SomeColumns(made.columns)
        return tuple(made.columns) or None

    def _made(self, asset: Asset) -> QueryLineage:
        match asset.definition:
            case Ingested():
                return self._ingested(asset, asset.definition)
            case SqlModel(query=query) if asset.keeps_history:
                return with_validity(self._query(query, without_validity(self._published(asset.id) or ())))
            case SqlModel(query=query):
                return self._query(query, self._published(asset.id) or ())
            case PythonModel():
                inputs = {name: self._all_of(name) for name in asset.definition.inputs.values()}
                return of_python(asset.definition, inputs, self._published(asset.id) or ())
            case ForeignModel(columns=columns, told=told_why):
                expression = asset.id if columns else "*"
                found = self._all(asset, tuple(columns), Unresolved(expression, told_why))
                return replace(found, rows=frozenset().union(found.rows, *found.columns.values()))
            case ShellStep(header=step):
                told = Unresolved(asset.id, "what a script does with its inputs is not known")
                return self._all(asset, step.outputs, told)
            case BuiltDashboard():
                return self._dashboard(asset.definition)
            case Exposure():
                return self._exposure(asset.definition)

    def _ingested(self, asset: Asset, ingested: Ingested) -> QueryLineage:
        table = f"{SOURCE}{asset.id}"
        rules, cursor = ingested.table.columns, ingested.table.ingest.cursor
        kept_out = {name.lower() for name, rule in rules.items() if rule.is_withheld or rule.gone}
        names: dict[str, str] = {}
        for name in (*(self._published(asset.id) or ()), *ingested.table.key, *([cursor] if cursor else []), *rules):
            if name.lower() not in kept_out:
                names.setdefault(name.lower(), name)
        said = {name.lower(): rule for name, rule in rules.items()}
        edges: dict[str, frozenset[Edge]] = {}
        for lower, name in names.items():
            rule = said.get(lower, ColumnRule())
            edges[name] = frozenset({Edge(Origin(table, rule.other_name or name), "identity", rule.arrives_as)})
        return QueryLineage(edges)

    def _query(self, query: Query, output: Sequence[str]) -> QueryLineage:
        columns = {name: self._columns.get(name) for name in query.reads}
        key = key_of(query.canonical, columns, output)
        found = self._kept.get(key)
        if found is None:
            found = lineage(query.sql, columns.get, output)
            self._kept.put(key, found)
        return found

    def _all(self, asset: Asset, output: Sequence[str], told: Unresolved) -> QueryLineage:
        """Each column, or file that a script writes, may depend on each column of all inputs."""
        edges = everything({name: self._all_of(name) for name in asset.inputs}, "transformation")
        rows = edges if not output else frozenset()
        return QueryLineage(dict.fromkeys(output, edges), rows, (told,), frozenset({*output, ""}))

    def _all_of(self, name: str) -> Sequence[str]:
        """All columns of an asset; those that are not known are one without a name."""
        columns = self._columns.get(name)
        more = ("",) if columns is None or isinstance(columns, SomeColumns) else ()
        return (*(columns or ()), *more)

    def _exposure(self, exposure: Exposure) -> QueryLineage:
        """Each column that is read elsewhere is a column of the exposure, under the name of its table."""
        columns: dict[str, frozenset[Edge]] = {}
        for table, named in exposure.reads.items():
            there = self._by_name(table)
            for name in named or self._all_of(table):
                column = there.get(name.lower(), name)
                columns[f"{table}.{column}".rstrip(".")] = frozenset({Edge(Origin(table, column), "identity")})
        return QueryLineage(columns)

    def _dashboard(self, built: BuiltDashboard) -> QueryLineage:
        """Each chart is a column: what it shows is all that its query gives."""
        columns: dict[str, frozenset[Edge]] = {}
        unresolved: tuple[Unresolved, ...] = ()
        assumed: set[str] = set()
        for chart, query in zip(built.dashboard.charts, built.queries, strict=True):
            found = self._query(query, ())
            shown: Mapping[str, frozenset[Edge]] = found.columns
            columns[chart.title] = frozenset().union(*shown.values(), found.rows)
            unresolved += found.unresolved
            assumed |= {chart.title} if found.assumed else set()
        return QueryLineage(columns, frozenset(), unresolved, frozenset(assumed))

    def _by_name(self, table: str) -> Mapping[str, str]:
        return {column.lower(): column for column in self._columns.get(table) or ()}
