"""A query in plain words: what only DuckDB writes in short is written out, so that each name can be resolved."""

from collections.abc import Mapping

from sqlglot import exp

from jusante.transformation.lineage.pivots import Known, Untold, without_pivots
from jusante.transformation.lineage.star_columns import without_star_columns


def plain(tree: exp.Expr, known: Known, schema: Mapping[str, object]) -> exp.Expr:
    """The query without pivots, COLUMNS and names given to the columns of a table. Raises Untold."""
    _refuse_namesakes(tree)
    return without_star_columns(_without_table_names(without_pivots(tree, known)), schema)


def _refuse_namesakes(tree: exp.Expr) -> None:
    """A semi or anti join hides its table, so that DuckDB lets another bear its name; sqlglot takes one for the other."""
    for select in tree.find_all(exp.Select):
        names = (join.this.alias_or_name.lower() for join in select.args.get("joins") or ())
        joined = [name for name in names if name]
        if len({*joined}) < len(joined):
            raise Untold("two tables that it joins bear the same name")


def _without_table_names(tree: exp.Expr) -> exp.Expr:
    """`t as x(a, b)` as `(select * from t) as x(a, b)`, which is what sqlglot knows to follow."""
    for table in list(tree.find_all(exp.Table)):
        alias = table.args.get("alias")
        if isinstance(table.this, exp.Identifier) and alias and alias.args.get("columns"):
            bare = table.copy()
            bare.set("alias", None)
            bare.set("joins", None)
            inside = exp.Subquery(this=exp.Select(expressions=[exp.Star()]).from_(bare, copy=False), alias=alias.copy())
            inside.set("joins", table.args.get("joins"))
            table.replace(inside)
    return tree


def numbered(tree: exp.Expr) -> bool:
    """Number columns of inner queries that bear a name for the second time, as DuckDB does; whether there were any."""
    found = False
    for select in tree.find_all(exp.Select):
        seen: dict[str, int] = {}
        for each in select.expressions if select is not tree else ():
            name = each.alias_or_name.lower()
            place = seen.get(name, 0)
            seen[name] = place + 1
            if place and not each.is_star:
                each.replace(exp.alias_(each.unalias(), f"{name}_{place}"))
                found = True
    return found
