"""PIVOT and UNPIVOT as plain queries that depend on the same columns in the same way."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from sqlglot import exp

from jusante.transformation.lineage.star_columns import chosen

Known = Callable[[exp.Table], Sequence[str] | None]
"""The columns of a table of the lakehouse; None where they are not known."""


class Untold(ValueError):
    """The columns of a part of a query depend on its data, or are written in a way that is not understood."""


def without_pivots(tree: exp.Expr, known: Known) -> exp.Expr:
    """The query with a SELECT in place of each PIVOT and UNPIVOT. Raises Untold where their columns depend on the data."""
    for pivot in reversed(list(tree.find_all(exp.Pivot))):
        if isinstance(pivot.this, exp.Expr):
            tree = _put(tree, pivot, _plain(pivot, pivot.this.copy(), known))
    for table in [each for each in tree.find_all(exp.Table, exp.Subquery) if each.args.get("pivots")]:
        pivots, source = table.args["pivots"], table.copy()
        source.set("pivots", None)
        for pivot in pivots:
            source = _plain(pivot, source, known).subquery(copy=False)
        alias = pivots[-1].args.get("alias") or exp.TableAlias(this=exp.to_identifier(f"_p{id(table)}"))
        source.set("alias", alias.copy())
        source.set("joins", table.args.get("joins"))
        table.replace(source)
    return tree


def _put(tree: exp.Expr, old: exp.Expr, new: exp.Query) -> exp.Expr:
    if old.parent is None:
        if with_ := old.args.get("with_"):
            new.set("with_", with_)
        return new
    old.replace(new)
    return tree


def _plain(pivot: exp.Pivot, source: exp.Expr, known: Known) -> exp.Query:
    return _stacked(pivot, source, known) if pivot.args.get("unpivot") else _spread(pivot, source)


# -- PIVOT ---------------------------------------------------------------------------------------------------------------


def _spread(pivot: exp.Pivot, source: exp.Expr) -> exp.Query:
    """One aggregate for each value, of the rows that have it, by all the columns that are not spoken of."""
    is_statement = isinstance(pivot.this, exp.Expr)
    fields = pivot.expressions if is_statement else pivot.args["fields"]
    aggregates = (pivot.args.get("using") if is_statement else pivot.expressions) or [exp.Count(this=exp.Star())]
    spoken = {column.name for part in (*fields, *aggregates) for column in part.find_all(exp.Column)}
    group = pivot.args.get("group")
    keys = [key.copy() for key in group.expressions] if group else [_star_without(spoken)]
    made = [
        exp.alias_(_filtered(aggregate, condition), _name(label, aggregate, single=len(aggregates) == 1), quoted=True)
        for label, condition in _values(fields)
        for aggregate in aggregates
    ]
    return exp.Select(expressions=[*keys, *made], group=exp.Group(all=True)).from_(source, copy=False)


def _values(fields: Sequence[exp.Expr]) -> Iterator[tuple[str, exp.Expr]]:
    """Each combination of values: what it is called, and its condition."""
    for together in itertools.product(*(_choices(field) for field in fields)):
        yield "_".join(label for label, _ in together), exp.and_(*(condition for _, condition in together))


def _choices(field: exp.Expr) -> list[tuple[str, exp.Expr]]:
    if not isinstance(field, exp.In) or not field.expressions:
        raise Untold("its columns depend on the data")
    found: list[tuple[str, exp.Expr]] = []
    for value in field.expressions:
        plain = value.this if isinstance(value, exp.PivotAlias | exp.Alias) else value
        if plain.find(exp.Query, exp.Column):
            raise Untold("its columns depend on the data")
        label = _text(value.args["alias"]) if isinstance(value, exp.PivotAlias | exp.Alias) else _text(plain)
        found.append((label, exp.EQ(this=field.this.copy(), expression=plain.copy())))
    return found


def _text(value: exp.Expr) -> str:
    if isinstance(value, exp.Tuple):
        return "_".join(_text(each) for each in value.expressions)
    return value.name or value.sql("duckdb")


def _name(label: str, aggregate: exp.Expr, *, single: bool) -> str:
    named = aggregate.alias or ("" if single else aggregate.sql("duckdb").lower())
    return f"{label}_{named}" if named else label


def _filtered(aggregate: exp.Expr, condition: exp.Expr) -> exp.Expr:
    """The aggregate of the rows for which the condition holds."""
    made = exp.Paren(this=aggregate.unalias().copy())
    for inner in list(made.find_all(exp.AggFunc)):
        inner.replace(exp.Filter(this=inner.copy(), expression=exp.Where(this=condition.copy())))
    return cast("exp.Expr", made.this)


def _star_without(names: set[str]) -> exp.Star:
    return exp.Star(except_=[exp.to_identifier(name) for name in sorted(names)])


# -- UNPIVOT -------------------------------------------------------------------------------------------------------------


def _stacked(pivot: exp.Pivot, source: exp.Expr, known: Known) -> exp.Query:
    """One query for each column, or group of them, with its name beside its value; all together."""
    name, values, groups = _unpivoted(pivot, source, known)
    gone = {column for _, group in groups for column in group}
    parts: list[exp.Query] = []
    for label, group in groups:
        part = exp.Select(
            expressions=[
                _star_without(gone),
                exp.alias_(exp.Literal.string(label), name),
                *(exp.alias_(exp.column(column), value) for column, value in zip(group, values, strict=True)),
            ]
        ).from_(source.copy())
        if not pivot.args.get("include_nulls"):
            part = part.where(exp.or_(*(exp.column(column).is_(exp.null()).not_() for column in group)))
        parts.append(part)
    return exp.union(*parts, distinct=False) if len(parts) > 1 else parts[0]


def _unpivoted(pivot: exp.Pivot, source: exp.Expr, known: Known) -> tuple[str, list[str], list[tuple[str, list[str]]]]:
    """The name of the column of names, those of the columns of values, and what is stacked under which name."""
    if isinstance(pivot.this, exp.Expr):
        into = pivot.args.get("into")
        name, values = (into.this.name, [each.name for each in into.expressions]) if into else ("name", ["value"])
        listed = pivot.expressions
    else:
        field, value = pivot.args["fields"][0], pivot.expressions[0]
        name, listed = field.this.name, field.expressions
        values = [each.name for each in (value.expressions if isinstance(value, exp.Tuple) else [value])]
    groups: list[tuple[str, list[str]]] = []
    for each in listed:
        groups += _groups_of(each, source, known)
    return name, values, groups


def _groups_of(each: Any, source: exp.Expr, known: Known) -> Iterator[tuple[str, list[str]]]:
    plain = each.this if isinstance(each, exp.PivotAlias | exp.Alias) else each
    if isinstance(plain, exp.Columns):
        there = known(source) if isinstance(source, exp.Table) else None
        names = None if there is None else chosen(plain, there)
        if names is None:
            raise Untold("which columns it stacks is not known")
        yield from ((column, [column]) for column in names)
        return
    columns = [part.name for part in (plain.expressions if isinstance(plain, exp.Tuple) else [plain])]
    yield (_text(each.args["alias"]) if plain is not each else "_".join(columns)), columns
