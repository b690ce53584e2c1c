"""A resolved query, scope by scope from the inside out: each knows its sources when it is its turn."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from jusante.core.lineage import Edge, Origin, Unresolved
from jusante.transformation.lineage.expressions import edges_of
from jusante.transformation.lineage.found import Found, followed
from jusante.transformation.lineage.star_columns import is_unpacked

MOST_ROUNDS = 12
"""How often a recursive query is walked, at the most, until nothing new is found."""
_Edges = Callable[[exp.Expr, Any], set[Edge]]
_ROW_PARTS = (
    ("where", "filter"),
    ("having", "filter"),
    ("qualify", "filter"),
    ("limit", "filter"),
    ("offset", "filter"),
    ("order", "sort"),
)


class Walk:
    """One walk of a query. `origin` gives a table's column, by the names that stand in the query."""

    def __init__(
        self, origin: Callable[[exp.Table, str], Origin | None], columns: Callable[[exp.Table], list[Origin]]
    ) -> None:
        self._origin = origin
        self._columns = columns
        self._found: dict[int, Found] = {}
        self._grown: dict[int, Found] = {}
        self.unresolved: dict[tuple[str, str], Unresolved] = {}

    def all(self, scopes: list[Scope]) -> Found:
        """What is known of the outermost scope, which comes last."""
        recursive = any(with_.args.get("recursive") for with_ in scopes[-1].expression.find_all(exp.With))
        for _ in range(MOST_ROUNDS if recursive else 1):
            before = {key: _size(found) for key, found in self._found.items()}
            for scope in scopes:
                self._found[id(scope.expression)] = self._scope(scope)
                self._grow(scope)
            if before == {key: _size(found) for key, found in self._found.items()}:
                break
        return self._found[id(scopes[-1].expression)]

    def _grow(self, scope: Scope) -> None:
        """In a recursive query its name means, from the second round on, all that it has given so far."""
        if isinstance(scope.expression, exp.SetOperation) and scope.is_cte:
            self._grown[id(scope.expression.this)] = self._found[id(scope.expression)]

    def _scope(self, scope: Scope) -> Found:
        match scope.expression:
            case exp.SetOperation():
                return self._set_operation(scope.expression)
            case exp.Select():
                return self._select(scope, scope.expression)
            case exp.Subquery() | exp.Paren():
                return self._inside(scope.expression) or Found(others=set())
        return self._function(scope, scope.expression)

    # -- kinds of scopes ---------------------------------------------------------------------------------------------

    def _select(self, scope: Scope, select: exp.Select) -> Found:
        found = Found()
        windows = {window.name.lower(): window for window in select.args.get("windows") or ()}

        def resolve(column: exp.Expr) -> set[Edge]:
            """ORDER BY may name what the query gives."""
            own = found.columns.get(column.name.lower()) if not column.args.get("table") else None
            return self._resolve(scope, column) if own is None else own

        def plain(node: exp.Expr, how: Any) -> set[Edge]:
            return edges_of(node, how, resolve, self._inside)

        def edges(node: exp.Expr, how: Any) -> set[Edge]:
            named = [
                windows.get(window.alias.lower()) for window in node.find_all(exp.Window) if windows and window.alias
            ]
            return plain(node, how).union(*(plain(window, "window") for window in named if window))

        for number, projection in enumerate(select.expressions):
            if projection.is_star or any(not is_unpacked(each) for each in projection.find_all(exp.Columns)):
                found.has_star = True
                found.others = set().union(*(self._all_of(scope, each) for _, each in scope.selected_sources.values()))
            name = projection.alias_or_name or f"#{number + 1}"
            found.add(name, edges(projection, "identity"))
        found.rows |= self._clauses(scope, select, found, edges)
        found.rows |= self._groups(select, found, edges)
        for _, source in scope.selected_sources.values():
            found.rows |= self._rows_of(scope, source)
        return found

    def _clauses(self, scope: Scope, select: exp.Select, found: Found, edges: _Edges) -> set[Edge]:
        """What rows are chosen, joined and sorted by."""
        rows: set[Edge] = set()
        for part, how in _ROW_PARTS:
            if node := select.args.get(part):
                rows |= edges(node, how)
        if _sorts_by_all(select):
            rows |= followed("sort", found.whole)
        for join in _joins(select):
            rows |= edges(join.args["on"], "join") if join.args.get("on") else self._using(scope, join)
        return rows

    def _groups(self, select: exp.Select, found: Found, edges: _Edges) -> set[Edge]:
        """What rows are made one by: GROUP BY, or DISTINCT."""
        rows: set[Edge] = set()
        if group := select.args.get("group"):
            rows |= edges(group, "group")
            for place in _places(group):
                if 0 < place <= len(select.expressions):
                    rows |= edges(select.expressions[place - 1].unalias(), "group")
            if group.args.get("all"):
                keys = [each for each in select.expressions if not each.find(exp.AggFunc)]
                rows |= set().union(*(edges(key, "group") for key in keys))
        if distinct := select.args.get("distinct"):
            rows |= edges(distinct, "group") if distinct.args.get("on") else followed("group", found.whole)
        return rows

    def _using(self, scope: Scope, join: exp.Join) -> set[Edge]:
        """The columns of a USING that was left standing."""
        edges: set[Edge] = set()
        for column in join.args.get("using") or ():
            for _, source in scope.selected_sources.values():
                edges |= followed("join", self._of_source(scope, source, column.name) or ())
        return edges

    def _rows_of(self, scope: Scope, source: exp.Table | Scope) -> set[Edge]:
        """What decides how many rows a source has."""
        if isinstance(source, Scope):
            return self._of(source).rows
        return set() if source.db else self._of_call(scope, source)

    def _set_operation(self, operation: exp.SetOperation) -> Found:
        left, right = self._inside(operation.this), self._inside(operation.expression)
        if left is None or right is None:
            return Found(others=set())
        found = Found(rows=left.rows | right.rows, has_star=left.has_star or right.has_star)
        found.columns = {name: set(edges) for name, edges in left.columns.items()}
        if isinstance(operation, exp.Union):
            pairs = _paired(left, right, by_name=bool(operation.args.get("by_name")))
            for name, edges in pairs:
                found.columns.setdefault(name, set()).update(edges)
        else:
            found.rows |= followed("filter", right.whole)
        if order := operation.args.get("order"):
            found.rows |= edges_of(order, "sort", lambda column: found.of(column.name) or set(), self._inside)
        if operation.args.get("distinct") or not isinstance(operation, exp.Union):
            found.rows |= followed("group", found.whole)
        return found

    def _function(self, scope: Scope, expression: exp.Expr) -> Found:
        """UNNEST, a lateral call, VALUES: each column depends on all that the call is given."""

        def resolve(column: exp.Expr) -> set[Edge]:
            return self._resolve(scope, column)

        edges = edges_of(expression, "transformation", resolve, self._inside)
        return Found(rows=followed("join", edges), others=edges)

    # -- names -------------------------------------------------------------------------------------------------------

    def _resolve(self, scope: Scope, column: exp.Expr) -> set[Edge]:
        """The edges of a column, looked for here and then further out; of COLUMNS and `*`, those of all in sight."""
        if isinstance(column, exp.Columns | exp.Star):
            return set().union(*(self._all_of(scope, source) for _, source in scope.selected_sources.values()))
        here: Scope | None = scope
        table = (
            column.name
            if isinstance(column, exp.TableColumn)
            else column.args["table"].name
            if column.args.get("table")
            else ""
        )
        while here is not None:
            source = here.sources.get(table)
            if source is not None:
                if isinstance(column, exp.TableColumn) or isinstance(column.this, exp.Star):
                    return followed("transformation", self._all_of(here, source))
                edges = self._of_source(here, source, column.name)
                if edges is not None:
                    return edges
            elif not table and len(found := self._having(here, column.name)) == 1:
                return found[0]
            here = here.parent
        return self._anything(scope, column)

    def _having(self, scope: Scope, column: str) -> list[set[Edge]]:
        """The edges of a column that bears no table's name, in each source that may have it; a source's name is its row."""
        named = {alias.lower(): source for alias, (_, source) in scope.selected_sources.items()}
        if column.lower() in named:
            return [followed("transformation", self._all_of(scope, named[column.lower()]))]
        found = [self._of_source(scope, source, column) for _, source in scope.selected_sources.values()]
        return [edges for edges in found if edges is not None]

    def _anything(self, scope: Scope, column: exp.Expr) -> set[Edge]:
        """A name that cannot be told: it may be any column in sight."""
        shown = column.sql("duckdb")
        self.unresolved[shown, "name"] = Unresolved(shown, "no table in sight is known to have it")
        edges: set[Edge] = set()
        here: Scope | None = scope
        while here is not None:
            for source in here.sources.values():
                edges |= self._all_of(here, source)
            here = here.parent
        return followed("transformation", edges)

    def _of_source(self, scope: Scope, source: Any, column: str) -> set[Edge] | None:
        if isinstance(source, Scope):
            return self._of(source).of(column)
        if not source.db:
            return self._of_call(scope, source)
        if source.args.get("pivots"):
            return followed("aggregation", self._all_of(scope, source))
        origin = self._origin(source, column)
        return {Edge(origin, "identity")} if origin else None

    def _all_of(self, scope: Scope, source: Any) -> set[Edge]:
        if isinstance(source, Scope):
            return self._of(source).whole
        if not source.db:
            return self._of_call(scope, source)
        return {Edge(origin, "identity") for origin in self._columns(source)}

    def _of_call(self, scope: Scope, table: exp.Table) -> set[Edge]:
        """A function in place of a table: what it is given."""
        if not isinstance(table.this, exp.Func):
            return set()
        return edges_of(table.this, "transformation", lambda column: self._resolve(scope, column), self._inside)

    def _of(self, scope: Scope) -> Found:
        key = id(scope.expression)
        return self._grown.get(key) or self._found.get(key) or Found(others=set())

    def _inside(self, query: exp.Expr) -> Found | None:
        while isinstance(query, exp.Subquery | exp.Paren):
            query = query.this
        return self._found.get(id(query))


