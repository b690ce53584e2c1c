"""UNION, INTERSECT and EXCEPT: which keys they keep, and what stays repeated in them."""

from sqlglot import exp

from jusante.transformation.row_growth.conditions import bare
from jusante.transformation.row_growth.dependencies import ROW, Attribute, part
from jusante.transformation.row_growth.relation import Blame, Key, Relation, smallest


def combined(operation: exp.SetOperation, left: Relation, right: Relation, name: str) -> Relation:
    """The rows of a set operation. Columns bear the names of the left side and are matched by place."""
    names = tuple(left.owners)
    pairs = _paired(operation, left, right)
    every: Key = frozenset(names)
    is_union = isinstance(operation, exp.Union)
    if not is_union:
        more = [every] if operation.args.get("distinct") and not left.is_open else []
        return _with(left, name, smallest([*left.keys, *more]))
    keys = [every] if operation.args.get("distinct") and not left.is_open else []
    if not operation.args.get("distinct"):
        keys += _by_constant(operation, left, right, pairs)
    owners, blames = _still_repeated(left, right, pairs)
    filled = frozenset(one for one, other in pairs.items() if one in left.filled and other in right.filled)
    types = {one: left.types[one] for one, other in pairs.items() if left.types.get(one, "") == right.types.get(other)}
    return Relation(
        name, owners, smallest(keys), blames, filled=filled, types=types, is_open=left.is_open or right.is_open
    )


def _with(relation: Relation, name: str, keys: tuple[Key, ...]) -> Relation:
    return Relation(
        name,
        relation.owners,
        keys,
        relation.blames,
        relation.rules,
        relation.filled,
        relation.types,
        relation.averages,
        relation.is_open,
    )


def _paired(operation: exp.SetOperation, left: Relation, right: Relation) -> dict[str, str]:
    """The column on the right that stands where each column on the left does."""
    if operation.args.get("by_name"):
        return {name: name for name in left.owners}
    return dict(zip(left.owners, right.owners, strict=False))


def _by_constant(operation: exp.SetOperation, left: Relation, right: Relation, pairs: dict[str, str]) -> list[Key]:
    """Two sides that say which is which, by another constant in the same column, keep their keys with it."""
    ours, theirs = _constants(operation.this), _constants(operation.expression)
    back = {other: one for one, other in pairs.items()}
    telling = [one for one, other in pairs.items() if one in ours and other in theirs and not ours[one] & theirs[other]]
    seen = [key for key in right.keys if all(name in back for name in key)]
    return [
        frozenset({one, *key, *(back[name] for name in other)})
        for one in telling
        for key in left.keys
        for other in seen
    ]


def _constants(node: exp.Expr) -> dict[str, set[str]]:
    """The columns of a side that hold nothing but written texts and numbers, with these."""
    node = bare(node)
    while isinstance(node, exp.Subquery):
        node = bare(node.this)
    if isinstance(node, exp.Union):
        left, right = _constants(node.this), _constants(node.expression)
        return {
            one: left[one] | right[other]
            for one, other in zip(left, right, strict=False)
            if one == other or len(left) == len(right)
        }
    if not isinstance(node, exp.Select):
        return {}
    return {
        each.alias_or_name.lower(): {bare(each).sql()}
        for each in node.expressions
        if isinstance(bare(each), exp.Literal) and each.alias_or_name
    }


def _still_repeated(
    left: Relation, right: Relation, pairs: dict[str, str]
) -> tuple[dict[str, Attribute], dict[Attribute, Blame]]:
    """A column that one side repeats is repeated in both together."""
    owners: dict[str, Attribute] = dict.fromkeys(left.owners, ROW)
    blames: dict[Attribute, Blame] = {}
    for one, other in pairs.items():
        mine, theirs = left.owner(one), right.owner(other)
        blame = left.blames.get(mine) or right.blames.get(theirs)
        if blame:
            owners[one] = part(f"{mine[-1]}|{theirs[-1]}")
            blames[owners[one]] = blame
    return owners, blames
