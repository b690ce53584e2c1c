"""Which join repeats rows, and what is known of its two sides."""

from collections.abc import Iterable

from sqlglot import exp

from jusante.transformation.row_growth.dependencies import ROW, Attribute, of
from jusante.transformation.row_growth.joined import Joined, Step
from jusante.transformation.row_growth.relation import Blame, Relation


def blame(joined: Joined, owners: Iterable[Attribute], missing: set[Attribute], found: set[Attribute]) -> Blame | None:
    """The join by which rows of `owners` are repeated, once for each row of `missing`; `found` is what they determine.

    Where the rows are whole in their source's own eyes and repeated by that source, it is the join that did so there.
    """
    owned = tuple(sorted(owners))
    inner = [joined.relations[each[0]].blames.get(each[1:]) for each in owned if each[0] in joined.relations]
    own = {of(each[0], ROW) for each in owned}
    if own & missing and (told := next((each for each in inner if each), None)):
        return told
    root = _root(joined, missing, {each[0] for each in owned})
    if root is None:
        return None
    if root in joined.generators:
        return _by_unnest(joined, owned)
    return _told(joined, owned, root, found)


def _root(joined: Joined, missing: set[Attribute], owned: set[str]) -> Attribute | None:
    """A source that is repeated for no other one's sake, the nearest to what is aggregated."""
    near = {end[0] for step in joined.steps for pair in step.pairs for end in pair if {e[0] for e in pair} & owned}
    order = list(joined.relations)

    def place(each: Attribute) -> tuple[bool, bool, int]:
        return each in joined.generators, each[0] not in near, order.index(each[0]) if each[0] in order else 0

    ordered = sorted(missing, key=place)
    for each in ordered:
        if not any(each in joined.determined([other]) and other not in joined.determined([each]) for other in missing):
            return each
    return ordered[0] if ordered else None


def _by_unnest(joined: Joined, owned: tuple[Attribute, ...]) -> Blame:
    alias = owned[0][0] if owned else next(iter(joined.relations))
    relation = joined.relations[alias]
    return Blame(shown(alias, relation), "the elements that unnest gives", "unnest", "", 1, relation.keys)


def _told(joined: Joined, owned: tuple[Attribute, ...], root: Attribute, found: set[Attribute]) -> Blame | None:
    whole = {alias for alias in joined.relations if of(alias, ROW) in found} | {each[0] for each in owned}
    by = root[0]
    step = _step(joined, by, whole, {each[0] for each in owned})
    if step is None:
        return None
    near = _near(joined, step, by, whole, owned)
    repeated, other = joined.relations[near], joined.relations[by]
    on = tuple(dict.fromkeys(_on(step, near, by)))
    return Blame(
        repeated=shown(near, repeated),
        by=shown(by, other),
        kind="join" if step.kind == "cross join" and step.pairs else step.kind,
        condition=_condition(step, near, by),
        line=step.line,
        repeated_keys=repeated.keys,
        by_keys=other.keys,
        on=on,
        repeated_alias=near,
        by_alias=by,
        repeated_table=repeated.table,
        by_table=other.table,
        is_plain=step.kind in {"join", "left join"} and step.alias == by,
    )


def _step(joined: Joined, by: str, whole: set[str], owned: set[str]) -> Step | None:
    """The join whose condition holds `by` to what is determined; else the one that brings the later of the two."""
    steps = [step for step in joined.steps if step.adds]
    for near in (owned, whole):
        for step in steps:
            ends = {frozenset((left[0], right[0])) for left, right in step.pairs}
            if any(by in end and end & near for end in ends):
                return step
    for step in steps:
        if (step.alias == by and whole & set(step.before)) or (step.alias in whole and by in step.before):
            return step
    return steps[0] if steps else None


def _near(joined: Joined, step: Step, by: str, whole: set[str], owned: tuple[Attribute, ...]) -> str:
    """The side whose rows are repeated: what the condition holds to `by`, else what is aggregated."""
    pairs = [pair for left, right in step.pairs for pair in ((left, right), (right, left))]
    mine = {each[0] for each in owned}
    for near in (mine, whole):
        for one, other in pairs:
            if one[0] == by and other[0] in near:
                return other[0]
    if owned:
        return owned[0][0]
    return next(alias for alias in joined.relations if alias != by)


def _on(step: Step, near: str, by: str) -> Iterable[tuple[str, str]]:
    for left, right in step.pairs:
        if (left[0], right[0]) == (near, by):
            yield left[-1], right[-1]
        elif (left[0], right[0]) == (by, near):
            yield right[-1], left[-1]


def _condition(step: Step, near: str, by: str) -> str:
    if step.on is not None and not (isinstance(step.on, exp.Boolean)):
        return step.on.sql("duckdb", comments=False)
    return " AND ".join(f"{near}.{one} = {by}.{other}" for one, other in dict.fromkeys(_on(step, near, by)))


def shown(alias: str, relation: Relation) -> str:
    """A source for people: `sales.orders as o`, `spent as s`, or the alias alone."""
    name = relation.table or relation.name
    if not name or name.rpartition(".")[2] == alias:
        return name or alias
    return f"{name} as {alias}"
