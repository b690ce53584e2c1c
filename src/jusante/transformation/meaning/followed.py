"""The expression that makes a column, followed through CTEs, views and tables to the columns of sources.

Of a query that reads several tables, the conditions of each are those of the result, except of what is only joined on from
the right. That an inner join leaves out rows without a partner is not taken as a condition: it says nothing of a word's
meaning, and a great deal of the data.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from jusante.core.check import Relationships
from jusante.core.graph import Graph
from jusante.core.meaning import Meaning
from jusante.core.model import Query, QueryProblem, SqlModel
from jusante.transformation.lineage.query import Tables
from jusante.transformation.meaning.canonical import aggregates, canonical, conjuncts, lifted
from jusante.transformation.meaning.words import in_words
from jusante.transformation.sql_analysis import DIALECT, parsed, qualified, table_names

MOST_NODES = 4_000
"""How large an expression may grow while it is followed; a larger one stands for itself."""
ColumnsOf = Callable[[str], Sequence[str]]
_OUTER = {"LEFT", "FULL"}


@dataclass(slots=True)
class Rows:
    """What a query or table gives: the expression of each column, the conditions its rows meet.

    A column that is not among `columns` is one of `table`, as it is.
    """

    columns: dict[str, exp.Expr] = field(default_factory=dict)
    conditions: list[exp.Expr] = field(default_factory=list)
    table: str | None = None

    def of(self, column: str) -> exp.Expr | None:
        """The expression of a column; None where there is none."""
        found = self.columns.get(column.lower())
        return found.copy() if found is not None else leaf(self.table, column) if self.table else None


def leaf(table: str, column: str) -> exp.Column:
    """A column of a table that is followed no further."""
    space, _, name = table.lower().partition(".")
    return exp.column(column.lower(), table=name, db=space)


class Meanings:
    """The meanings of the columns of some tables. Each query is followed once, and all of them before any is compared:
    a join anywhere above says which columns are the same thing."""

    def __init__(self, graph: Graph, columns_of: ColumnsOf, tables: Iterable[str]) -> None:
        self._graph = graph
        self._columns_of = columns_of
        self._rows: dict[str, Rows] = {}
        self._same: dict[str, str] = {}
        for asset in graph:
            for check in asset.checks:
                if isinstance(check, Relationships):
                    other, _, key = check.to.rpartition(".")
                    self._alike(leaf(asset.id, check.column), leaf(other, key))
        above = graph.above([table for table in tables if table in graph])
        for name in graph.order:
            if name in above:
                self._of(name)

    def of(self, table: str, column: str) -> Meaning | None:
        """What a column means; one that no query makes means itself. None where there is none."""
        if table not in self._graph:
            return None
        rows = self._of(table)
        found = rows.of(column)
        return self._meaning(found, rows.conditions) if found is not None else None

    def of_query(self, query: Query, column: str) -> Meaning | None:
        """What a column of a query means, as of what a chart shows; None where it has none of that name."""
        rows = self._query(query.sql)
        found = rows.of(column) if rows else None
        return self._meaning(found, rows.conditions) if rows and found is not None else None

    def _meaning(self, found: exp.Expr, conditions: list[exp.Expr]) -> Meaning:
        expression, more = lifted(canonical(found, self._root))
        known = {each.sql(DIALECT): each for each in self._canonical([*conditions, *more])}
        told = tuple(sorted((text, in_words(each)) for text, each in known.items()))
        words = in_words(expression)
        return Meaning(expression.sql(DIALECT), frozenset(known), aggregates(expression), words, told)

    def _canonical(self, conditions: list[exp.Expr]) -> Iterator[exp.Expr]:
        for condition in conditions:
            for each in conjuncts(canonical(condition, self._root)):
                if not (isinstance(each, exp.Boolean) and each.this):
                    yield each

    # -- assets --------------------------------------------------------------------------------------------------------

    def _of(self, name: str) -> Rows:
        if name not in self._rows:
            self._rows[name] = Rows(table=name)  # what reads itself, in a circle, ends here
            definition = self._graph[name].definition if name in self._graph else None
            if isinstance(definition, SqlModel):
                self._rows[name] = self._query(definition.query.sql) or Rows(table=name)
        return self._rows[name]

    def _query(self, sql: str) -> Rows | None:
        """The rows of a query; None where it cannot be followed."""
        try:
            tree = parsed(sql)
            tables = Tables(
                sorted({name for name, _ in table_names(tree)}), lambda name: self._columns_of(name) or None
            )
            resolved = qualified(tree, tables.schema)
            scopes = traverse_scope(resolved)
            if any(with_.args.get("recursive") for with_ in resolved.find_all(exp.With)) or tree.find(exp.Pivot):
                return None
            found: dict[int, Rows] = {}
            for scope in scopes:
                found[id(scope.expression)] = self._scope(scope, found)
            return found[id(scopes[-1].expression)]
        except (SqlglotError, QueryProblem, RecursionError, KeyError, TypeError):
            return None

    def _scope(self, scope: Scope, found: dict[int, Rows]) -> Rows:
        match scope.expression:
            case exp.Select():
                return self._select(scope, scope.expression, found)
            case exp.SetOperation():
                return self._set_operation(scope.expression, found)
            case exp.Subquery() | exp.Paren():
                return found.get(id(scope.expression.unnest()), Rows())
        return Rows()

    # -- queries -------------------------------------------------------------------------------------------------------

    def _select(self, scope: Scope, select: exp.Select, found: dict[int, Rows]) -> Rows:
        sources = {name: self._source(source, found) for name, (_, source) in scope.selected_sources.items()}

        def put_in(expression: exp.Expr) -> exp.Expr:
            return self._put_in(expression, sources)

        rows = Rows()
        joins = select.args.get("joins") or ()
        outer = {join.alias_or_name for join in joins if join.side in _OUTER}
        shown = {column.table for each in select.expressions for column in each.find_all(exp.Column)}
        for name, source in sources.items():
            if name not in outer or name in shown:
                rows.conditions += source.conditions
        rows.conditions += [put_in(part) for part in _conditions(select)]
        for join in joins:
            self._join(join, put_in)
        for projection in select.expressions:
            value = put_in(projection.unalias())
            if sum(1 for _ in value.walk()) <= MOST_NODES:
                rows.columns[projection.alias_or_name.lower()] = value
        return rows

    def _source(self, source: exp.Table | Scope, found: dict[int, Rows]) -> Rows:
        if isinstance(source, Scope):
            return found.get(id(source.expression), Rows())
        name = f"{source.db}.{source.name}"
        known = next((each for each in self._graph.ids if each.lower() == name.lower()), None)
        return self._of(known) if known else Rows(table=name)

    def _put_in(self, expression: exp.Expr, sources: dict[str, Rows]) -> exp.Expr:
        def replaced(node: exp.Expr) -> exp.Expr:
            if not isinstance(node, exp.Column) or node.table not in sources:
                return node
            return exp.paren(value) if (value := sources[node.table].of(node.name)) is not None else node

        return expression.copy().transform(replaced, copy=False)

    def _join(self, join: exp.Join, put_in: Callable[[exp.Expr], exp.Expr]) -> None:
        """Columns that are joined on being equal are the same thing under two names."""
        for condition in conjuncts(join.args["on"]) if join.args.get("on") else ():
            if isinstance(condition, exp.EQ):
                left, right = (put_in(side).unnest() for side in (condition.this, condition.expression))
                if isinstance(left, exp.Column) and isinstance(right, exp.Column):
                    self._alike(left, right)

    def _set_operation(self, operation: exp.SetOperation, found: dict[int, Rows]) -> Rows:
        left, right = (found.get(id(side.unnest()), Rows()) for side in (operation.this, operation.expression))
        rows = Rows()
        for (name, one), other in zip(left.columns.items(), right.columns.values(), strict=False):
            rows.columns[name] = exp.Anonymous(this="either", expressions=[_under(one, left), _under(other, right)])
        return rows

    # -- columns under two names ---------------------------------------------------------------------------------------

    def _alike(self, one: exp.Column, other: exp.Column) -> None:
        first, second = sorted((self._root(one.sql(DIALECT)), self._root(other.sql(DIALECT))))
        if first != second:
            self._same[second] = first

    def _root(self, column: str) -> str:
        """The name by which a column and all that are the same thing go."""
        while column in self._same:
            column = self._same[column]
        return column


def _conditions(select: exp.Select) -> Iterator[exp.Expr]:
    """What the rows of a query must meet."""
    for part in ("where", "having", "qualify"):
        if node := select.args.get(part):
            yield node.this
    if limit := select.args.get("limit"):
        yield exp.Anonymous(this="first_rows", expressions=[limit.expression.copy()])


def _under(expression: exp.Expr, rows: Rows) -> exp.Expr:
    """One side of a union: what it gives, and under which conditions."""
    if not rows.conditions:
        return expression.copy()
    return exp.Anonymous(this="given", expressions=[expression.copy(), *(each.copy() for each in rows.conditions)])
