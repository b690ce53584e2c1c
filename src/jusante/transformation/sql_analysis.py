"""What a SQL query reads, and its canonical form. The one home of sqlglot: its internals change with each minor version.

A query's canonical form is its syntax tree written anew without comments: it stays the same when somebody reformats the
query, and changes when its meaning might.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from jusante.core.model import Query, QueryProblem

DIALECT = "duckdb"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def analyse(sql: str) -> Query:
    """The tables that a query reads, and its canonical text. Raises QueryProblem where it is not one SELECT query."""
    tree = parsed(sql)
    lines: dict[str, int] = {}
    for name, line in table_names(tree):
        lines[name] = min(line, lines.get(name, line))
    return Query(sql, tuple(sorted(lines)), tree.sql(DIALECT, comments=False, normalize=True, copy=False), lines)


def column_names(sql: str) -> frozenset[str]:
    """The names of columns that stand in a query, whosever they are; `*` among them where all of something are read."""
    tree = parsed(sql)
    stars = (star for star in tree.find_all(exp.Star) if not isinstance(star.parent, exp.Count))
    return frozenset((*(column.name for column in tree.find_all(exp.Column)), *("*" for _ in stars)))


def parsed(sql: str) -> exp.Query | exp.Pivot:
    """The syntax tree of one query. Raises QueryProblem where it is none."""
    try:
        trees = [tree for tree in sqlglot.parse(sql, read=DIALECT) if tree is not None]
    except ParseError as error:
        raise query_problem(error) from None
    except TokenError as error:
        raise QueryProblem(_ANSI.sub("", str(error)).split("\n")[0], line=1) from None
    if len(trees) != 1:
        raise QueryProblem(
            f"{len(trees)} statements where one query is expected", line=1, fix="write one SELECT a file"
        )
    if not isinstance(trees[0], exp.Query | exp.Pivot):
        raise QueryProblem(
            f"{trees[0].key} where a query is expected", line=1, fix="write a SELECT: a model is its result"
        )
    return trees[0]


def query_problem(error: ParseError) -> QueryProblem:
    """What a parser has against a text, in plain words."""
    first = error.errors[0] if error.errors else {}
    what = first.get("description") or _ANSI.sub("", str(error)).split("\n")[0]
    near = first.get("highlight")
    return QueryProblem(f"{what.rstrip('.')}{f', near {near!r}' if near else ''}", line=first.get("line") or 1)


def table_names(tree: exp.Query | exp.Pivot) -> Iterator[tuple[str, int]]:
    """Each table that a query reads from outside of itself, and its line. Raises QueryProblem for a name without a dot."""
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or _is_inside(table):
            continue
        line = table.this.meta.get("line", 1)
        if not table.db:
            raise QueryProblem(f"table {table.name!r} has no namespace", line=line, fix="write it as folder.table")
        if table.catalog:
            raise QueryProblem(f"{table.sql(DIALECT)} names a database", line=line, fix="write it as folder.table")
        yield f"{table.db}.{table.name}", line


def _is_inside(table: exp.Table) -> bool:
    """Whether a plain name means a common table expression in scope here.

    Names are looked up from the inside out. A CTE does not see itself, unless the WITH is recursive, and not its later
    siblings: `with a as (select * from a)` reads the outer table a.
    """
    if table.db:
        return False
    node: Any = table
    inside: Any = None
    while node is not None:
        with_ = node.args.get("with_") or node.args.get("with")
        if with_ is not None and _sees(with_, table.name, inside):
            return True
        if isinstance(node, exp.CTE):
            inside = node
        node = node.parent
    return False


def _sees(with_: exp.With, name: str, inside: exp.Expression | None) -> bool:
    for cte in with_.expressions:
        if cte is inside and not with_.args.get("recursive"):
            return False
        if cte.alias_or_name.lower() == name.lower():
            return True
        if cte is inside:
            return False
    return False


def qualified(tree: exp.Expr, schema: Mapping[str, Any]) -> exp.Expr:
    """The tree with every column's table named and stars spelled out, as far as the schema tells; the tree is changed.

    `schema` holds tables by namespace, and columns by table, in lower case. sqlglot would parse names as SQL, which a column
    or table called `a;b` does not survive: columns are handed over as they are, and such tables get their alias here.
    """
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.schema import MappingSchema

    for table in tree.find_all(exp.Table):
        if not table.alias and isinstance(table.this, exp.Identifier) and not table.name.isidentifier():
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name.lower(), quoted=True)))
    known = MappingSchema(dict(schema), dialect=DIALECT, normalize=False)
    return qualify(tree, schema=known, dialect=DIALECT, validate_qualify_columns=False, quote_identifiers=False)