def _joins(select: exp.Select) -> Iterator[exp.Join]:
    """All joins of a FROM, those in parentheses too."""
    waiting: list[Any] = [select.args.get("from_"), *(select.args.get("joins") or ())]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, exp.Join):
            yield node
        if isinstance(node, exp.From | exp.Join | exp.Paren | exp.Table | exp.Subquery) and not node.find(exp.Values):
            inner = node.this if not isinstance(node.this, exp.Query) or isinstance(node.this, exp.Subquery) else None
            waiting += [*(node.args.get("joins") or ()), inner]


def _sorts_by_all(select: exp.Select) -> bool:
    order = select.args.get("order")
    return order is not None and any(isinstance(each.this, exp.Var) for each in order.expressions)


def _places(group: exp.Group) -> Iterator[int]:
    """The columns that a GROUP BY names by their place, also within CUBE, ROLLUP, GROUPING SETS and parentheses."""
    waiting: list[Any] = [group]
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
            yield int(node.name)
        elif isinstance(node, exp.Group | exp.Cube | exp.Rollup | exp.GroupingSets | exp.Tuple | exp.Paren):
            for value in node.args.values():
                waiting += value if isinstance(value, list) else [value]


def _paired(left: Found, right: Found, *, by_name: bool) -> Iterable[tuple[str, set[Edge]]]:
    if by_name:
        return right.columns.items()
    return zip(left.columns, right.columns.values(), strict=False)


def _size(found: Found) -> tuple[int, int]:
    return sum(len(edges) for edges in found.columns.values()), len(found.rows)
