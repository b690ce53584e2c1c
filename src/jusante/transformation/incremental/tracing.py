"""Which intervals of a query's result a row of its inputs can reach, as far as the query's shape proves it.

A table is *traced* in a query if each of its rows comes into the result by itself, with one row of every other table:
through inner joins, the kept side of outer joins, filters, plain subqueries. Then what a changed row touches are the times
that the query's time column gives for that row alone, and a query with only the changed rows in the table's place finds
them. Groups do no harm: all rows of a group share its time, which is made of the group's keys.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from jusante.transformation.sql_analysis import DIALECT, parsed

_SPREADING = ("qualify", "limit", "offset", "sample", "pivots", "match", "connect", "laterals", "windows")
_CHANGING = (exp.Rand, exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.CurrentDatetime, exp.Uuid)
_CHANGING_NAMES = {
    *("now", "today", "random", "uuid", "gen_random_uuid", "get_current_timestamp", "transaction_timestamp", "nextval"),
    *("current_localtime", "current_localtimestamp", "localtimestamp", "localtime", "setseed", "txid_current"),
}


@dataclass(frozen=True, slots=True)
class Traced:
    """A query for times, or for keys: `sql` gives those of all rows and groups; empty where none can be had.

    `tables` are those whose rows can be traced; `why` says for each other one, under `*` for all, why not.
    """

    sql: str = ""
    tables: frozenset[str] = frozenset()
    why: Mapping[str, str] = field(default_factory=dict)


class _NotTraced(Exception):
    """The shape of the query proves nothing; the message says which part of it."""


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of a table, and why its rows cannot be traced there; empty where they can."""

    table: str
    why: str = ""


def traced(sql: str, columns: Sequence[str], views: Mapping[str, str]) -> Traced:
    """What a query's shape proves of its columns of time, or of its key. `views` are the queries of views it may read."""
    tree = parsed(sql)
    try:
        if not isinstance(tree, exp.Select):
            raise _NotTraced(f"it is {_called(tree)}")
        _refuse_changing(tree)
        _refuse_spreading(tree)
        asked = _asked(tree, {name: _column_of(tree, name) for name in columns})
        uses = list(_through_views(_uses(tree, {}), views))
    except _NotTraced as problem:
        return Traced(why={"*": str(problem)})
    why: dict[str, str] = {}
    for number, use in enumerate(uses):
        again = any(other.table == use.table for other in uses[:number])
        if use.why or again:
            why[use.table] = use.why or f"it reads {use.table} more than once"
    return Traced(asked, frozenset(use.table for use in uses) - set(why), why)


def why_more_than_rows(sql: str, views: Mapping[str, str]) -> str:
    """Why the rows of a query are more than rows of its one table, each by itself; empty where they are no more."""
    try:
        tree = parsed(sql)
        _refuse_changing(tree)
        uses = list(_through_views(_rows_of(tree), views))
    except _NotTraced as problem:
        return str(problem)
    tables = sorted({use.table for use in uses})
    if len(tables) > 1:
        return f"it reads {' and '.join(tables)}, and new rows of one would have to meet old rows of the other"
    if len(uses) != 1:
        return f"it reads {tables[0]} more than once" if tables else "it reads no table"
    return uses[0].why


def _rows_of(tree: exp.Query | exp.Pivot) -> Iterator[_Use]:
    _refuse_more_than_rows(tree, "")
    assert isinstance(tree, exp.Select)
    return _uses(tree, {})


def changes_by_itself(sql: str) -> str:
    """What in a query gives another result each time, although nothing above changed; empty where nothing does."""
    return next((_called_function(node) for node in parsed(sql).find_all(exp.Func) if _is_changing(node)), "")


def _asked(tree: exp.Select, columns: Mapping[str, exp.Expr]) -> str:
    """The query for these columns alone: without what only makes groups, or chooses among them."""
    asked = tree.copy()
    for part in ("group", "having", "order", "distinct"):
        asked.set(part, None)
    asked.set("expressions", [exp.alias_(each.copy(), name, quoted=True) for name, each in columns.items()])
    return str(asked.sql(DIALECT, comments=False))


def _column_of(tree: exp.Select, column: str) -> exp.Expr:
    """The expression of a column, which must be of the row alone."""
    found: exp.Expr | None = None
    for each in tree.expressions:
        if each.alias_or_name.lower() == column.lower() and not isinstance(each, exp.Star):
            found = each.unalias()
    if found is None and any(each.is_star for each in tree.expressions):
        found = exp.column(exp.to_identifier(column, quoted=True))
    if found is None:
        raise _NotTraced(f"{column} stands in none of its columns")
    if found.find(exp.AggFunc, exp.Window, exp.Anonymous, exp.Query) or not found.find(exp.Column):
        raise _NotTraced(f"{column} is {found.sql(DIALECT)}, which is not of one row alone")
    return found


# -- shapes ----------------------------------------------------------------------------------------------------------


def _refuse_changing(tree: exp.Expr) -> None:
    for node in tree.find_all(exp.Func):
        if _is_changing(node):
            raise _NotTraced(f"{_called_function(node)} gives something else each time")


def _is_changing(node: exp.Expr) -> bool:
    return isinstance(node, _CHANGING) or _called_function(node).removesuffix("()") in _CHANGING_NAMES


def _called_function(node: exp.Expr) -> str:
    called = node.name if isinstance(node, exp.Anonymous) else node.sql_name() if isinstance(node, exp.Func) else ""
    return f"{called.lower()}()"


