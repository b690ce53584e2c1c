"""Row growth over a whole project: what is known of a table goes on into the queries that read it."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from jusante.core.asset import Asset, BuiltDashboard, Ingested
from jusante.core.check import Check, NotNull, Unique
from jusante.core.graph import Graph
from jusante.core.model import HISTORY, Query, SqlModel
from jusante.core.schema import Schema
from jusante.transformation.row_growth.dependencies import ROW
from jusante.transformation.row_growth.query import Analysis, analyse_growth
from jusante.transformation.row_growth.relation import Relation, smallest, table_of

PublishedSchema = Callable[[str], Schema | None]
"""The columns of a table as it stands; None where it has not been published yet."""


class Growth:
    """The analyses of a project's queries, each made when it is first asked for."""

    def __init__(self, graph: Graph, published: PublishedSchema) -> None:
        self._graph = graph
        self._published = published
        self._names = {name.lower(): name for name in graph.ids}
        self._relations: dict[str, Relation] = {}
        self._analyses: dict[str, tuple[Analysis, ...]] = {}

    def analyses(self, asset: Asset) -> tuple[Analysis, ...]:
        """What is known of each query of an asset: one of a model, one of each chart."""
        if asset.id not in self._analyses:
            self._analyses[asset.id] = tuple(
                analyse_growth(query.sql, self.relation, asset.id) for query in queries_of(asset)
            )
        return self._analyses[asset.id]

    def relation(self, name: str) -> Relation:
        """What is known of the rows of a table or a view."""
        name = self._names.get(name.lower(), name)
        if name not in self._relations:
            self._relations[name] = self._made(name)
        return self._relations[name]

    def _made(self, name: str) -> Relation:
        if name not in self._graph:
            return Relation(name, is_open=True, table=name)
        asset = self._graph[name]
        # What tells the rows of one build apart does not tell those of many builds apart.
        if isinstance(asset.definition, SqlModel) and not asset.gathers:
            analysis = self.analyses(asset)[0]
            if not analysis.untold:
                return self._of_query(asset, analysis.relation)
        return self._of_table(asset)

    def _of_table(self, asset: Asset) -> Relation:
        schema = self._published(asset.id)
        types = {column.name: column.type for column in schema} if schema else None
        declared = [*asset.grain]
        if isinstance(asset.definition, Ingested):
            declared += asset.definition.table.columns
        return table_of(asset.id, types, keys_of(asset), declared=declared, filled=filled_of(asset))

    def _of_query(self, asset: Asset, relation: Relation) -> Relation:
        """The rows of a model or a view: what its query proves, and what it is tested for."""
        schema = self._published(asset.id)
        types = {column.name.lower(): column.type for column in schema} if schema else {}
        if _is_explained(asset, relation):
            relation = replace(relation, owners=dict.fromkeys(relation.owners, ROW), blames={}, rules=())
        blames = {
            part: blame if blame.model else replace(blame, model=asset.id) for part, blame in relation.blames.items()
        }
        keys = (frozenset(column.lower() for column in key) for key in keys_of(asset))
        return replace(
            relation,
            name=asset.id,
            table=asset.id,
            owners=dict.fromkeys(types, ROW) | dict(relation.owners),
            keys=smallest([*relation.keys, *keys]),
            blames=blames,
            filled=relation.filled | {column.lower() for column in filled_of(asset)},
            types=dict(relation.types) | types,
            is_open=relation.is_open and not types,
        )


def _is_explained(asset: Asset, relation: Relation) -> bool:
    """Whether a model says itself what one row of it is, and its query gives just that: what it repeats, it means to."""
    grain = {column.lower() for column in asset.grain}
    return bool(grain) and any(key <= grain for key in relation.keys)


def queries_of(asset: Asset) -> tuple[Query, ...]:
    """The SQL queries of an asset."""
    match asset.definition:
        case SqlModel(query=query):
            return (query,)
        case BuiltDashboard(queries=queries):
            return queries
    return ()


def keys_of(asset: Asset) -> list[tuple[str, ...]]:
    """The keys that an asset is tested for: its key or grain, and its unique checks that block."""
    unique = (check.columns for check in _holding(asset.checks) if isinstance(check, Unique))
    grain = (*asset.grain, HISTORY[0]) if asset.keeps_history else asset.grain
    return [*([grain] if grain else []), *unique]


def filled_of(asset: Asset) -> list[str]:
    """The columns that an asset is tested to have a value in, in each row."""
    found = [column for check in _holding(asset.checks) if isinstance(check, NotNull) for column in check.columns]
    return [*asset.grain, *found]


def _holding(checks: Iterable[Check]) -> Iterable[Check]:
    """The checks whose failure publishes nothing, or publishes the rest."""
    return (check for check in checks if check.severity == "block" or check.quarantine)
