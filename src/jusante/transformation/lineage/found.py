"""What is known of a query's columns while it is walked, and how one dependence follows another."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from jusante.core.form import Form, later
from jusante.core.lineage import DIRECT, Direct, Edge, How


@dataclass(slots=True)
class Found:
    """The edges of a scope's columns and of its rows. `others` are those of a column that is not among `columns`."""

    columns: dict[str, set[Edge]] = field(default_factory=dict)
    rows: set[Edge] = field(default_factory=set)
    others: set[Edge] | None = None
    has_star: bool = False
    alike: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, edges: set[Edge]) -> None:
        """One more column. A name that is taken is numbered, as DuckDB does it: `a`, `a_1`."""
        plain = name.lower()
        free = plain
        for number in itertools.count(1):
            if free not in self.columns:
                break
            free = f"{plain}_{number}"
        self.alike.setdefault(plain, []).append(free)
        self.columns[free] = edges

    def of(self, column: str) -> set[Edge] | None:
        """The edges of one column, and of those of the same name; None where it is not known."""
        twins = self.alike.get(column.lower(), ())
        if len(twins) > 1:
            return set().union(*(self.columns[twin] for twin in twins))
        return self.columns.get(column.lower(), self.others)

    @property
    def whole(self) -> set[Edge]:
        """The edges of all columns together."""
        return set().union(*self.columns.values(), self.others or ())


def followed(how: How, edges: Iterable[Edge]) -> set[Edge]:
    """The edges of something that depends on other things in this way: of direct ways the greater counts."""
    if how not in DIRECT:
        return {Edge(edge.origin, how, "inferred") for edge in edges}
    return {Edge(edge.origin, greater(how, edge.how), edge.form) if edge.is_direct else edge for edge in edges}


def formed(form: Form, edges: Iterable[Edge]) -> set[Edge]:
    """The edges of something in which no more than this is left of the values."""
    return {Edge(edge.origin, edge.how, later(form, edge.form)) if edge.is_direct else edge for edge in edges}


def decided(how: How, rows: Iterable[Edge]) -> set[Edge]:
    """The edges of something whose rows are decided by others: a condition of what is direct, else what the other is."""
    return {Edge(edge.origin, "condition" if how in DIRECT else how, "inferred") for edge in rows}


def greater(one: How, other: How) -> Direct:
    """Of two direct ways the one that does more to a value."""
    return DIRECT[max(DIRECT.index(each) for each in (one, other) if each in DIRECT)]
