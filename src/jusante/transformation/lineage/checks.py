"""Checks as columns of the graph: each depends on the columns that it looks at."""

from collections.abc import Callable, Mapping

from jusante.core.asset import Asset
from jusante.core.check import Check, Relationships, RowCount, Sql, Unique
from jusante.core.lineage import Edge, How, Origin, QueryLineage, Unresolved
from jusante.core.model import QueryProblem
from jusante.core.names import quote_table
from jusante.management.quality.conditions import columns_of
from jusante.management.quality.words import title

OfQuery = Callable[[str], QueryLineage]
"""The lineage of a query; raises QueryProblem."""
Find = Callable[[str, str], Origin]
"""A table's column by the name that a check gives it."""


def checks_of(asset: Asset, made: QueryLineage, find: Find, of_query: OfQuery) -> QueryLineage | None:
    """The checks of an asset, by their titles; None where it has none. `made` is the lineage of the asset itself."""
    columns: dict[str, frozenset[Edge]] = {}
    unresolved: tuple[Unresolved, ...] = ()
    for check in asset.audited:
        edges, told = _edges(asset.id, check, made, find, of_query)
        columns[title(check)] = columns.get(title(check), frozenset()) | edges
        unresolved += told
    return QueryLineage(columns, unresolved=unresolved) if columns else None


def _edges(
    table: str, check: Check, made: QueryLineage, find: Find, of_query: OfQuery
) -> tuple[frozenset[Edge], tuple[Unresolved, ...]]:
    match check:
        case RowCount():  # it is about the rows, and what decides them is what decides it
            return made.rows, ()
        case Sql(query=query):
            return _of_sql(table, query, of_query)
        case Relationships(column=column, to=to):
            other, _, key = to.rpartition(".")
            return frozenset({Edge(find(table, column), "join"), Edge(find(other, key), "join")}), ()
    how: How = "group" if isinstance(check, Unique) else "condition"
    return frozenset(Edge(find(table, column), how) for column in columns_of(check)), ()


def _of_sql(table: str, query: str, of_query: OfQuery) -> tuple[frozenset[Edge], tuple[Unresolved, ...]]:
    """A query that gives bad rows: what it shows of them is a condition, what decides them stays what it is."""
    try:
        found = of_query(query.replace("{table}", quote_table(table)))
    except QueryProblem as problem:
        return frozenset(), (Unresolved(" ".join(query.split()), problem.what),)
    shown = {Edge(edge.origin, "condition") for edges in found.columns.values() for edge in edges}
    return frozenset(shown | found.rows), found.unresolved


def find_in(columns: Callable[[str], Mapping[str, str]]) -> Find:
    """Columns by name, whatever their case. `columns` gives those of a table by their names in lower case."""

    def find(table: str, column: str) -> Origin:
        return Origin(table, columns(table).get(column.lower(), column))

    return find
