"""The rows that a SELECT gives, as a relation for whoever reads them: their keys, and what they still repeat."""

import itertools
from collections.abc import Iterable, Mapping

from sqlglot import exp

from jusante.transformation.row_growth.blame import blame
from jusante.transformation.row_growth.conditions import bare
from jusante.transformation.row_growth.dependencies import HERE, ROW, Attribute, Rule, column, of, part
from jusante.transformation.row_growth.joined import Joined
from jusante.transformation.row_growth.measures import is_aggregate
from jusante.transformation.row_growth.relation import Blame, Key, Relation, smallest
from jusante.transformation.row_growth.select import groups_of, has_subtotals, numbered

MOST_TRIED = 64
"""How many combinations of keys, and how many columns of a wide relation, are tried."""


def given(select: exp.Select, joined: Joined, name: str) -> Relation:
    """The relation that a SELECT gives."""
    projections = _projections(select, joined)
    groups = groups_of(select)
    distinct = select.args.get("distinct")
    if groups is None and distinct is not None and distinct.args.get("on") is None:
        groups = tuple(projections.values())
    made = _plain(joined, projections) if groups is None else _grouped(select, joined, projections, groups)
    keys = [*made[1], *_more_keys(select, joined, projections, is_grouped=groups is not None)]
    plain = {out: attribute for out, node in projections.items() if (attribute := joined.attribute(node))}
    return Relation(
        name=name,
        owners=made[0],
        keys=smallest(keys),
        blames=made[2],
        rules=made[3],
        filled=frozenset(out for out, each in plain.items() if _is_filled(joined, each)),
        types={out: kind for out, each in plain.items() if (kind := joined.type_of(each))},
        averages=frozenset(out for out, node in projections.items() if _is_average(node, joined)),
        is_open=any(each.is_star for each in select.expressions)
        and any(relation.is_open for relation in joined.relations.values()),
    )


_Made = tuple[dict[str, Attribute], list[Key], dict[Attribute, Blame], tuple[Rule, ...]]


def _projections(select: exp.Select, joined: Joined) -> dict[str, exp.Expr]:
    """What is given, by name; a star that could not be spread out gives the columns that are known."""
    found: dict[str, exp.Expr] = {}
    for number, each in enumerate(select.expressions):
        if each.is_star:
            table = each.table if isinstance(each, exp.Column) else ""
            for alias, relation in joined.relations.items():
                if not table or alias.lower() == table.lower():
                    for name in relation.owners:
                        found.setdefault(name, exp.column(name, table=alias))
        else:
            found.setdefault((each.alias_or_name or f"#{number + 1}").lower(), bare(each))
    return found


def _is_filled(joined: Joined, attribute: Attribute) -> bool:
    relation = joined.relations.get(attribute[0])
    return relation is not None and attribute[-1] in relation.filled and attribute[0] not in joined.nullable


def _is_average(node: exp.Expr, joined: Joined) -> bool:
    if isinstance(node, exp.Avg):
        return True
    if isinstance(node, exp.Round | exp.Cast | exp.Coalesce):
        return _is_average(bare(node.this), joined)
    attribute = joined.attribute(node)
    relation = joined.relations.get(attribute[0]) if attribute else None
    return attribute is not None and relation is not None and attribute[-1] in relation.averages


def _more_keys(
    select: exp.Select, joined: Joined, projections: Mapping[str, exp.Expr], *, is_grouped: bool
) -> Iterable[Key]:
    """Keys that do not come from the sources: one row at the most, a row number and what it counts within."""
    limit = select.args.get("limit")
    count = limit.args.get("expression") or limit.args.get("count") if limit is not None else None
    if isinstance(count, exp.Literal) and count.name == "1":
        yield frozenset()
    for out, node in projections.items():
        if isinstance(node, exp.Window) and isinstance(node.this, exp.RowNumber):
            within = _within(node, joined, projections)
            if within is not None:
                yield within | {out}
    for window in numbered(select, select.args.get("qualify")) if is_grouped else ():
        within = _within(window, joined, projections)
        if within is not None:
            yield within


