"""A whole query, SELECT by SELECT from the inside out: what is inflated in it, and the rows that it gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from jusante.transformation.row_growth.dependencies import ROW
from jusante.transformation.row_growth.joined import Joined
from jusante.transformation.row_growth.output import given
from jusante.transformation.row_growth.relation import Relation
from jusante.transformation.row_growth.select import Inflated, inflated, joined_rows
from jusante.transformation.row_growth.set_operations import combined
from jusante.transformation.sql_analysis import parsed, qualified, table_names

TableOf = Callable[[str], Relation]
"""What is known of a table or a view, by its name as it stands in the query."""
_RANGES = (exp.GenerateSeries, exp.ExplodingGenerateSeries, exp.GenerateDateArray, exp.GenerateTimestampArray)


@dataclass(slots=True)
class Seen:
    """What is known of one SELECT of a query."""

    select: exp.Select
    joined: Joined


@dataclass(slots=True)
class Analysis:
    """What is known of a query: its tree with all names resolved, its SELECTs from the inside out, the rows it gives.

    `inflated` are the aggregates that a join inflates. `untold` says why nothing could be told, where that is so.
    """

    tree: exp.Expr
    seen: list[Seen] = field(default_factory=list)
    inflated: list[Inflated] = field(default_factory=list)
    relation: Relation = field(default_factory=lambda: Relation("?", is_open=True))
    untold: str = ""


def analyse_growth(sql: str, table_of: TableOf, name: str = "?") -> Analysis:
    """What a query does to the number of rows. Raises QueryProblem where it is no query."""
    tree = parsed(sql)
    tables = {each.lower(): table_of(each) for each in sorted({each for each, _ in table_names(tree)})}
    if tree.find(exp.Pivot):
        return Analysis(tree, untold="the columns of a PIVOT depend on the data")
    try:
        resolved = qualified(tree, _schema(tables))
        return _Walk(tables).all(resolved, traverse_scope(resolved), name)
    except (SqlglotError, RecursionError, KeyError, TypeError) as error:
        return Analysis(tree, untold=str(error).split("\n", maxsplit=1)[0])


def _schema(tables: Mapping[str, Relation]) -> dict[str, object]:
    """The columns of tables as sqlglot wants them, of those whose columns are all known."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for name, relation in tables.items():
        space, _, table = name.partition(".")
        if not relation.is_open and relation.owners:
            found.setdefault(space, {})[table] = dict.fromkeys(relation.owners, "unknown")
    return dict(found)


class _Walk:
    def __init__(self, tables: Mapping[str, Relation]) -> None:
        self._tables = tables
        self._found: dict[int, Relation] = {}
        self._analysis: Analysis | None = None

    def all(self, tree: exp.Expr, scopes: Sequence[Scope], name: str) -> Analysis:
        """What is known of the outermost scope, which comes last."""
        analysis = self._analysis = Analysis(tree)
        for scope in scopes:
            relation = self._scope(scope, name if scope is scopes[-1] else "")
            self._found[id(scope.expression)] = relation
            analysis.relation = relation
        return analysis

    def _scope(self, scope: Scope, name: str) -> Relation:
        assert self._analysis is not None
        expression = scope.expression
        if isinstance(expression, exp.Select):
            joined = joined_rows(expression, lambda source, alias: self._source(scope, source, alias))
            self._analysis.seen.append(Seen(expression, joined))
            self._analysis.inflated += inflated(expression, joined)
            return given(expression, joined, name)
        if isinstance(expression, exp.SetOperation):
            sides = (self._inside(expression.this), self._inside(expression.expression))
            return combined(expression, *sides, name)
        if isinstance(expression, exp.Values):
            return _values(expression, name)
        return self._inside(expression)

    def _inside(self, node: exp.Expr) -> Relation:
        while isinstance(node, exp.Subquery | exp.Paren | exp.Lateral) and id(node) not in self._found:
            node = node.this
        return self._found.get(id(node)) or Relation("?", is_open=True)

    def _source(self, scope: Scope, node: exp.Expr, alias: str) -> Relation:
        """The relation behind a piece of FROM."""
        if isinstance(node, exp.Table):
            if node.args.get("pivots"):
                return Relation(alias, is_open=True)
            if isinstance(node.this, exp.Func):
                return _of_call(node, alias)
            source = scope.sources.get(alias)
            if isinstance(source, Scope):
                found = self._found.get(id(source.expression)) or Relation(alias, is_open=True)
                return replace(found, name=node.name)
            return self._tables.get(f"{node.db}.{node.name}".lower()) or Relation(alias, is_open=True)
        if isinstance(node, exp.Values):
            return _values(node, alias)
        if isinstance(node, exp.Unnest):
            return Relation(alias, owners={each.name.lower(): ROW for each in _aliased(node)}, is_open=True)
        return self._inside(node)


def _values(node: exp.Values, name: str) -> Relation:
    rows = len(node.expressions)
    return Relation(
        name,
        owners={each.name.lower(): ROW for each in _aliased(node)},
        keys=(frozenset(),) if rows == 1 else _distinct_columns(node),
        is_open=not _aliased(node),
    )


def _distinct_columns(node: exp.Values) -> tuple[frozenset[str], ...]:
    """Columns of written values in which no two rows agree are keys: they can be seen."""
    names = [each.name.lower() for each in _aliased(node)]
    rows = [row.expressions for row in node.expressions if isinstance(row, exp.Tuple)]
    found = []
    for name, values in zip(names, zip(*rows, strict=False), strict=False):
        texts = {each.sql() for each in values}
        plain = all(isinstance(each, exp.Literal) for each in values) and len({each.is_string for each in values}) == 1
        if plain and len(texts) == len(rows) == len(node.expressions):
            found.append(frozenset([name]))
    return tuple(found)


def _of_call(node: exp.Table, alias: str) -> Relation:
    """A function in place of a table: a range gives each value once."""
    names = [each.name.lower() for each in _aliased(node)]
    if isinstance(node.this, _RANGES) and len(names) == 1 and not node.this.find(exp.Column):
        return Relation(alias, owners={names[0]: ROW}, keys=(frozenset(names),))
    return Relation(alias, owners=dict.fromkeys(names, ROW), is_open=True)


def _aliased(node: exp.Expr) -> list[exp.Expr]:
    """The columns that an alias names: `(…) as v(a, b)`."""
    alias = node.args.get("alias")
    return list(alias.args.get("columns") or ()) if isinstance(alias, exp.TableAlias) else []
