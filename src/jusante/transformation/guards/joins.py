"""J163, J169, J170: joins that do not do what they seem to."""

from collections.abc import Iterator

from sqlglot import exp

from jusante.transformation.guards.subject import Found, Subject
from jusante.transformation.row_growth.blame import shown
from jusante.transformation.row_growth.conditions import alike, bare, conjuncts, first_line, rejecting
from jusante.transformation.row_growth.joined import Joined, Step
from jusante.transformation.row_growth.query import Seen


def cross_join(subject: Subject) -> Iterator[Found]:
    """Two tables side by side with nothing between them, not even by way of a third."""
    for seen in subject.analysis.seen:
        together = _together(seen)
        for step in seen.joined.steps:
            explicit = _is_explicit(seen.select, step)
            if not step.adds or step.pairs or (explicit and subject.asset.grain):
                continue
            if together[step.alias] & set(step.before) or _is_small(seen, step):
                continue
            name = shown(step.alias, seen.joined.relations[step.alias])
            yield Found(
                "J163",
                f"nothing joins {name} to {', '.join(step.before)}: each row meets each row",
                step.line,
                f"write on which columns {step.alias} is joined",
            )


def _together(seen: Seen) -> dict[str, set[str]]:
    """By alias, the sources that some condition holds together with it, by way of others too."""
    found = {alias: {alias} for alias in seen.joined.relations}
    where = seen.select.args.get("where")
    conditions = [step.on for step in seen.joined.steps] + [where.this if where is not None else None]
    for condition in (each for one in conditions for each in conjuncts(one)):
        named = {node.table for node in condition.find_all(exp.Column)} & set(found)
        whole = set().union(*(found[alias] for alias in named)) if named else set()
        for alias in whole:
            found[alias] = whole
    return found


def _is_explicit(select: exp.Select, step: Step) -> bool:
    return any(
        join.this.alias_or_name == step.alias and str(join.args.get("kind") or "").upper() == "CROSS"
        for join in select.args.get("joins") or ()
    )


def _is_small(seen: Seen, step: Step) -> bool:
    """Whether one side has one row at the most, or is written in the query itself."""
    relations = [seen.joined.relations[alias] for alias in (step.alias, *step.before)]
    single = [frozenset() in relation.keys for relation in relations]
    source = next(
        (join.this for join in seen.select.args.get("joins") or () if join.this.alias_or_name == step.alias), None
    )
    made_up = source is None or not isinstance(source, exp.Table | exp.Subquery) or isinstance(source.this, exp.Func)
    return single[0] or all(single[1:]) or made_up


def join_types(subject: Subject) -> Iterator[Found]:
    """Text against number, whole numbers against floating ones: each value is converted, and keys are none any more."""
    for seen in subject.analysis.seen:
        for step in seen.joined.steps:
            for condition in conjuncts(step.on):
                if isinstance(condition, exp.EQ) and (told := _differing(seen.joined, condition)):
                    yield Found(
                        "J169", told, first_line(condition) if step.on else step.line, "cast one of them on arrival"
                    )


def _differing(joined: Joined, condition: exp.EQ) -> str:
    sides = [bare(condition.this), bare(condition.expression)]
    attributes = [joined.attribute(side) for side in sides]
    types = [joined.type_of(each) if each else None for each in attributes]
    if None in types or alike(*types):
        return ""
    return f"{sides[0].sql('duckdb')} is {types[0]} and {sides[1].sql('duckdb')} is {types[1]}"


def undone_left_join(subject: Subject) -> Iterator[Found]:
    """A left join whose missing rows a filter throws away."""
    for seen in subject.analysis.seen:
        where = seen.select.args.get("where")
        left = {step.alias: step for step in seen.joined.steps if step.kind == "left join"}
        told: set[str] = set()
        for condition in conjuncts(where.this if where is not None and left else None):
            for attribute in rejecting(condition, seen.joined.attribute):
                alias = attribute[0]
                if alias in left and alias not in told:
                    told.add(alias)
                    name = shown(alias, seen.joined.relations[alias])
                    yield Found(
                        "J170",
                        f"the filter {condition.sql('duckdb')} undoes the left join of {name}",
                        left[alias].line,
                        "move it into the ON of the join, or write join",
                    )
