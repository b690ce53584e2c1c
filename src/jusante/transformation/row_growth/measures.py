"""What an aggregate counts or adds up: whose rows, and whether another row more would change it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from jusante.transformation.row_growth.conditions import bare

ADDITIVE = (exp.Sum, exp.Count, exp.CountIf)
WEIGHTED = (
    exp.Avg,
    exp.Stddev,
    exp.StddevPop,
    exp.StddevSamp,
    exp.Variance,
    exp.VariancePop,
    exp.Median,
    exp.PercentileCont,
    exp.PercentileDisc,
    exp.Quantile,
    exp.ApproxQuantile,
)
_NAMED = {"kahan_sum": "sum", "fsum": "sum", "sumkahan": "sum", "favg": "average", "mean": "average", "product": "sum"}
_AGGREGATES = {*_NAMED, "sum_no_overflow", "histogram", "mode", "entropy", "kurtosis", "skewness", "arg_max_null"}


@dataclass(frozen=True, slots=True)
class Measure:
    """An aggregate that repeated rows would change.

    `of` are the expressions whose rows it counts or adds up; none for one that counts rows as such. `filters` are the
    conditions under which a row counts. `whole` says that it counts rows of a source, whatever part of it has the column.
    """

    node: exp.Expr
    of: tuple[exp.Expr, ...]
    filters: tuple[exp.Expr, ...]
    within: tuple[exp.Expr, ...] | None = None
    whole: bool = False

    @property
    def is_weighted(self) -> bool:
        """Whether repeated rows shift it rather than inflate it."""
        return isinstance(self.node, WEIGHTED) or _NAMED.get(_name(self.node)) == "average"

    @property
    def text(self) -> str:
        """The aggregate as it stands in the query, on one line."""
        return self.node.sql("duckdb", comments=False).replace("\n", " ")


def measures(parts: Iterable[exp.Expr]) -> Iterator[Measure]:
    """The aggregates in these expressions, those in nested queries left out: they have rows of their own."""
    for node in _near(parts):
        found = _measure(node)
        if found:
            yield found


def is_aggregate(node: exp.Expr) -> bool:
    """Whether an expression aggregates rows by itself, windows and nested queries left out."""
    return any(_aggregates(each) and not _in_window(each) for each in _near([node]))


def _near(parts: Iterable[exp.Expr]) -> Iterator[exp.Expr]:
    waiting = list(parts)
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting[:0] = [each for each in node.iter_expressions() if not isinstance(each, exp.Query)]


def _aggregates(node: exp.Expr) -> bool:
    return isinstance(node, exp.AggFunc) or _name(node) in _AGGREGATES


def _name(node: exp.Expr) -> str:
    return node.name.lower() if isinstance(node, exp.Anonymous) else ""


def _in_window(node: exp.Expr) -> bool:
    parent = node.parent
    while isinstance(parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls | exp.WithinGroup):
        parent = parent.parent
    return isinstance(parent, exp.Window) and parent.this is not None and node.find_ancestor(exp.Window) is parent


def _measure(node: exp.Expr) -> Measure | None:
    if not isinstance(node, (*ADDITIVE, *WEIGHTED)) and _name(node) not in _NAMED:
        return None
    value = node.expressions[0] if isinstance(node, exp.Anonymous) else node.this
    if isinstance(value, exp.Distinct):
        return None
    filters = tuple(_filters(node))
    window = node.find_ancestor(exp.Window) if _in_window(node) else None
    within = tuple(window.args.get("partition_by") or ()) if window else None
    if isinstance(node, exp.CountIf):
        return Measure(node, (), (*filters, value), within)
    values, conditions = _split(value)
    kept = tuple(each for each in values if each.find(exp.Column) or each.find(exp.Query))
    if isinstance(node, exp.Count):
        kept = kept if len(kept) == len(values) else ()
    return Measure(node, kept, (*filters, *conditions), within, whole=isinstance(node, exp.Count))


def _filters(node: exp.Expr) -> Iterator[exp.Expr]:
    parent = node.parent
    if isinstance(parent, exp.Filter):
        yield parent.expression.this


def _split(value: exp.Expr | None) -> tuple[tuple[exp.Expr, ...], tuple[exp.Expr, ...]]:
    """The terms that an expression adds up, and the condition under which it has a value at all, where there is one.

    A sum of `o.total + i.quantity` is a sum of each: repeated orders inflate it, whatever the lines do.
    """
    if value is None or isinstance(value, exp.Star):
        return (), ()
    value = _unwrapped(value)
    match value:
        case exp.Add() | exp.Sub():
            return (*_split(value.this)[0], *_split(value.expression)[0]), ()
        case exp.Case():
            branches = value.args.get("ifs") or []
            results = [*(branch.args["true"] for branch in branches), value.args.get("default")]
            conditions = [branch.this for branch in branches] if value.this is None else []
        case exp.If():
            results, conditions = [value.args.get("true"), value.args.get("false")], [value.this]
        case _:
            return (value,), ()
    told = [each for each in map(bare, (result for result in results if result is not None)) if not _is_nothing(each)]
    terms = tuple(term for each in told for term in _split(each)[0])
    return terms, tuple(conditions) if len(conditions) == len(told) == 1 else ()


def _unwrapped(value: exp.Expr) -> exp.Expr:
    """An expression without what changes its value only a little: casts, rounding, a number in place of null."""
    while True:
        value = bare(value)
        if isinstance(value, exp.Cast | exp.Round | exp.Neg) or (
            isinstance(value, exp.Coalesce) and all(isinstance(each, exp.Literal) for each in value.expressions)
        ):
            value = value.this
        else:
            return value


def _is_nothing(value: exp.Expr) -> bool:
    """Whether a branch adds nothing: null, or zero."""
    return isinstance(value, exp.Null) or (
        isinstance(value, exp.Literal) and not value.is_string and float(value.name) == 0
    )