def _within(window: exp.Window, joined: Joined, projections: Mapping[str, exp.Expr]) -> Key | None:
    """The columns given that a window is partitioned by; None where one of them is not among these."""
    texts = {node.sql(): out for out, node in reversed(list(projections.items()))}
    plain = {attribute: out for out, node in projections.items() if (attribute := joined.attribute(node))}
    found = []
    for each in window.args.get("partition_by") or ():
        attribute = joined.attribute(bare(each))
        found.append(texts.get(bare(each).sql()) or (plain.get(attribute) if attribute else None))
    return frozenset(out for out in found if out) if all(found) else None


# -- rows as they are joined -----------------------------------------------------------------------------------------


def _plain(joined: Joined, projections: Mapping[str, exp.Expr]) -> _Made:
    owners: dict[str, Attribute] = {}
    parts: dict[Attribute, frozenset[Attribute]] = {}
    for out, node in projections.items():
        owners[out] = _owner(joined, joined.owners(node), parts)
    blames = {name: found for name, held in parts.items() if (found := _blamed(joined, held))}
    owners = {out: owner if owner in blames else ROW for out, owner in owners.items()}
    visible = {out: attribute for out, node in projections.items() if (attribute := joined.attribute(node))}
    held = {name: parts[name] for name in blames}
    return owners, _keys(joined, visible), blames, (*_among(joined, held), *_to_parts(joined, visible, held))


def _owner(joined: Joined, owners: set[Attribute] | None, parts: dict[Attribute, frozenset[Attribute]]) -> Attribute:
    """Whose rows a column belongs to, as a part of what is given; ROW where each row has its own."""
    if not owners or not joined.missing(owners):
        return ROW
    least = set(owners)
    for each in sorted(owners):
        if len(least) > 1 and each in joined.determined(least - {each}):
            least.discard(each)
    name = part("+".join(".".join(each) for each in sorted(least)))
    parts[name] = frozenset(least)
    return name


def _blamed(joined: Joined, held: frozenset[Attribute]) -> Blame | None:
    found = joined.determined(held)
    return blame(joined, held, joined.rows - found, found)


def _among(joined: Joined, held: Mapping[Attribute, frozenset[Attribute]]) -> Iterable[Rule]:
    """Which parts determine others, and which of them together determine a row."""
    names = list(held)[:MOST_TRIED]
    for name in names:
        found = joined.determined(held[name])
        others = frozenset(other for other in names if other != name and held[other] <= found)
        if others:
            yield frozenset({name}), others
    together = [(one, other) for one, other in itertools.combinations(names, 2)][:MOST_TRIED]
    for pair in [*together, tuple(names)]:
        if len(pair) > 1 and not joined.missing(frozenset().union(*(held[each] for each in pair))):
            yield frozenset(pair), frozenset({ROW})


def _to_parts(
    joined: Joined, visible: Mapping[str, Attribute], held: Mapping[Attribute, frozenset[Attribute]]
) -> Iterable[Rule]:
    """The columns by which the rows of a part are known."""
    for name, attributes in held.items():
        if len(attributes) != 1:
            continue
        source, *rest = next(iter(attributes))
        if tuple(rest) != ROW:
            continue
        for key in joined.relations[source].keys:
            outs = _seen(joined, {of(source, column(each)) for each in key}, visible)
            if outs is not None:
                yield frozenset(column(out) for out in outs), frozenset({name})


def _keys(joined: Joined, visible: Mapping[str, Attribute]) -> list[Key]:
    found = []
    for attributes in itertools.islice(_candidates(joined), MOST_TRIED):
        outs = _seen(joined, attributes, visible)
        if outs is not None and _is_key(joined, outs, visible):
            found.append(_least(joined, outs, visible))
    if not found and len(visible) <= MOST_TRIED and _is_key(joined, set(visible), visible):
        found.append(_least(joined, set(visible), visible))
    return found


def _candidates(joined: Joined) -> Iterable[set[Attribute]]:
    """One key of each source out of those that determine all others."""
    sources = [alias for alias in joined.relations if joined.relations[alias].keys]
    if not joined.missing([]) or not joined.relations:
        yield set()
    singles = [alias for alias in sources if not joined.missing([of(alias, ROW)])]
    roots = set(joined.relations)
    for alias in reversed(list(joined.relations)):
        if len(roots) > 1 and of(alias, ROW) in joined.determined(of(each, ROW) for each in roots - {alias}):
            roots.discard(alias)
    for chosen in [*([alias] for alias in singles), sorted(roots)]:
        for keys in itertools.product(*(joined.relations[alias].keys for alias in chosen)):
            yield {of(alias, column(name)) for alias, key in zip(chosen, keys, strict=True) for name in key}


