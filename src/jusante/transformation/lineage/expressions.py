"""What an expression depends on: directly where the value flows into it, indirectly where it only decides."""

from collections.abc import Callable, Iterator
from typing import cast

from sqlglot import exp

from jusante.core.lineage import DIRECT, Edge, How
from jusante.transformation.lineage.found import Found, decided, followed, greater, masked

Resolve = Callable[[exp.Expr], set[Edge]]
"""The edges of a column, or of all columns of a table that is named in place of one."""
Inside = Callable[[exp.Expr], Found | None]
"""What is known of a query that stands inside of an expression."""

_PLAIN = (exp.Alias, exp.Paren)
_MASKING = (exp.Count, exp.CountIf, exp.ApproxDistinct, exp.MD5, exp.MD5Digest, exp.SHA, exp.SHA2, exp.Is)
_MASKING_NAMES = {"hash", "md5_number", "md5_number_lower", "md5_number_upper", "sha1", "sha256", "count_star"}
_QUERIES = (exp.Query, exp.Exists)


def edges_of(node: exp.Expr, how: How, resolve: Resolve, inside: Inside) -> set[Edge]:
    """All edges of an expression whose value is used in this way."""
    edges: set[Edge] = set()
    waiting: list[tuple[exp.Expr, How, bool]] = [(node, how, False)]
    while waiting:
        each, used, hidden = waiting.pop()
        if isinstance(each, exp.Column | exp.TableColumn | exp.Columns) or _is_whole_row(each):
            found = followed(used, resolve(each))
            edges |= masked(found) if hidden else found
        elif isinstance(each, _QUERIES):
            found = _of_query(each, used, inside)
            edges |= masked(found) if hidden else found
        else:
            hides = hidden or masks(each)
            waiting += [(part, use, hides) for part, use in _parts(each, used)]
    return edges


def _is_whole_row(node: exp.Expr) -> bool:
    """A `*` that a function is given; `count(*)` counts rows, and looks into none."""
    return isinstance(node, exp.Star) and isinstance(node.parent, exp.Func) and not isinstance(node.parent, exp.Count)


def masks(node: exp.Expr) -> bool:
    """Whether a function's result does not show what it was given: counts, hashes, and whether there is a value."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in _MASKING_NAMES
    return isinstance(node, _MASKING)


def _of_query(node: exp.Expr, how: How, inside: Inside) -> set[Edge]:
    """A subquery: its column flows in, its rows decide. Of EXISTS only whether there is a row counts."""
    query = node.this if isinstance(node, exp.Exists) else node
    found = inside(query)
    if found is None:
        return set()
    if isinstance(node, exp.Exists):
        return decided(how, found.rows)
    used = greater(how, "transformation") if how in DIRECT else how
    return followed(used, found.whole) | decided(how, found.rows)


def _parts(node: exp.Expr, how: How) -> Iterator[tuple[exp.Expr, How]]:
    """The parts of an expression, each with how it is used."""
    if isinstance(node, _PLAIN):
        yield cast("exp.Expr", node.this), how
        return
    inner = greater(how, "aggregation" if isinstance(node, exp.AggFunc) else "transformation") if how in DIRECT else how
    deciding: How = "condition" if how in DIRECT else how
    for name, value in node.args.items():
        use = _use(node, name, inner, deciding)
        for part in value if isinstance(value, list) else (value,):
            if isinstance(part, exp.Expr):
                yield part, use


def _use(node: exp.Expr, name: str, inner: How, deciding: How) -> How:
    match node:
        case exp.Case() if name == "this":
            return deciding
        case exp.If() if name == "this":
            return deciding
        case exp.Filter() if name == "expression":
            return deciding
        case exp.Window() if name in {"partition_by", "order", "spec", "over", "alias"}:
            return "window" if inner in DIRECT else inner
        case exp.Order() if name == "expressions":
            return "sort" if inner in DIRECT else inner
        case exp.WithinGroup() if name == "expression":
            return "sort" if inner in DIRECT else inner
    return inner
