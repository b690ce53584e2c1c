"""What a query does, in plain English: a short sentence for each step."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from jusante.transformation.row_growth.blame import shown
from jusante.transformation.row_growth.conditions import bare
from jusante.transformation.row_growth.joined import Joined, Step
from jusante.transformation.row_growth.measures import is_aggregate
from jusante.transformation.row_growth.query import Analysis, Seen
from jusante.transformation.row_growth.select import groups_of, has_subtotals

_KINDS = {
    "join": "Joins",
    "left join": "Joins, where there is one,",
    "right join": "Joins, keeping all of it,",
    "full join": "Joins, keeping all of both,",
    "cross join": "Combines each row with each row of",
    "semi join": "Keeps rows that have a match in",
    "anti join": "Keeps rows that have no match in",
    "asof join": "Joins the nearest row of",
    "asof left join": "Joins, where there is one, the nearest row of",
    "positional join": "Puts beside each row the row at the same place of",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One SELECT of a query by its name (`spent`, `the result`), and what it does."""

    name: str
    sentences: tuple[str, ...]


def parts_of(analysis: Analysis, grain: tuple[str, ...] = ()) -> tuple[Part, ...]:
    """What a query does, SELECT by SELECT, the innermost first. `grain` is what is declared of the result."""
    parts = [Part(_name(analysis, seen), tuple(_sentences(seen, analysis))) for seen in analysis.seen]
    keys = analysis.relation.keys
    if parts and grain and not any(key <= {name.lower() for name in grain} for key in keys):
        tested = f"That there is one row for each {listed(grain)} is not proven; it is tested before it is published."
        parts[-1] = Part(parts[-1].name, (*parts[-1].sentences, tested))
    return tuple(parts)


def _name(analysis: Analysis, seen: Seen) -> str:
    if seen.select is analysis.tree:
        return "the result"
    cte = seen.select.find_ancestor(exp.CTE, exp.Subquery, exp.Exists, exp.In)
    union = isinstance(seen.select.parent, exp.SetOperation)
    if isinstance(cte, exp.CTE | exp.Subquery) and cte.alias and not cte.alias.startswith("_"):
        return f"{cte.alias}, a part of it" if union else str(cte.alias)
    return "a part of the result" if union else "a query inside"


def _sentences(seen: Seen, analysis: Analysis) -> Iterator[str]:
    select, joined = seen.select, seen.joined
    yield from _reading(joined)
    for step in joined.steps:
        yield _joining(joined, step)
    for name, verb in (
        ("where", "Keeps rows where"),
        ("having", "Keeps groups where"),
        ("qualify", "Keeps rows where"),
    ):
        if name == "where" and select.args.get(name) is not None:
            yield f"{verb} {text(select.args[name].this, joined)}."
    yield from _computing(select, joined)
    for name, verb in (("having", "Keeps groups where"), ("qualify", "Keeps rows where")):
        if select.args.get(name) is not None:
            yield f"{verb} {text(select.args[name].this, joined)}."
    if select.args.get("distinct") is not None and select.args["distinct"].args.get("on") is None:
        yield "Leaves out rows that come twice."
    if order := select.args.get("order"):
        yield f"Sorts by {listed(text(each, joined) for each in order.expressions)}."
    if limit := select.args.get("limit"):
        yield f"Keeps the first {limit.expression.sql('duckdb') if limit.expression else ''}.".replace(" .", ".")
    if select is analysis.tree:
        yield from _giving(analysis)


def _reading(joined: Joined) -> Iterator[str]:
    first = next(iter(joined.relations), None)
    if first is None:
        yield "Reads nothing."
        return
    yield f"Reads {shown(first, joined.relations[first])}."


def _joining(joined: Joined, step: Step) -> str:
    verb = _KINDS.get("join" if step.kind == "cross join" and step.pairs else step.kind, "Joins")
    relation = joined.relations.get(step.alias)
    name = shown(step.alias, relation) if relation is not None else step.alias
    on = f" on {_condition(joined, step)}" if step.on is not None or step.pairs else ""
    return f"{verb} {name}{on}{_growth(joined, step)}."


def _condition(joined: Joined, step: Step) -> str:
    """The columns that are equal, by their one name where both sides have the same."""
    if step.on is not None and isinstance(step.on, exp.Boolean):
        return "nothing"
    names = [left[-1] for left, right in step.pairs if left[-1] == right[-1]]
    plain = len(names) == len(step.pairs) and (
        step.on is None
        or len(list(step.on.find_all(exp.EQ))) == len(names) == len(list(step.on.find_all(exp.Binary))) - _ands(step.on)
    )
    if plain and names:
        return listed(dict.fromkeys(names))
    if step.on is not None:
        return text(step.on, joined)
    return " and ".join(f"{left[0]}.{left[-1]} = {right[0]}.{right[-1]}" for left, right in step.pairs)


def _ands(node: exp.Expr) -> int:
    return len(list(node.find_all(exp.And)))


def _growth(joined: Joined, step: Step) -> str:
    """What the join does to the number of rows."""
    if not step.adds or step.alias not in joined.relations:
        return ""
    before = step.before[0] if len(step.before) == 1 else "what is there"
    added = step.alias
    if step.keeps_before:
        return f": at the most one for each row of {before}" if not step.keeps_added else ": one to one"
    if step.keeps_added:
        return f": a row of {before} comes once for each of {added}"
    sides = [each for each in (joined.relations[step.alias],) if not each.keys]
    if sides:
        return f": no key of {added} is known, so rows may be repeated"
    return ": many to many" if step.pairs else ""


def _computing(select: exp.Select, joined: Joined) -> Iterator[str]:
    groups = groups_of(select)
    named = [(each.alias_or_name, bare(each)) for each in select.expressions]
    if groups is not None:
        how = " and their subtotals" if has_subtotals(select) else ""
        yield (
            f"Makes one row for each {listed(text(g, joined) for g in groups)}{how}."
            if groups
            else "Makes one row of all."
        )
    plain = [name for name, node in named if isinstance(node, exp.Column) and node.name == name]
    renamed = [(name, node) for name, node in named if not (isinstance(node, exp.Column) and node.name == name)]
    stars = [each for each in select.expressions if each.is_star]
    if stars:
        yield "Passes on all columns."
    elif plain and groups is None:
        yield f"Passes on {listed(plain)}."
    for name, node in renamed:
        if not node.is_star and not (groups and not is_aggregate(node) and isinstance(node, exp.Column)):
            verb = "Renames" if isinstance(node, exp.Column) else "Computes"
            value = text(node, joined)
            yield f"{verb} {value} to {name}." if verb == "Renames" else f"Computes {name} = {value}."


def _giving(analysis: Analysis) -> Iterator[str]:
    keys = analysis.relation.keys
    if any(not key for key in keys):
        yield "Gives one row at the most."
    elif keys:
        yield f"Gives one row for each {' or '.join(listed(sorted(key)) for key in keys[:3])}: that is proven."


def text(node: exp.Expr, joined: Joined) -> str:
    """An expression as a person would write it: without the table where there is only one."""
    shorter = node.copy()
    if len(joined.relations) == 1:
        for column in list(shorter.find_all(exp.Column)):
            if column.table in joined.relations:
                column.set("table", None)
    return " ".join(shorter.sql("duckdb", normalize_functions="lower", comments=False).split())


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: `a, b and c`."""
    each = list(names)
    return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} and {each[-1]}" if each else "nothing"
