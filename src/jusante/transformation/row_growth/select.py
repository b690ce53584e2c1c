"""One SELECT: its sources joined and filtered, the aggregates that a join inflates, and the rows that it gives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from jusante.transformation.row_growth.blame import blame
from jusante.transformation.row_growth.conditions import bare, conjuncts, equalities, first_line
from jusante.transformation.row_growth.dependencies import ROW, Attribute, of
from jusante.transformation.row_growth.joined import Joined, Step
from jusante.transformation.row_growth.joins import add_filter, add_join, kind_of
from jusante.transformation.row_growth.measures import Measure, is_aggregate, measures
from jusante.transformation.row_growth.relation import Blame, Relation

RelationOf = Callable[[exp.Expr, str], Relation]
"""The relation behind a piece of FROM and its alias."""


@dataclass(slots=True)
class Inflated:
    """Aggregates of one SELECT that a join inflates, or shifts where they are averages."""

    blame: Blame
    measures: list[Measure] = field(default_factory=list)
    select: exp.Select | None = None


def joined_rows(select: exp.Select, relation_of: RelationOf) -> Joined:
    """The sources of a SELECT, joined and filtered."""
    joined = Joined()
    pieces = list(_pieces(select))
    outer = [number for number, (_, join) in enumerate(pieces) if join and kind_of(join) in _RIGHT]
    for number, (source, join) in enumerate(pieces):
        alias = source.alias_or_name or f"#{number}"
        relation = relation_of(source, alias)
        before = tuple(joined.relations)
        kind = kind_of(join) if join else "cross join"
        if join is not None and kind in _FILTERS:
            joined.steps.append(Step(alias, kind, before, join.args.get("on"), first_line(source), adds=False))
        elif not before:
            joined.put(alias, relation)
        else:
            step = Step(alias, kind, before, join.args.get("on") if join else None, first_line(source))
            later = any(other > number for other in outer)
            add_join(joined, step, relation, later_outer=later, lateral=is_lateral(source, before))
    if where := select.args.get("where"):
        add_filter(joined, where.this)
    _add_generators(joined, select)
    joined.settle()
    _add_first_rows(joined, select)
    return joined


_RIGHT = {"right join", "full join", "positional join"}
_FILTERS = {"semi join", "anti join", "left semi join", "left anti join"}


def _pieces(select: exp.Select) -> Iterator[tuple[exp.Expr, exp.Join | None]]:
    """What stands in FROM, in order, each with the join that brings it."""
    start = select.args.get("from_") or select.args.get("from")
    if start is not None:
        yield start.this, None
        for join in start.this.args.get("joins") or ():
            yield join.this, join
    for lateral in select.args.get("laterals") or ():
        yield lateral, None
    for join in select.args.get("joins") or ():
        yield join.this, join
        for inner in join.this.args.get("joins") or ():
            yield inner.this, inner


def is_lateral(source: exp.Expr, before: tuple[str, ...]) -> bool:
    """Whether a piece of FROM is made anew for each row before it: it names columns of what stands there."""
    is_call = isinstance(source, exp.Table) and isinstance(source.this, exp.Func)
    if not is_call and not isinstance(source, exp.Lateral | exp.Unnest | exp.Subquery):
        return False
    return any(each.table in before for each in source.find_all(exp.Column))


def _add_generators(joined: Joined, select: exp.Select) -> None:
    """`unnest` among the columns makes one row for each element."""
    for number, projection in enumerate(select.expressions):
        if projection.find(exp.Explode, exp.Unnest):
            joined.generators.append((f"#unnest{number}", *ROW))


def _add_first_rows(joined: Joined, select: exp.Select) -> None:
    """QUALIFY row_number() … = 1, or DISTINCT ON: one row for each of some columns."""
    groups = [window.args.get("partition_by") or [] for window in numbered(select, select.args.get("qualify"))]
    distinct = select.args.get("distinct")
    if distinct is not None and distinct.args.get("on") is not None:
        on = bare(distinct.args["on"])
        groups.append(on.expressions if isinstance(on, exp.Tuple) else [on])
    for columns in groups:
        attributes = [joined.attribute(each) for each in columns]
        known = [each for each in attributes if each is not None]
        if len(known) == len(attributes):
            joined.dependencies.add(known, joined.rows)


def numbered(select: exp.Select, qualify: exp.Expr | None) -> Iterator[exp.Window]:
    """The windows of which QUALIFY keeps the first row each."""
    names = {each.alias.lower(): each.this for each in select.expressions if isinstance(each, exp.Alias)}
    for condition in conjuncts(qualify.this if qualify is not None else None):
        value = bare(condition.this) if is_first(condition) else None
        if isinstance(value, exp.Column) and not value.table:
            value = names.get(value.name.lower())
        if isinstance(value, exp.Window) and isinstance(value.this, exp.RowNumber):
            yield value


def is_first(condition: exp.Expr) -> bool:
    """Whether a condition says `… = 1`, `… <= 1` or `… < 2`."""
    bound = condition.args.get("expression")
    if not isinstance(bound, exp.Literal) or bound.is_string:
        return False
    return (isinstance(condition, exp.EQ | exp.LTE) and bound.name == "1") or (
        isinstance(condition, exp.LT) and bound.name == "2"
    )


# -- groups and what is aggregated in them ---------------------------------------------------------------------------


def groups_of(select: exp.Select) -> tuple[exp.Expr, ...] | None:
    """What the rows are grouped by; None where they are not grouped."""
    group = select.args.get("group")
    if group is None:
        return () if any(is_aggregate(each) for each in select.expressions) else None
    if group.args.get("all"):
        return tuple(bare(each) for each in select.expressions if not is_aggregate(each))
    return tuple(bare(each) for each in group.expressions)


def has_subtotals(select: exp.Select) -> bool:
    """Whether rows are grouped in more than one way at once: ROLLUP, CUBE, GROUPING SETS."""
    group = select.args.get("group")
    if group is None:
        return False
    sets = (exp.GroupingSets, exp.Rollup, exp.Cube)
    return any(group.args.get(name) for name in ("grouping_sets", "rollup", "cube")) or any(
        isinstance(each, sets) for each in group.expressions
    )


def inflated(select: exp.Select, joined: Joined) -> list[Inflated]:
    """The aggregates that a join inflates, by the join."""
    groups = () if has_subtotals(select) else groups_of(select) or ()
    by = [attribute for each in groups if (attribute := joined.attribute(each))]
    found: dict[Blame, Inflated] = {}
    ordered = select.args.get("order")
    parts = [*select.expressions, *(select.args[n] for n in ("having", "qualify") if select.args.get(n))]
    for measure in measures([*parts, *([ordered] if ordered else [])]):
        fault = _fault(measure, joined, by)
        if fault is None:
            continue
        entry = found.setdefault(fault, Inflated(fault, [], select))
        if measure.text not in {each.text for each in entry.measures}:
            entry.measures.append(measure)
    return list(found.values())


def _fault(measure: Measure, joined: Joined, by: list[Attribute]) -> Blame | None:
    more = list(by)
    for each in measure.within or ():
        more += [attribute] if (attribute := joined.attribute(each)) else []
    more += _fixed(measure, joined)
    for value in measure.of:
        owners = joined.owners(value)
        if not owners:
            continue
        if measure.whole:
            owners = {of(each[0], ROW) for each in owners}
        if missing := joined.missing(owners, more):
            return blame(joined, owners, missing, joined.determined(owners, more))
    return None if measure.of else _miscounted(joined, more)


def _fixed(measure: Measure, joined: Joined) -> list[Attribute]:
    """The columns that a FILTER or a CASE holds to one value."""
    return [
        equality.left
        for condition in measure.filters
        for equality in equalities(condition, joined.attribute, joined.inside)
        if not equality.others
    ]


def _miscounted(joined: Joined, more: list[Attribute]) -> Blame | None:
    """Rows as such are counted: sound where they are those of one source, wrong where they are pairs of two."""
    if not joined.relations:
        return None
    counts = {row: joined.missing([row], more) for row in sorted(joined.rows)}
    best = min(counts, key=lambda row: (len(counts[row]), row))
    if not counts[best] or best in joined.generators:
        return None
    return blame(joined, [best], counts[best], joined.determined([best], more))
