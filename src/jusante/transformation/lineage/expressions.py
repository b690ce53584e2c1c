"""What an expression depends on: directly where the value flows into it, indirectly where it only decides."""

from collections.abc import Callable, Iterator
from typing import cast

from sqlglot import exp

from jusante.core.form import Form, later
from jusante.core.lineage import DIRECT, Edge, How
from jusante.transformation.lineage.forms import form_of
from jusante.transformation.lineage.found import Found, decided, followed, formed, greater

Resolve = Callable[[exp.Expr], set[Edge]]
"""The edges of a column, or of all columns of a table that is named in place of one."""
Inside = Callable[[exp.Expr], Found | None]
"""What is known of a query that stands inside of an expression."""

_PLAIN = (exp.Alias, exp.Paren)
_QUERIES = (exp.Query, exp.Exists)


def edges_of(node: exp.Expr, how: How, resolve: Resolve, inside: Inside) -> set[Edge]:
    """All edges of an expression whose value is used in this way."""
    edges: set[Edge] = set()
    waiting: list[tuple[exp.Expr, How, Form]] = [(node, how, "whole")]
    while waiting:
        each, used, form = waiting.pop()
        if isinstance(each, exp.Column | exp.TableColumn | exp.Columns) or _is_whole_row(each):
            edges |= formed(form, followed(used, resolve(each)))
        elif isinstance(each, _QUERIES):
            edges |= formed(form, _of_query(each, used, inside))
        else:
            left = later(form, form_of(each))
            waiting += [(part, use, left) for part, use in _parts(each, used)]
    return edges


def _is_whole_row(node: exp.Expr) -> bool:
    """A `*` that a function is given; `count(*)` counts rows, and looks into none."""
    return isinstance(node, exp.Star) and isinstance(node.parent, exp.Func) and not isinstance(node.parent, exp.Count)


def _of_query(node: exp.Expr, how: How, inside: Inside) -> set[Edge]:
    """A subquery: its column flows in, its rows decide. Of EXISTS only whether there is a row counts."""
    query = node.this if isinstance(node, exp.Exists) else node
    found = inside(query)
    if found is None:
        return set()
    if isinstance(node, exp.Exists):
        return decided(how, found.rows)
    used = greater(how, "transformation") if how in DIRECT else how
    values = followed(used, found.whole)
    return (_of_one_row(values) if found.rows else values) | decided(how, found.rows)


def _of_one_row(edges: set[Edge]) -> set[Edge]:
    """A sum over some rows only may be over one: of this very row's person, where the query is asked for each."""
    return {Edge(edge.origin, edge.how) if edge.form == "aggregate" else edge for edge in edges}


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
