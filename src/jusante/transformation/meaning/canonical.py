"""Expressions that mean the same, written the same: order of factors, spelling of conditions, sums of sums."""

from collections.abc import Callable, Iterator
from typing import cast

from sqlglot import exp
from sqlglot.optimizer.simplify import simplify

from jusante.transformation.sql_analysis import DIALECT

_COMMUTATIVE = (exp.Add, exp.Mul, exp.And, exp.Or)
_SYMMETRIC = (exp.EQ, exp.NEQ)
_MIRRORED: dict[type[exp.Expr], type[exp.Expr]] = {exp.GT: exp.LT, exp.GTE: exp.LTE}
_OF_ITSELF = ((exp.Sum, exp.Sum), (exp.Min, exp.Min), (exp.Max, exp.Max), (exp.Sum, exp.Count), (exp.Sum, exp.CountIf))
"""An aggregate of an aggregate that is the inner one over all rows."""
_NUMBERS = {"DOUBLE", "FLOAT", "DECIMAL", "BIGINT", "INT", "HUGEINT"}


def canonical(expression: exp.Expr, root: Callable[[str], str]) -> exp.Expr:
    """An expression in the one form of all that mean the same. `root` gives the name under which a column goes."""

    def named(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.table:
            return exp.to_column(root(node.sql(DIALECT)), dialect=DIALECT)
        return node

    tree = expression.copy().transform(named, copy=False)
    before = ""
    for _ in range(8):  # each rule may make room for another; few rounds suffice
        tree = simplify(_bottom_up(tree), dialect=DIALECT)
        text = tree.sql(DIALECT)
        if text == before:
            break
        before = text
    return tree


def aggregates(expression: exp.Expr) -> bool:
    """Whether an expression is made of many rows."""
    return expression.find(exp.AggFunc) is not None


def conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of a condition that must all hold."""
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        yield from conjuncts(inner.this)
        yield from conjuncts(inner.expression)
    else:
        yield inner


def lifted(expression: exp.Expr) -> tuple[exp.Expr, list[exp.Expr]]:
    """An aggregate over some of its rows as the aggregate, and the conditions of these rows."""
    if isinstance(expression, exp.Filter):
        return expression.this, [expression.expression.this]
    return expression, []


def _bottom_up(tree: exp.Expr) -> exp.Expr:
    """The rules, applied to the parts before the whole."""
    for name, value in list(tree.args.items()):
        if isinstance(value, exp.Expr):
            tree.set(name, _bottom_up(value))
        elif isinstance(value, list):
            tree.set(name, [_bottom_up(each) if isinstance(each, exp.Expr) else each for each in value])
    for rule in (_bare, _without_default, _counted, _filtered, _flattened, _spelled, _ordered):
        tree = rule(tree)
    return tree


def _bare(node: exp.Expr) -> exp.Expr:
    """Parentheses, names, and casts from number to number change nothing that is meant."""
    while isinstance(node, exp.Paren | exp.Alias):
        node = node.this
    if isinstance(node, exp.Cast) and node.to.this.value in _NUMBERS and _is_number(node.this):
        return cast("exp.Expr", node.this)
    return node


def _is_number(node: exp.Expr) -> bool:
    """Whether a value is a number for certain: it was reckoned or counted."""
    return isinstance(node, exp.Binary | exp.AggFunc | exp.Neg | exp.Filter) and not isinstance(node, exp.Predicate)


def _without_default(node: exp.Expr) -> exp.Expr:
    """Nothing told as zero is still nothing; of columns that are the same thing, one is enough."""
    if not isinstance(node, exp.Coalesce):
        return node
    values = list(dict.fromkeys([node.this, *node.expressions]))
    if len(values) > 1 and aggregates(values[0]) and _is_zero(values[-1]):
        values.pop()
    return values[0] if len(values) == 1 else exp.Coalesce(this=values[0], expressions=values[1:])


def _is_zero(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and float(node.this) == 0


def _counted(node: exp.Expr) -> exp.Expr:
    """Counting rows is counting rows, whatever stands between the parentheses."""
    if isinstance(node, exp.CountIf):
        return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=node.this))
    if isinstance(node, exp.Count) and isinstance(node.this, exp.Literal):
        return exp.Count(this=exp.Star())
    return node


def _filtered(node: exp.Expr) -> exp.Expr:
    """`sum(case when c then x end)` is `sum(x) filter (where c)`; a sum may have zero for the rest."""
    if not isinstance(node, exp.Sum | exp.Count | exp.Avg | exp.Min | exp.Max):
        return node
    case = node.this
    if not isinstance(case, exp.Case) or case.this or len(case.args["ifs"]) != 1:
        return node
    rest = case.args.get("default")
    if rest is None or isinstance(rest, exp.Null) or (isinstance(node, exp.Sum) and _is_zero(rest)):
        branch = case.args["ifs"][0]
        value = branch.args["true"]
        if isinstance(node, exp.Sum) and isinstance(value, exp.Literal) and value.this == "1":
            whole: exp.Expr = exp.Count(this=exp.Star())
        elif isinstance(node, exp.Count) and isinstance(value, exp.Literal):
            whole = exp.Count(this=exp.Star())
        else:
            whole = type(node)(this=value)
        return exp.Filter(this=whole, expression=exp.Where(this=branch.this))
    return node


def _flattened(node: exp.Expr) -> exp.Expr:
    """A sum of sums is the sum."""
    if not isinstance(node, exp.AggFunc):
        return node
    inner: exp.Expr = node.this
    core = inner.this if isinstance(inner, exp.Filter) else inner
    for outer_kind, inner_kind in _OF_ITSELF:
        if isinstance(node, outer_kind) and isinstance(core, inner_kind) and not isinstance(core.this, exp.Distinct):
            return inner
    return node


def _spelled(node: exp.Expr) -> exp.Expr:
    """One spelling of each condition: `in` of one value is `=`, `a > b` is `b < a`."""
    if isinstance(node, exp.In) and len(node.expressions) == 1 and not node.args.get("query"):
        return exp.EQ(this=node.this, expression=node.expressions[0])
    if isinstance(node, exp.In) and node.expressions:
        node.set("expressions", sorted(node.expressions, key=_text))
        return node
    if isinstance(node, exp.Not) and isinstance(node.this, exp.EQ):
        return exp.NEQ(this=node.this.this, expression=node.this.expression)
    if isinstance(node, exp.Not) and isinstance(node.this, exp.NEQ):
        return exp.EQ(this=node.this.this, expression=node.this.expression)
    mirrored = _MIRRORED.get(type(node))
    if mirrored is not None:
        return mirrored(this=node.args["expression"], expression=node.this)
    return node


def _ordered(node: exp.Expr) -> exp.Expr:
    """The parts of what may be turned around, by their text."""
    if isinstance(node, exp.Anonymous) and node.name == "either":
        node.set("expressions", sorted(dict.fromkeys(node.expressions), key=_text))
        return node.expressions[0] if len(node.expressions) == 1 else node
    if isinstance(node, _SYMMETRIC):
        left, right = sorted(
            (node.this, node.expression), key=lambda side: (isinstance(side, exp.Literal), _text(side))
        )
        return type(node)(this=left, expression=right)
    kind = type(node)
    if not isinstance(node, _COMMUTATIVE):
        return node
    parts = sorted((_wrapped(part, kind) for part in _flat(node, kind)), key=_text)
    tree = parts[0]
    for part in parts[1:]:
        tree = kind(this=tree, expression=part)
    return tree


def _flat(node: exp.Expr, kind: type[exp.Expr]) -> Iterator[exp.Expr]:
    inner = node.unnest()
    if type(inner) is kind:
        yield from _flat(inner.this, kind)
        yield from _flat(inner.args["expression"], kind)
    else:
        yield inner


def _wrapped(part: exp.Expr, kind: type[exp.Expr]) -> exp.Expr:
    """A part with the parentheses that it needs to stand in a chain of this kind."""
    needs = isinstance(part, exp.Binary) and type(part) is not kind and not isinstance(part, exp.Predicate)
    return exp.paren(part, copy=False) if needs or isinstance(part, exp.Or) else part


def _text(node: exp.Expr) -> str:
    return node.sql(DIALECT)
