"""The columns that history adds to those of a query: any change of any column is a row of its own."""

from collections.abc import Sequence
from dataclasses import replace

from jusante.core.lineage import Edge, QueryLineage
from jusante.core.model import HISTORY


def with_validity(found: QueryLineage) -> QueryLineage:
    """The lineage with when a row was so, which is decided by all its columns."""
    edges = frozenset(Edge(edge.origin, "condition", "inferred") for each in found.columns.values() for edge in each)
    assumed = frozenset(HISTORY) if found.assumed else frozenset()
    return replace(found, columns={**found.columns, **dict.fromkeys(HISTORY, edges)}, assumed=found.assumed | assumed)


def without_validity(columns: Sequence[str]) -> Sequence[str]:
    """The columns that a query gave, of those that the table has."""
    return tuple(name for name in columns if name.lower() not in HISTORY)
