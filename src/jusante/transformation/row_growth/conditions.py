"""The conditions of joins and filters: which columns they make equal, and which rows they cannot be true for."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from jusante.transformation.row_growth.dependencies import Attribute

AttributeOf = Callable[[exp.Expr], Attribute | None]
"""The attribute of a plain column of a source here; None for all else."""

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike, exp.Between, exp.In)
_NULL_SAFE = (exp.Coalesce, exp.Case, exp.If, exp.Is, exp.Or, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Anonymous, exp.Query)
_VOLATILE = (exp.Rand, exp.Randn, exp.Uuid)
_FAMILIES = {
    "string": "text",
    "boolean": "truth",
    "int": "exact",
    "long": "exact",
    "float": "float",
    "double": "float",
    "date": "time",
    "timestamp": "time",
    "timestamptz": "time",
    "uuid": "uuid",
}


@dataclass(frozen=True, slots=True)
class Equality:
    """A column that equals an expression: `others` are the attributes in the expression, `plain` itself one column."""

    left: Attribute
    others: frozenset[Attribute]
    plain: Attribute | None
    is_null_safe: bool = False


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """The parts that must all hold."""
    waiting = [condition] if condition is not None else []
    while waiting:
        each = bare(waiting.pop())
        if isinstance(each, exp.And):
            waiting += [each.expression, each.this]
        elif isinstance(each, exp.Or):
            yield each
            yield from _in_all_branches(each)
        else:
            yield each


def _in_all_branches(condition: exp.Or) -> list[exp.Expr]:
    """What holds whichever branch does: `(a and b) or (a and c)` says a."""
    branches = [{part.sql(): part for part in conjuncts(branch)} for branch in condition.flatten()]
    common = set(branches[0]).intersection(*branches[1:])
    return [part for text, part in branches[0].items() if text in common]


def bare(node: exp.Expr) -> exp.Expr:
    """An expression without the parentheses and the alias around it."""
    while isinstance(node, exp.Paren | exp.Alias):
        node = node.this
    return node


def equalities(
    condition: exp.Expr | None, attribute: AttributeOf, inside: Callable[[exp.Expr], set[Attribute] | None]
) -> Iterator[Equality]:
    """What a condition makes equal, each way round. `inside` are the columns of an expression, None where it has others."""
    for each in conjuncts(condition):
        for left, right in _pairs(each):
            null_safe = isinstance(each, exp.NullSafeEQ)
            for one, other in ((left, right), (right, left)):
                here = attribute(bare(one))
                used = inside(other)
                if here is not None and used is not None and here not in used and not other.find(*_VOLATILE):
                    yield Equality(here, frozenset(used), attribute(bare(other)), null_safe)


def _pairs(condition: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    if isinstance(condition, exp.In):
        listed = condition.expressions
        if len(listed) == 1 and not condition.args.get("query"):
            yield condition.this, listed[0]
    elif isinstance(condition, exp.EQ | exp.NullSafeEQ):
        left, right = bare(condition.this), bare(condition.expression)
        if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
            yield from zip(left.expressions, right.expressions, strict=False)
        else:
            yield left, right


def alike(one: str | None, other: str | None) -> bool:
    """Whether equal values of two types are the same value: '1' and '01' both equal the number 1. Unknown types are."""
    if one is None or other is None:
        return True
    families = {_FAMILIES.get(each, "exact" if each.startswith("decimal") else each) for each in (one, other)}
    return len(families) == 1


def rejecting(condition: exp.Expr, attribute: AttributeOf) -> Iterator[Attribute]:
    """The columns for whose null a condition is never true."""
    if isinstance(condition, exp.Not) and isinstance(bare(condition.this), exp.Is):
        inner = bare(condition.this)
        if isinstance(inner.expression, exp.Null) and (found := attribute(bare(inner.this))):
            yield found
        return
    if isinstance(condition, exp.Not):
        condition = bare(condition.this)
    if isinstance(condition, _COMPARISONS):
        for node in condition.find_all(exp.Column):
            found = attribute(node)
            if found and not _guarded(node, condition):
                yield found


def _guarded(node: exp.Expr, top: exp.Expr) -> bool:
    """Whether a null of this column may be turned into something else on the way up."""
    each = node.parent
    while each is not None and each is not top:
        if isinstance(each, _NULL_SAFE):
            return True
        each = each.parent
    return False


def nulls(condition: exp.Expr, attribute: AttributeOf) -> Attribute | None:
    """The column that a condition wants to be null."""
    if isinstance(condition, exp.Is) and isinstance(condition.expression, exp.Null):
        return attribute(bare(condition.this))
    return None


def first_line(node: exp.Expr) -> int:
    """The line of the first name in a piece of a query, counted from 1."""
    lines = [each.meta["line"] for each in node.find_all(exp.Identifier) if "line" in each.meta]
    return min(lines, default=1)


def shown(names: Iterable[str]) -> str:
    """Columns for people: `[order_id, line]`."""
    return f"[{', '.join(sorted(names))}]"
