"""The one graph, by column: from a source's column to whatever shows something of it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from jusante.core.lineage import Edge, Origin, QueryLineage, Unresolved

SOURCE = "source:"
"""What comes before the name of a table as it is at its source."""
CHECK = "check:"
"""What comes before the name of a table whose checks are meant: each of them is a column of it, by its title."""


def asset_of(name: str) -> str:
    """The asset that stands behind a table at its source, or behind checks."""
    return name.removeprefix(SOURCE).removeprefix(CHECK)


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One edge of the graph: `target` is made of, or decided by, `edge.origin`. Its column is empty where all rows are."""

    target: Origin
    edge: Edge


_Steps = Callable[[Origin], tuple[Step, ...]]
_Onward = Callable[[Step], tuple[Origin, ...]]


class ColumnGraph:
    """The columns of all assets of a project, by asset; an origin is a column's name in it."""

    def __init__(self, lineages: Mapping[str, QueryLineage]) -> None:
        self._lineages = lineages

    def plus(self, more: Mapping[str, QueryLineage]) -> "ColumnGraph":
        """The same graph with more readers of it, by names of their own."""
        return ColumnGraph({**self._lineages, **more})

    def __contains__(self, column: Origin) -> bool:
        return column.column in self.columns(column.table)

    def lineage(self, asset: str) -> QueryLineage | None:
        """All that is known of the columns of an asset; None for what has none here."""
        return self._lineages.get(asset)

    def columns(self, asset: str) -> tuple[str, ...]:
        """The columns of an asset, in their order; none where they are not known."""
        return tuple(self._lineages[asset].columns) if asset in self._lineages else ()

    @property
    def assets(self) -> tuple[str, ...]:
        """The names of all that has columns here, checks (`check:a.t`) among them, each after what it depends on."""
        return tuple(self._lineages)

    def is_assumed(self, step: Step) -> bool:
        """Whether nobody could tell what the target depends on, so that this is one of all dependences there may be."""
        return step.target.column in self._lineages[step.target.table].assumed

    def checks_below(self, columns: Iterable[Origin]) -> tuple[Origin, ...]:
        """The checks that look at columns, or at what is made of them; near first."""
        targets = (step.target for step in self.below(columns))
        return tuple(dict.fromkeys(target for target in targets if target.table.startswith(CHECK)))

    def own(self, column: Origin) -> frozenset[Edge]:
        """A column's own edges, without those of its asset's rows."""
        lineage = self._lineages.get(column.table)
        return lineage.columns.get(column.column, frozenset()) if lineage else frozenset()

    def steps_to(self, column: Origin) -> Iterator[Step]:
        """What a column depends on directly: its own edges, then those of its asset's rows."""
        lineage = self._lineages.get(column.table)
        if lineage is None:
            return
        for edge in sorted(lineage.columns.get(column.column, ())):
            yield Step(column, edge)
        for edge in sorted(lineage.rows):
            yield Step(Origin(column.table, ""), edge)

    def steps_from(self, column: Origin) -> tuple[Step, ...]:
        """Who depends on a column directly."""
        return self._readers.get(column, ())

    def above(self, columns: Iterable[Origin]) -> tuple[Step, ...]:
        """All that columns depend on, near first."""
        return self._walk(columns, lambda column: tuple(self.steps_to(column)), lambda step: (step.edge.origin,))

    def below(self, columns: Iterable[Origin]) -> tuple[Step, ...]:
        """All that depends on columns, near first."""
        return self._walk(columns, self.steps_from, self._targets)

    @property
    def unresolved(self) -> Mapping[str, tuple[Unresolved, ...]]:
        """By asset, the parts whose origins could not be told."""
        return {name: lineage.unresolved for name, lineage in self._lineages.items() if lineage.unresolved}

    def _targets(self, step: Step) -> tuple[Origin, ...]:
        """The columns that a step leads to: which rows there are is seen in each column."""
        if step.target.column:
            return (step.target,)
        return tuple(Origin(step.target.table, column) for column in self.columns(step.target.table))

    @staticmethod
    def _walk(columns: Iterable[Origin], steps: _Steps, onward: _Onward) -> tuple[Step, ...]:
        waiting = deque(columns)
        seen, found = set(waiting), dict[Step, None]()
        while waiting:
            for step in steps(waiting.popleft()):
                found[step] = None
                fresh = [column for column in onward(step) if column not in seen]
                seen.update(fresh)
                waiting.extend(fresh)
        return tuple(found)

    @cached_property
    def _readers(self) -> Mapping[Origin, tuple[Step, ...]]:
        found: dict[Origin, list[Step]] = {}
        for asset, lineage in self._lineages.items():
            for column, edges in lineage.columns.items():
                for edge in sorted(edges):
                    found.setdefault(edge.origin, []).append(Step(Origin(asset, column), edge))
            for edge in sorted(lineage.rows):
                found.setdefault(edge.origin, []).append(Step(Origin(asset, ""), edge))
        return {origin: tuple(steps) for origin, steps in found.items()}