def _seen(joined: Joined, wanted: set[Attribute], visible: Mapping[str, Attribute]) -> set[str] | None:
    """The columns given that stand for some of the sources; None where one of these cannot be seen."""
    by_attribute = {attribute: out for out, attribute in reversed(list(visible.items()))}
    outs: set[str] = set()
    constant = joined.dependencies.closure(())
    for each in wanted:
        if each in constant:
            continue
        out = by_attribute.get(each) or next(
            (out for out, attribute in visible.items() if each in joined.dependencies.closure({attribute})), None
        )
        if out is None:
            return None
        outs.add(out)
    return outs


def _is_key(joined: Joined, outs: Iterable[str], visible: Mapping[str, Attribute]) -> bool:
    return joined.rows <= joined.dependencies.closure(visible[out] for out in outs)


def _least(joined: Joined, outs: set[str], visible: Mapping[str, Attribute]) -> Key:
    least = set(outs)
    for out in sorted(outs, key=lambda each: -list(visible).index(each)):
        if _is_key(joined, least - {out}, visible):
            least.discard(out)
    return frozenset(least)


# -- rows as they are grouped ----------------------------------------------------------------------------------------


def _grouped(
    select: exp.Select, joined: Joined, projections: Mapping[str, exp.Expr], groups: tuple[exp.Expr, ...]
) -> _Made:
    texts = {each.sql(): each for each in groups}
    outs = {
        out: texts[node.sql()] for out, node in projections.items() if node.sql() in texts and not is_aggregate(node)
    }
    attributes = {text: joined.attribute(node) for text, node in texts.items()}
    known = {each for each in attributes.values() if each is not None}
    fixed = joined.dependencies.closure(known)
    owners: dict[str, Attribute] = dict.fromkeys(projections, ROW)
    parts: dict[Attribute, frozenset[Attribute]] = {}
    for out, node in outs.items():
        held = joined.owners(node) or set()
        if held and held <= fixed and not _determines(joined, held, groups):
            name = part("+".join(".".join(each) for each in sorted(held)))
            parts[name] = frozenset(held)
            owners[out] = name
    blames = {name: found for name, each in parts.items() if (found := _blamed(joined, each))}
    owners = {out: owner if owner in blames else ROW for out, owner in owners.items()}
    keys = [] if has_subtotals(select) else _group_keys(joined, texts, outs, attributes)
    return owners, keys, blames, ()


def _determines(joined: Joined, held: set[Attribute], groups: tuple[exp.Expr, ...]) -> bool:
    """Whether rows lie in one group each, so that their values come once."""
    found = joined.determined(held)
    return all((inside := joined.inside(each)) is not None and inside <= found for each in groups)


def _group_keys(
    joined: Joined,
    texts: Mapping[str, exp.Expr],
    outs: Mapping[str, exp.Expr],
    attributes: Mapping[str, Attribute | None],
) -> list[Key]:
    """The columns given that are grouped by, the fewest that determine the others."""
    by_text = {node.sql(): out for out, node in reversed(list(outs.items()))}

    def fixes(chosen: Iterable[str]) -> bool:
        chosen = set(chosen)
        found = joined.dependencies.closure(each for text in chosen if (each := attributes[text]))
        return all(text in chosen or _is_fixed(joined, texts[text], found) for text in texts)

    least = set(by_text)
    if not fixes(least):
        return []
    for text in sorted(by_text, key=lambda each: -list(texts).index(each)):
        if fixes(least - {text}):
            least.discard(text)
    return [frozenset(by_text[text] for text in least)]


def _is_fixed(joined: Joined, node: exp.Expr, found: set[Attribute]) -> bool:
    inside = joined.inside(node)
    return inside is not None and inside <= found and not node.find(exp.Query, exp.Rand, exp.Uuid)


__all__ = ["HERE", "given"]
