"""A query with every name resolved, then walked."""

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from jusante.core.lineage import Edge, Origin, QueryLineage, SomeColumns, Unresolved
from jusante.transformation.lineage.found import Found
from jusante.transformation.lineage.pivots import Untold
from jusante.transformation.lineage.plain import numbered, plain
from jusante.transformation.lineage.scopes import Walk
from jusante.transformation.sql_analysis import DIALECT, parsed, qualified, table_names

_BY_A_TEXT = frozenset({"query", "query_table"})
ColumnsOf = Callable[[str], Sequence[str] | None]
"""The columns of a table by its name, all of them or SomeColumns; None where they are not known."""

MOST_DEPTH = 8
"""How deep queries may stand in each other, at the most, whose columns bear the same name twice."""


class Tables:
    """The tables that a query reads, by the names that stand in it; case does not matter."""

    def __init__(self, names: Sequence[str], columns_of: ColumnsOf) -> None:
        self.known: Mapping[str, tuple[str, Sequence[str] | None]] = {
            name.lower(): (name, columns_of(name)) for name in names
        }

    @property
    def schema(self) -> dict[str, object]:
        """The columns as sqlglot wants them; their types are of no account."""
        found: dict[str, dict[str, dict[str, str]]] = {}
        for name, (_, columns) in self.known.items():
            space, _, table = name.partition(".")
            if columns is not None and not isinstance(columns, SomeColumns):
                found.setdefault(space, {})[table] = dict.fromkeys((column.lower() for column in columns), "unknown")
        return dict(found)

    def origin(self, table: exp.Table, column: str) -> Origin | None:
        """One column; None where the table is known not to have it."""
        name, columns = self.known[f"{table.db}.{table.name}".lower()]
        known = next((Origin(name, each) for each in columns or () if each.lower() == column.lower()), None)
        return Origin(name, column) if known is None and self._may_have_more(columns) else known

    @staticmethod
    def _may_have_more(columns: Sequence[str] | None) -> bool:
        return columns is None or isinstance(columns, SomeColumns)

    def origins(self, table: exp.Table) -> list[Origin]:
        """All columns of a table; those that are not known are one without a name."""
        return self._all(*self.known[f"{table.db}.{table.name}".lower()])

    def _all(self, name: str, columns: Sequence[str] | None) -> list[Origin]:
        more = ("",) if self._may_have_more(columns) else ()
        return [Origin(name, column) for column in (*(columns or ()), *more)]

    def columns(self, table: exp.Table) -> Sequence[str] | None:
        """The names of a table's columns; None where they are not known."""
        return self.known.get(f"{table.db}.{table.name}".lower(), ("", None))[1]

    @property
    def everything(self) -> frozenset[Edge]:
        """An edge from each column of each table."""
        return frozenset(
            Edge(origin, "transformation") for known in self.known.values() for origin in self._all(*known)
        )


def lineage(sql: str, columns_of: ColumnsOf, output: Sequence[str] = ()) -> QueryLineage:
    """The origins of each column that a query gives. Raises QueryProblem where it is no query.

    `output` are the names of its columns, where they are known: an expression without an alias has none of its own.
    What cannot be resolved is listed. Where not even the columns can be told, those of `output` depend on everything.
    """
    tree = parsed(sql)
    tables = Tables(sorted({name for name, _ in table_names(tree)}), columns_of)
    missing = tuple(
        Unresolved(name, "its columns are not known") for name, columns in tables.known.values() if columns is None
    )
    if past := _past_the_graph(tree):
        return _unknown(tables, output, (*missing, Unresolved(past.sql(DIALECT), "what it reads is not known")))
    try:
        found, unresolved = _walked(tree, tables)
    except Untold as untold:
        pivot = tree.find(exp.Pivot)
        return _unknown(
            tables, output, (*missing, Unresolved(pivot.sql(DIALECT) if pivot else sql.strip(), str(untold)))
        )
    except (SqlglotError, RecursionError, KeyError, TypeError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        return _unknown(tables, output, (*missing, Unresolved(sql.strip(), reason)))
    if found.has_star:
        return _unknown(tables, output, (*missing, Unresolved("*", "its columns are not known")))
    names = _named(tuple(found.columns), output)
    columns = {name: frozenset(edges) for name, edges in zip(names, found.columns.values(), strict=True)}
    return QueryLineage(columns, frozenset(found.rows), (*missing, *unresolved))


def _past_the_graph(tree: exp.Expr) -> exp.Expr | None:
    """What reads columns without naming them: tables by a text, a column by its place."""
    return next(
        (
            node
            for node in tree.find_all(exp.Anonymous, exp.PositionalColumn, exp.Summarize)
            if not isinstance(node, exp.Anonymous) or node.name.lower() in _BY_A_TEXT
        ),
        None,
    )


def _walked(tree: exp.Expr, tables: Tables) -> tuple[Found, tuple[Unresolved, ...]]:
    schema = tables.schema
    resolved = _resolved(plain(tree.copy(), tables.columns, schema), schema)
    for _ in range(MOST_DEPTH):
        if not (resolved.find(exp.Star) and numbered(resolved)):
            break
        resolved = _resolved(resolved, schema)
    walk = Walk(tables.origin, tables.origins)
    return walk.all(traverse_scope(resolved)), tuple(walk.unresolved.values())


def _resolved(tree: exp.Expr, schema: dict[str, object]) -> exp.Expr:
    return qualified(tree, schema)


def _named(columns: Sequence[str], output: Sequence[str]) -> Sequence[str]:
    """Expressions without a name bear the one that the table gives them, where it has as many columns."""
    if len(columns) != len(output) or len({*output}) < len(output):
        return columns
    return [
        known if name.startswith("_col_") or name == known.lower() else name
        for name, known in zip(columns, output, strict=True)
    ]


def _unknown(tables: Tables, output: Sequence[str], unresolved: tuple[Unresolved, ...]) -> QueryLineage:
    everything = tables.everything
    return QueryLineage(dict.fromkeys(output, everything), everything, unresolved, frozenset({*output, ""}))
