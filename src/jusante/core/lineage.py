"""Where the values of a column come from, and what else decides them. The words are OpenLineage's (columnLineage facet)."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from jusante.core.form import Form

Direct = Literal["identity", "transformation", "aggregation"]
Indirect = Literal["filter", "join", "group", "sort", "window", "condition"]
How = Direct | Indirect
DIRECT: tuple[Direct, ...] = get_args(Direct)
"""From the least to the most that is done to a value: one after the other, the greater counts."""


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A column of a table that a query reads."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One dependence of an output column on an origin.

    Direct: the value comes from it. Indirect: it decides which value, or whether there is a row, and `how` says by what.
    `form` is what is left of the value: a hash, a count; of what only decides, that something can be inferred.
    """

    origin: Origin
    how: How
    form: Form = "whole"

    @property
    def is_direct(self) -> bool:
        """Whether values come from there."""
        return self.how in DIRECT


class SomeColumns(tuple[str, ...]):
    """The columns of a table as far as they are known: it may have others."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A part of a query whose origins could not be told; what depends on it depends on all columns that it may read."""

    expression: str
    reason: str


@dataclass(frozen=True, slots=True)
class QueryLineage:
    """The edges of each output column, in their order, and those that decide which rows there are (`rows`).

    `assumed` names the columns whose edges nobody could tell, so that they depend on all there is; "" for the rows.
    """

    columns: dict[str, frozenset[Edge]] = field(default_factory=dict)
    rows: frozenset[Edge] = frozenset()
    unresolved: tuple[Unresolved, ...] = ()
    assumed: frozenset[str] = frozenset()

    def edges(self, column: str) -> frozenset[Edge]:
        """All edges of a column: its own, and those of the rows."""
        return self.columns[column] | self.rows