def _refuse_spreading(tree: exp.Select) -> None:
    """Refuse what makes one row matter to rows of other times."""
    for part in _SPREADING:
        if tree.args.get(part):
            raise _NotTraced(f"it has {part.upper().removesuffix('S')}")
    if isinstance(tree.args.get("distinct"), exp.Distinct) and tree.args["distinct"].args.get("on"):
        raise _NotTraced("it has DISTINCT ON")
    if any(each.find(exp.Window) for each in tree.expressions):
        raise _NotTraced("it has window functions")
    group = tree.args.get("group")
    if group and group.find(exp.Rollup, exp.Cube, exp.GroupingSets):
        raise _NotTraced("it groups by several sets of columns")
    if any(
        node.sql_name().lower() in {"unnest", "explode"}
        for each in tree.expressions
        for node in each.find_all(exp.Func)
    ):
        raise _NotTraced("it makes several rows of one")


def _refuse_more_than_rows(tree: exp.Expr, inside: str = " inside") -> None:
    """Refuse an inner query whose rows are more than rows of its tables, side by side."""
    if not isinstance(tree, exp.Select):
        raise _NotTraced(f"it has {_called(tree)}{inside}")
    _refuse_spreading(tree)
    if tree.args.get("group") or tree.args.get("having") or tree.args.get("distinct"):
        raise _NotTraced(f"it groups{inside}")
    if found := next(filter(None, (each.find(exp.AggFunc, exp.Anonymous) for each in tree.expressions)), None):
        raise _NotTraced(f"{_called_function(found)} may add up{inside}")


# -- tables ----------------------------------------------------------------------------------------------------------

_Known = Mapping[str, "exp.Expr | None"]


def _uses(tree: exp.Select, known: _Known) -> Iterator[_Use]:
    """Each use of a table in a query. `known` are the common table expressions in scope."""
    known = {**known, **_defined(tree)}
    yield from _in_from(tree, known)
    for part in ("expressions", "where", "having", "group", "order", "distinct"):
        value = tree.args.get(part)
        for each in value if isinstance(value, list) else [value] if value else []:
            yield from _inside(each, known, "it reads it in a subquery of a condition or column")
    for join in tree.args.get("joins") or ():
        if on := join.args.get("on"):
            yield from _inside(on, known, "it reads it in the condition of a join")


def _defined(tree: exp.Expr) -> dict[str, exp.Expr | None]:
    with_ = tree.args.get("with_") or tree.args.get("with")
    if with_ is None:
        return {}
    if with_.args.get("recursive"):
        raise _NotTraced("it is recursive")
    return {cte.alias_or_name.lower(): cte.this for cte in with_.expressions}


def _in_from(tree: exp.Select, known: _Known) -> Iterator[_Use]:
    """The tables that stand behind FROM and JOIN, each with what its join does to it."""
    from_ = tree.args.get("from_") or tree.args.get("from")
    if from_ is None:
        return
    found = list(_source(from_.this, known))
    for join in tree.args.get("joins") or ():
        side, kind, method = (str(join.args.get(part) or "").upper() for part in ("side", "kind", "method"))
        here = list(_source(join.this, known))
        if method not in {"", "NATURAL"} or kind in {"ANTI", "POSITIONAL"}:
            here = [_Use(use.table, use.why or f"it stands in {method or kind} JOIN") for use in here]
        if side in {"LEFT", "FULL"} and kind != "SEMI":
            here = [_Use(use.table, use.why or "its rows are optional in an outer join") for use in here]
        if side in {"RIGHT", "FULL"} or kind == "POSITIONAL":
            found = [_Use(use.table, use.why or "its rows are optional in an outer join") for use in found]
        found += here
    yield from found


def _source(node: exp.Expr, known: _Known) -> Iterator[_Use]:
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        if any(node.args.get(part) for part in ("sample", "pivots", "joins", "version", "when")):
            yield _Use(f"{node.db}.{node.name}", "it stands there with more than its name")
        elif not node.db and node.name.lower() in known:
            yield from _inner(known[node.name.lower()], _without(known, node.name.lower()))
        else:
            yield _Use(f"{node.db}.{node.name}")
    elif isinstance(node, exp.Subquery) and not node.args.get("pivots") and not node.args.get("joins"):
        yield from _inner(node.this, known)
    elif isinstance(node, exp.Unnest | exp.Lateral) and not node.find(exp.Query):
        return
    else:
        yield from _inside(node, known, f"it reads it inside {_called(node)}")


def _without(known: _Known, name: str) -> _Known:
    """What a common table expression sees: not itself, and, to be safe, nothing that is named like it."""
    return {key: value for key, value in known.items() if key != name}


def _inner(tree: exp.Expr | None, known: _Known) -> Iterator[_Use]:
    """The uses in a subquery, which are traced where its rows are rows of its tables."""
    if tree is None:
        return
    try:
        _refuse_more_than_rows(tree)
        assert isinstance(tree, exp.Select)
        yield from list(_uses(tree, known))
    except _NotTraced as problem:
        yield from _inside(tree, known, str(problem))


def _inside(node: exp.Expr, known: _Known, why: str) -> Iterator[_Use]:
    """All tables named anywhere inside, none of which is traced there."""
    for table in node.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue
        if table.db:
            yield _Use(f"{table.db}.{table.name}", why)
        elif (inner := known.get(table.name.lower())) is not None:
            yield from _inside(inner, _without(known, table.name.lower()), why)


def _through_views(uses: Iterator[_Use], views: Mapping[str, str]) -> Iterator[_Use]:
    """The same, with the tables behind a view in the view's place."""
    for use in uses:
        if use.table not in views:
            yield use
            continue
        tree = parsed(views[use.table])
        _refuse_changing(tree)
        inner = _through_views(_inner(tree, {}), views)
        yield from (_Use(each.table, use.why or each.why) for each in inner)


def _called(tree: exp.Expr) -> str:
    return {"union": "UNION", "except": "EXCEPT", "intersect": "INTERSECT"}.get(tree.key, tree.key.upper())
