"""What each kind of join says of which rows: one rule a kind, added to the dependencies."""

from collections.abc import Iterable

from sqlglot import exp

from jusante.transformation.row_growth.conditions import (
    Equality,
    alike,
    conjuncts,
    equalities,
    nulls,
    rejecting,
)
from jusante.transformation.row_growth.dependencies import HERE, ROW, Attribute, column, of
from jusante.transformation.row_growth.joined import Joined, Step, merged
from jusante.transformation.row_growth.relation import Relation

_OUTER_ON_THE_LEFT = {"right join", "full join", "positional join"}
_OUTER_ON_THE_RIGHT = {"left join", "full join", "positional join", "asof left join"}


def kind_of(join: exp.Join) -> str:
    """What a join is called: `join`, `left join`, `cross join`, `asof join` …"""
    words = [str(join.args.get(name) or "").lower() for name in ("method", "side", "kind")]
    words = [word for word in words if word not in {"", "inner", "outer", "natural"}]
    if not words and join.args.get("on") is None and not join.args.get("using"):
        return "cross join"
    return " ".join([*words, "join"])


def add_join(joined: Joined, step: Step, relation: Relation, *, later_outer: bool, lateral: bool) -> None:
    """One more source by a join. `later_outer`: some join of this SELECT fills what stands before it with nulls."""
    before = {of(alias, ROW) for alias in step.before}
    joined.put(step.alias, relation, within=before if lateral else ())
    joined.steps.append(step)
    equal = tuple(_usable(joined, equalities(step.on, joined.attribute, joined.inside)))
    step.pairs = _pairs(step, equal)
    added = {of(step.alias, ROW)}
    bound = _bound(equal, (step.alias,), step.before) | (before if lateral else set())
    step.keeps_before = _covers(joined, bound, added)
    step.keeps_added = _covers(joined, _bound(equal, step.before, (step.alias,)), before)
    if step.kind in _OUTER_ON_THE_LEFT:
        joined.nullable |= set(step.before)
    if step.kind in _OUTER_ON_THE_RIGHT:
        joined.nullable.add(step.alias)
    for each in equal:
        _add_equality(joined, step, each)
    _add_outer(joined, step, before, added, later_outer=later_outer)
    if step.kind.startswith(("asof", "positional")):
        step.keeps_before = True
        joined.dependencies.add(before, added)
    if step.kind.startswith("positional"):
        step.keeps_added = True
        joined.dependencies.add(added, before)


def _usable(joined: Joined, found: Iterable[Equality]) -> Iterable[Equality]:
    for each in found:
        if each.plain and not alike(joined.type_of(each.left), joined.type_of(each.plain)):
            continue
        if each.is_null_safe and not all(_filled(joined, one) for one in (each.left, each.plain) if one):
            continue
        yield each


def _filled(joined: Joined, attribute: Attribute) -> bool:
    return attribute[-1] in joined.relations[attribute[0]].filled


def _pairs(step: Step, equal: tuple[Equality, ...]) -> list[tuple[Attribute, Attribute]]:
    return [(each.left, each.plain) for each in equal if each.plain and each.plain[0] == step.alias != each.left[0]]


def _bound(equal: tuple[Equality, ...], aliases: tuple[str, ...], others: tuple[str, ...]) -> set[Attribute]:
    """The columns of some sources that the condition fixes, given the others."""
    return {each.left for each in equal if each.left[0] in aliases and {o[0] for o in each.others} <= set(others)}


def _covers(joined: Joined, bound: set[Attribute], rows: set[Attribute]) -> bool:
    here = {of(attribute[0], HERE) for attribute in rows}
    return rows <= joined.dependencies.closure(bound | here)


def _add_equality(joined: Joined, step: Step, equality: Equality) -> None:
    """Where the condition is true, one side determines the other; it is true where both sides are there."""
    sources = {equality.left[0], *(other[0] for other in equality.others)}
    if step.kind in _OUTER_ON_THE_RIGHT:
        sources.add(step.alias)
    if step.kind in _OUTER_ON_THE_LEFT and not sources & set(step.before):
        sources |= set(step.before)
    joined.dependencies.add((*equality.others, *(of(alias, HERE) for alias in sources)), (equality.left,))
    if equality.plain is None or step.kind in {"full join", "positional join"}:
        return
    ends = {equality.left[0], equality.plain[0]}
    if step.kind in {"join", "asof join"}:
        joined.nullable -= ends
    for end in ends & ({step.alias} if step.kind != "right join" else set(step.before)):
        joined.dependencies.add((of(end, HERE),), (of(other, HERE) for other in ends - {end}))


def _add_outer(joined: Joined, step: Step, before: set[Attribute], added: set[Attribute], *, later_outer: bool) -> None:
    """A row that an outer join keeps meets one row of the other side at the most, or none, where its key is covered."""
    mentioned = _mentioned(joined, step.on)
    if mentioned is None:
        return
    near = {each for each in mentioned if each[0] in step.before}
    far = {each for each in mentioned if each[0] == step.alias}
    if step.kind in {"left join", "full join"} and step.keeps_before:
        presences = [{of(alias, HERE)} for alias in step.before] if later_outer else [set()]
        for presence in presences:
            joined.dependencies.add(near | presence, added)
    if step.kind in {"right join", "full join"} and step.keeps_added:
        joined.dependencies.add(far | {of(step.alias, HERE)}, before)
    if step.kind == "full join":
        for left, right in step.pairs:
            joined.dependencies.add((merged(left, right),), (*(added if step.keeps_before else ()),))
            joined.dependencies.add((merged(left, right),), (*(before if step.keeps_added else ()),))


def _mentioned(joined: Joined, condition: exp.Expr | None) -> set[Attribute] | None:
    """The columns of a condition; None where it depends on more than them."""
    if condition is None:
        return set()
    if condition.find(exp.Query, exp.Rand, exp.Uuid):
        return None
    return joined.inside(condition)


def add_filter(joined: Joined, condition: exp.Expr | None) -> None:
    """What WHERE says of the rows that are left."""
    for each in _usable(joined, equalities(condition, joined.attribute, joined.inside)):
        joined.dependencies.add(each.others, (each.left,))
        joined.nullable.discard(each.left[0])
        if each.plain:
            joined.nullable.discard(each.plain[0])
            for step in joined.steps:
                _also_pair(step, each)
    for part in conjuncts(condition):
        solid = set(rejecting(part, joined.attribute))
        joined.solid |= solid
        joined.nullable -= {attribute[0] for attribute in solid}
        absent = nulls(part, joined.attribute)
        if absent and absent[0] in joined.nullable and _tells_absence(joined, absent):
            names = joined.relations[absent[0]].owners
            joined.dependencies.add((), (of(absent[0], ROW), *(of(absent[0], column(name)) for name in names)))


def _also_pair(step: Step, equality: Equality) -> None:
    """A condition in WHERE belongs to the join that it makes one of, as with a comma between tables."""
    assert equality.plain is not None
    if equality.plain[0] == step.alias and equality.left[0] in step.before:
        step.pairs.append((equality.left, equality.plain))


def _tells_absence(joined: Joined, attribute: Attribute) -> bool:
    """Whether a column is null only where no row has matched."""
    step = next((each for each in joined.steps if each.alias == attribute[0]), None)
    return _filled(joined, attribute) or (
        step is not None and step.kind == "left join" and any(attribute in pair for pair in step.pairs)
    )
