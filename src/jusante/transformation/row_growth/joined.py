"""The rows of one SELECT before they are grouped: its sources, and what determines what in them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from jusante.transformation.row_growth.conditions import bare
from jusante.transformation.row_growth.dependencies import HERE, ROW, Attribute, Dependencies, column, of
from jusante.transformation.row_growth.relation import Relation


@dataclass(slots=True)
class Step:
    """One join: the alias that it adds to those `before` it, how (`left join`), its condition and its line.

    `pairs` are the plain columns that the condition makes equal, the earlier side first. `adds` is false for a semi or anti
    join. `keeps_before` and `keeps_added`: whether a row of that side is found once at the most in what is joined.
    """

    alias: str
    kind: str
    before: tuple[str, ...]
    on: exp.Expr | None
    line: int
    adds: bool = True
    pairs: list[tuple[Attribute, Attribute]] = field(default_factory=list)
    keeps_before: bool = False
    keeps_added: bool = False


class Joined:
    """Sources by alias, and the dependencies that hold once they are joined and filtered."""

    def __init__(self) -> None:
        self.relations: dict[str, Relation] = {}
        self.steps: list[Step] = []
        self.dependencies = Dependencies()
        self.nullable: set[str] = set()
        self.generators: list[Attribute] = []
        self.solid: set[Attribute] = set()
        self.has_unknown = False
        self._met: set[Attribute] = set()

    # -- sources -----------------------------------------------------------------------------------------------------

    def put(self, alias: str, relation: Relation, *, within: Iterable[Attribute] = ()) -> None:
        """One more source. `within`: its rules hold within one row of these, as in a lateral subquery."""
        self.relations[alias] = relation
        outer = frozenset(within)
        for given, gives in relation.all_rules():
            self.dependencies.add((*outer, *(of(alias, each) for each in given)), (of(alias, each) for each in gives))
        if outer:
            self.dependencies.add((of(alias, ROW),), outer)

    @property
    def rows(self) -> set[Attribute]:
        """The rows of all sources."""
        return {of(alias, ROW) for alias in self.relations} | set(self.generators)

    def settle(self) -> None:
        """All joins are known: what no outer join fills with nulls is there in every row."""
        self.dependencies.add((), (of(alias, HERE) for alias in self.relations if alias not in self.nullable))

    # -- names -------------------------------------------------------------------------------------------------------

    def source_of(self, node: exp.Column) -> str | None:
        """The alias of the source that a column belongs to; None for one of an outer query, or one that cannot be told."""
        if node.table:
            wanted = node.table.lower()
            return next((alias for alias in self.relations if alias.lower() == wanted), None)
        known = [alias for alias, relation in self.relations.items() if relation.has(node.name)]
        maybe = [alias for alias, relation in self.relations.items() if relation.has(node.name) is None]
        if len(known) == 1:
            return known[0]
        if not known and len(maybe) == 1:
            return maybe[0]
        self.has_unknown = self.has_unknown or bool(known or maybe)
        return None

    def attribute(self, node: exp.Expr) -> Attribute | None:
        """The attribute of a plain column, or of one that a USING has merged; None for all else."""
        node = bare(node)
        if isinstance(node, exp.Coalesce):
            return self._of_using(node)
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None
        source = self.source_of(node)
        return self._column(source, node.name) if source is not None else None

    def _column(self, source: str, name: str) -> Attribute:
        """A column of a source. One that is not known yet belongs to the source's own rows, like all others."""
        found = of(source, column(name))
        if found not in self._met and name.lower() not in self.relations[source].owners:
            self._met.add(found)
            self.dependencies.add((of(source, ROW),), (found,))
        return found

    def _of_using(self, node: exp.Coalesce) -> Attribute | None:
        parts = [self.attribute(each) for each in (node.this, *node.expressions)]
        found = parts[0]
        for other in parts[1:]:
            step = next((each for each in self.steps if (found, other) in each.pairs), None)
            if step is None or found is None or other is None:
                return None
            if step.kind == "full join":
                return merged(found, other)
            found = other if step.kind == "right join" else found
        return found

    def inside(self, node: exp.Expr) -> set[Attribute] | None:
        """The columns of sources here in an expression; None where one of them cannot be told."""
        found: set[Attribute] = set()
        for each in node.find_all(exp.Column):
            if isinstance(each.this, exp.Star):
                continue
            source = self.source_of(each)
            if source is not None:
                found.add(self._column(source, each.name))
            elif not each.table:
                return None
        return found

    def owners(self, node: exp.Expr) -> set[Attribute] | None:
        """Whose rows an expression's value belongs to; None where that cannot be told."""
        inside = self.inside(node)
        if inside is None:
            return None
        return {of(alias, self.relations[alias].owner(name)) for alias, _, name in inside}

    # -- what determines what ----------------------------------------------------------------------------------------

    def determined(self, owners: Iterable[Attribute], more: Iterable[Attribute] = ()) -> set[Attribute]:
        """All that is the same in two rows in which these are there and the same."""
        given = set(owners)
        return self.dependencies.closure({*given, *(of(each[0], HERE) for each in given), *more})

    def missing(self, owners: Iterable[Attribute], more: Iterable[Attribute] = ()) -> set[Attribute]:
        """The rows that may differ while these are the same: for each of them there is one row more."""
        return self.rows - self.determined(owners, more)

    def type_of(self, attribute: Attribute) -> str | None:
        """The type of a column, None where it is not known."""
        relation = self.relations.get(attribute[0])
        return relation.types.get(attribute[-1]) if relation else None


def merged(one: Attribute, other: Attribute) -> Attribute:
    """The column that a full join's USING makes of two."""
    return (f"{one[0]}|{other[0]}", *one[1:])
