"""Facts about columns travel: from where they are known to all that is made of it, joined where lineage merges.

The one mechanism for whatever is true of a column because of where it comes from: that it is personal data, whose it is,
what it cost, how late it is. A kind of fact is a value, and a rule that says what becomes of it along an edge.
"""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from jusante.core.column_graph import ColumnGraph
from jusante.core.lineage import Edge, Origin

Fact = TypeVar("Fact")
Carry = Callable[[Fact, Edge, Origin], Fact | None]
"""What a fact about the edge's origin is at the column it leads to (empty: all rows of the asset); None where it ends."""
Join = Callable[[Origin, frozenset[Fact]], frozenset[Fact]]
"""The facts that stay of those that came to a column."""


class Facts(Generic[Fact]):
    """What is known of each column. An asset's column that is not known by name bears what its rows bear."""

    def __init__(self, columns: ColumnGraph, found: Mapping[Origin, frozenset[Fact]]) -> None:
        self._columns = columns
        self._found = found

    def of(self, column: Origin) -> frozenset[Fact]:
        """The facts about a column; none where nothing is known."""
        known = self._found.get(column)
        if known is None and column not in self._columns:
            known = self._found.get(Origin(column.table, ""))
        return known or frozenset()

    def among(self, asset: str) -> Mapping[str, frozenset[Fact]]:
        """The facts about each column of an asset that has any; under no name where its columns are not known."""
        names = self._columns.columns(asset) or ("",)
        return {name: facts for name in names if (facts := self._found.get(Origin(asset, name)))}


def travelled(
    columns: ColumnGraph, start: Mapping[Origin, frozenset[Fact]], carry: Carry[Fact], join: Join[Fact]
) -> Facts[Fact]:
    """All facts after they have travelled. One pass: each asset stands in the graph after those it reads."""
    found = dict(start)
    facts = Facts(columns, found)
    for asset in columns.assets:
        for name in (*columns.columns(asset), ""):
            column = Origin(asset, name)
            came = {
                carried
                for step in columns.steps_to(column)
                for fact in facts.of(step.edge.origin)
                if (carried := carry(fact, step.edge, column)) is not None
            }
            if kept := join(column, frozenset(came) | found.get(column, frozenset())):
                found[column] = kept
    return facts
