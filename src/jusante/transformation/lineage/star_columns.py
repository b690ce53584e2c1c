"""COLUMNS(…): one expression that stands for many, spread out where the columns it chooses from are known."""

import re
from collections.abc import Mapping, Sequence

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from jusante.transformation.sql_analysis import qualified

_MARK = "jusante_select"


def chosen(columns: exp.Columns, names: Sequence[str]) -> list[str] | None:
    """Those of the names that COLUMNS means; None where only running it would tell."""
    match columns.this:
        case exp.Star() as star:
            without = {each.name.lower() for each in star.args.get("except_") or ()}
            return None if star.args.get("replace") else [name for name in names if name.lower() not in without]
        case exp.Literal(is_string=True) as pattern:
            return _matching(pattern.this, names)
        case exp.Array(expressions=listed) if all(isinstance(each, exp.Literal) for each in listed):
            wanted = {each.this.lower() for each in listed}
            return [name for name in names if name.lower() in wanted]
    return None


def _matching(pattern: str, names: Sequence[str]) -> list[str] | None:
    try:
        return [name for name in names if re.search(pattern, name)]
    except re.error:
        return None


def without_star_columns(tree: exp.Expr, schema: Mapping[str, object]) -> exp.Expr:
    """The query with each COLUMNS among what is selected spread out, as far as it can be told what it chooses from."""
    if not tree.find(exp.Columns):
        return tree
    for scope in traverse_scope(tree):
        select = scope.expression
        if isinstance(select, exp.Select) and any(each.find(exp.Columns) for each in select.expressions):
            there = _columns_in_sight(tree, select, schema)
            select.set("expressions", [part for each in select.expressions for part in _spread(each, there)])
    return tree


def _columns_in_sight(tree: exp.Expr, select: exp.Select, schema: Mapping[str, object]) -> list[exp.Column]:
    """What `select *` would give in place of this SELECT."""
    listed = select.expressions
    select.set("expressions", [exp.Star()])
    select.meta[_MARK] = True
    try:
        whole = qualified(tree.copy(), schema)
        marked = next(each for each in whole.find_all(exp.Select) if each.meta.get(_MARK))
        return [each.unalias() for each in marked.expressions if isinstance(each.unalias(), exp.Column)]
    finally:
        del select.meta[_MARK]
        select.set("expressions", listed)


def is_unpacked(columns: exp.Columns) -> bool:
    """Whether the columns are given to one function all together: `coalesce(*COLUMNS(…))`."""
    return bool(columns.args.get("unpack"))


def _spread(projection: exp.Expr, there: Sequence[exp.Column]) -> list[exp.Expr]:
    found = projection.find(exp.Columns)
    names = chosen(found, [column.name for column in there]) if found else None
    if found is None or names is None or is_unpacked(found):
        return [projection]
    spread: list[exp.Expr] = []
    for column in there:
        if column.name in names:
            part = exp.Paren(this=projection.unalias().copy())
            for each in list(part.find_all(exp.Columns)):
                each.replace(column.copy())
            spread.append(part.this)
    return spread
